import Columnar
import Domain
import Operations

/// `marquee webhooks …`
enum WebhooksCommand {
    static let list: Command = Command(
        path: ["webhooks", "list"], summary: "List messages that wait, were delivered, or were given up, newest first.",
        options: [Options.stateFolder.spec, standing.spec, limit.spec, Options.format.spec],
        examples: [
            .init(line: "webhooks list --standing dead", meaning: "What was given up, and why."),
            .init(line: "webhooks list --format jsonl", meaning: "The same for programs, with the bodies."),
        ]
    ) { invocation in
        let outbox = Outbox(StateDatabase(folder: try invocation.value(Options.stateFolder)))
        let wanted = invocation.optional(standing).flatMap(Outbox.Standing.init)
        let limit = try invocation.value(limit)
        let form = try invocation.value(Options.format)
        let messages = try await BlockingWork.run("outbox") { _ in try outbox.messages(wanted, limit: limit) }
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
        details: "A running 'train' or 'serve' with the same --state and --webhook sends them.",
        arguments: [
            .init(name: "ID", summary: "The message, or the beginning of its id; all by default.", isOptional: true)
        ],
        options: [Options.stateFolder.spec],
        examples: [.init(line: "webhooks retry", meaning: "All that were given up.")]
    ) { invocation in
        let outbox = Outbox(StateDatabase(folder: try invocation.value(Options.stateFolder)))
        let count = try await BlockingWork.run("outbox") { _ in
            guard let start = invocation.arguments.first else { return try outbox.revive(nil) }
            let found = try outbox.messages(.dead, limit: 100_000).filter { $0.id.hasPrefix(start) }
            return try found.reduce(0) { try $0 + outbox.revive($1.id) }
        }
        StandardOutput.write(line: "\(Figure.count(count)) messages are tried again")
    }

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
