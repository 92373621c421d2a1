import Columnar
import Domain
import Operations

/// `marquee webhooks …`
enum WebhooksCommand {
    static let list: Command = Command(
        path: ["webhooks", "list"], summary: "List messages that wait, were delivered, or were given up, newest first.",
        options: listOptions,
        examples: [
            .init(line: "webhooks list --standing dead", meaning: "What was given up, and why."),
            .init(line: "webhooks list --format jsonl", meaning: "The same for programs, with the bodies."),
        ]
    ) { invocation in try await show(.webhooks, invocation) }

    /// Shows what is in the outbox of a kind.
    static func show(_ kind: Outbox.Kind, _ invocation: Invocation) async throws {
        let outbox = Outbox(try invocation.knownState())
        let wanted = invocation.optional(standing).flatMap(Outbox.Standing.init)
        let limit = try invocation.value(limit)
        let form = try invocation.value(Options.format)
        let messages = try await BlockingWork.run("outbox") { _ in try outbox.messages(wanted, of: kind, limit: limit) }
        guard form == .table else { return print(messages, as: form) }
        var table = TextTable([("ID", .left), ("TYPE", .left), ("STANDING", .left), ("TRIES", .right), ("WHY", .left)])
        for message in messages {
            table.add(
                [
                    String(message.id.prefix(8)), message.type, message.state.rawValue, "\(message.attempts)",
                    message.reason ?? "",
                ])
        }
        StandardOutput.write(table.text)
    }

    static let retry: Command = Command(
        path: ["webhooks", "retry"], summary: "Let messages that were given up be tried again.",
        details: "A running 'train', 'serve' or 'deliver' with the same --state and --webhook sends them.",
        arguments: [
            .init(name: "ID", summary: "The message, or the beginning of its id; all by default.", isOptional: true)
        ],
        options: [Options.stateFolder.spec],
        examples: [.init(line: "webhooks retry", meaning: "All that were given up.")]
    ) { invocation in
        let count = try await revive(.webhooks, invocation)
        StandardOutput.write(
            line: count == 0
                ? "no message was given up: there is nothing to try again"
                : "\(Figure.count(count)) \(count == 1 ? "message is" : "messages are") tried again")
    }

    /// Lets what was given up, or the one that the first argument names, be tried again.
    /// - Returns: how many; 0 only where none was named.
    /// - Throws: ``NothingToRetry`` if none that was named was given up.
    static func revive(_ kind: Outbox.Kind, _ invocation: Invocation) async throws -> Int {
        let outbox = Outbox(try invocation.knownState())
        return try await BlockingWork.run("outbox") { _ in
            guard let start = invocation.arguments.first else { return try outbox.revive(nil, of: kind) }
            let found = try outbox.messages(.dead, of: kind, limit: 100_000).filter { $0.id.hasPrefix(start) }
            let count = start.isEmpty ? 0 : try found.reduce(0) { try $0 + outbox.revive($1.id) }
            guard count == 0 else { return count }
            let others = start.isEmpty ? [] : try outbox.standings(ofIDs: start, of: kind)
            throw NothingToRetry(
                what: kind == .mails ? "mail" : "message", id: start, standing: others.first,
                list: "marquee \(invocation.command.path[0]) list --standing dead")
        }
    }

    static let listOptions = [Options.stateFolder.spec, standing.spec, limit.spec, Options.format.spec]

    private static let standing = Option<String>.choice(
        "standing", Outbox.Standing.allCases.map(\.rawValue), default: nil, "Only those that stand so.")
    private static let limit = Option<Int>.integer(
        "number", short: "n", in: 1...100_000, default: 50, "How many messages."
    ).set(as: "webhooks-number")

    private static func print(_ messages: [Outbox.Message], as form: RowPrinter.Form) {
        let names = ["id", "type", "standing", "attempts", "created_at", "next_at", "reason", "body"]
        var printer = RowPrinter(columns: names.map { ($0, .left) }, as: form)
        for message in messages {
            printer.print([
                .string(message.id), .string(message.type), .string(message.state.rawValue),
                .int(Int64(message.attempts)), .timestamp(message.createdAt), .timestamp(message.nextAt),
                message.reason.map { .string($0) } ?? .null, .string(String(decoding: message.body, as: UTF8.self)),
            ])
        }
        printer.finish()
    }
}

/// A message that was to be tried again and was not given up.
struct NothingToRetry: Fault {
    let what: String
    let id: String
    /// How the one of that id stands; nil if there is none.
    let standing: Outbox.Standing?
    let list: String

    var code: String { "nothing-to-retry" }
    var message: String {
        switch standing {
        case nil: "There is no \(what) '\(id)'."
        case .pending?: "The \(what) '\(id)' was not given up: it is pending, and is tried again by itself."
        case .sending?: "The \(what) '\(id)' was not given up: it is being sent at this moment."
        case let other?: "The \(what) '\(id)' was not given up: it is \(other.rawValue)."
        }
    }
    var advice: String { "'\(list)' has those that were given up, with their ids." }
    var category: FaultCategory { .notFound }
}
