import Columnar
import Domain
import Operations

/// `marquee privacy audit`
enum PrivacyAuditCommand {
    static let command: Command = Command(
        path: ["privacy", "audit"], summary: "Show who changed what, when and why, or check that nobody altered it.",
        details: """
            Every change made through the API or by a command has its entries, newest first. Each carries a digest over itself
            and the one before; --verify computes them anew and names the first that does not fit. Keep the digest it
            prints elsewhere: with it you can tell whether the newest entries were taken away later.
            """,
        options: [Options.stateFolder.spec, verify.spec, limit.spec, Options.format.spec],
        examples: [
            .init(line: "privacy audit -n 20", meaning: "The newest twenty."),
            .init(line: "privacy audit --verify", meaning: "Exit status 65 if a link is broken."),
            .init(line: "privacy audit --format jsonl -n 100000", meaning: "To keep, or to search."),
        ]
    ) { invocation in
        let log = AuditLog(try invocation.knownState())
        let form = try invocation.value(Options.format)
        let limit = try invocation.value(limit)
        guard try !invocation.value(verify) else {
            return try await BlockingWork.run("audit") { _ in try check(log, form) }
        }
        try await BlockingWork.run("audit") { _ in
            let entries = try log.entries(limit: limit)
            if form == .table { StandardOutput.write(table(entries)) } else { print(entries, as: form) }
        }
    }

    private static let verify = Option<Bool>.flag("verify", "Check every link of the chain instead.")
    private static let limit = Option<Int>.integer(
        "number", short: "n", in: 1...10_000_000, default: 50, "How many entries."
    ).set(as: "audit-number")

    private static func check(_ log: AuditLog, _ form: RowPrinter.Form) throws {
        switch try log.verify() {
        case .broken(let number, let reason): throw AuditBroken(number: number, reason: reason)
        case .whole(let entries, let head):
            guard form == .table else {
                return JSONOutput.write([
                    (name: "entries", value: .int(Int64(entries))), ("digest", head.map { .string($0.hex) } ?? .null),
                ])
            }
            StandardOutput.write(line: "\(Figure.count(entries)) entries, each follows from the one before")
            if let head { StandardOutput.write(line: "digest of the newest: \(head)") }
        }
    }

    private static func table(_ entries: [AuditEntry]) -> String {
        var table = TextTable([
            ("NO", .right), ("AT", .left), ("WHO", .left), ("ACTION", .left), ("TARGET", .left), ("OUTCOME", .left),
        ])
        for entry in entries {
            let change = entry.change
            table.add(
                [
                    "\(entry.number)", "\(Timestamp(seconds: entry.at.seconds))", change.who, change.action,
                    change.target, change.outcome.rawValue,
                ], note: change.reason.isEmpty ? nil : change.reason)
        }
        return table.text
    }

    private static func print(_ entries: [AuditEntry], as form: RowPrinter.Form) {
        let names = ["number", "at", "who", "action", "target", "outcome", "reason", "request_id", "digest"]
        var printer = RowPrinter(columns: names.map { ($0, .left) }, as: form)
        for entry in entries {
            let change = entry.change
            printer.print(
                [.int(entry.number), .timestamp(entry.at)]
                    + [
                        change.who, change.action, change.target, change.outcome.rawValue, change.reason,
                        change.requestID, entry.hash.hex,
                    ].map { .string($0) })
        }
        printer.finish()
    }
}

/// The audit log is not as it was written.
struct AuditBroken: Fault {
    let number: Int64
    let reason: String

    var code: String { "audit-broken" }
    var message: String { "Entry \(number) of the audit log does not follow from the one before: \(reason)." }
    var advice: String {
        "Somebody wrote past the program: compare with a backup, and with the digests in the log lines."
    }
    var category: FaultCategory { .badData }
}
