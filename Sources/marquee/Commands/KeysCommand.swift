import Columnar
import Domain
import HTTPServer
import Operations

/// `marquee keys …`
enum KeysCommand {
    static let create: Command = Command(
        path: ["keys", "create"], summary: "Make a key to the API, and print its secret once.",
        details: """
            What is kept is a digest of the secret: nobody can read it again. A running 'serve' over the same --state asks
            for keys from the first one on, and knows each within a second. Scopes: read (lists, items), events (sends
            events), catalog (changes films), models (promotes, trains), privacy (one person's own data), admin (the
            audit log).
            """,
        arguments: [.init(name: "NAME", summary: "What to call it, in lists and in the audit log.")],
        options: [
            scopes.spec, rate.spec, expires.spec, Options.stateFolder.spec, Options.reason.spec,
            Options.reportFormat.spec,
        ],
        required: ["scopes"],
        examples: [
            .init(line: "keys create website --scopes read,events", meaning: "For a site that shows lists."),
            .init(
                line: "keys create partner --scopes read --rate 50/s --expires 90d",
                meaning: "At most 50 requests a second, for three months."),
        ]
    ) { invocation in
        let keys = KeyStore(try invocation.state())
        let (names, rate) = (try invocation.value(scopes), invocation.optional(rate))
        let (expiry, reason) = (invocation.optional(expires), invocation.optional(Options.reason) ?? "")
        let isJSON = try invocation.value(Options.reportFormat) == "json"
        let (key, secret) = try await BlockingWork.run("keys") { _ in
            try keys.create(
                invocation.arguments[0], scopes: names, rate: rate, expiresAt: expiry, by: Operator.name, reason: reason
            )
        }
        guard !isJSON else {
            return JSONOutput.write(
                [(name: "name", value: .string(key.name)), ("id", .string(key.id)), ("secret", .string(secret.text))]
                    + facts(key))
        }
        StandardOutput.write(line: secret.text)
        StandardOutput.write(line: "")
        StandardOutput.write(line: "This is the secret of '\(key.name)'. Keep it now: it is shown this once.")
    }

    static let list: Command = Command(
        path: ["keys", "list"], summary: "List the keys to the API, without their secrets.",
        options: [Options.stateFolder.spec, Options.format.spec],
        examples: [
            .init(line: "keys list", meaning: "Revoked and expired ones too."),
            .init(line: "keys list --format json", meaning: "The same for programs."),
        ]
    ) { invocation in
        let keys = KeyStore(try invocation.knownState())
        let form = try invocation.value(Options.format)
        try await BlockingWork.run("keys") { _ in
            let all = try keys.list()
            if form == .table { return StandardOutput.write(table(all)) }
            let names = ["name", "id", "scopes", "rate", "created_at", "expires_at", "state"]
            var printer = RowPrinter(columns: names.map { ($0, .left) }, as: form)
            for key in all { printer.print([.string(key.name), .string(key.id)] + facts(key).map(\.value)) }
            printer.finish()
        }
    }

    static let revoke: Command = Command(
        path: ["keys", "revoke"], summary: "Take a key to the API out of force.",
        details: "A running 'serve' refuses it within a second. It stays in the list, and its name stays taken.",
        arguments: [.init(name: "KEY", summary: "Its name or id.")],
        options: [Options.stateFolder.spec, Options.reason.spec],
        examples: [.init(line: "keys revoke partner --reason 'contract ended'", meaning: "The audit log keeps why.")]
    ) { invocation in
        let keys = KeyStore(try invocation.knownState())
        let reason = invocation.optional(Options.reason) ?? ""
        let key = try await BlockingWork.run("keys") { _ in
            try keys.revoke(invocation.arguments[0], by: Operator.name, reason: reason)
        }
        StandardOutput.write(line: "\(key.name) is revoked")
    }

    private static let names = Route.Scope.allCases.filter { $0 != .open }.map(\.rawValue)

    private static let scopes = Option<[String]>(
        "scopes", "A,B", "What its holder may do: \(names.joined(separator: ", ")).",
        must: "be one or more of \(names.joined(separator: ", ")), separated by commas"
    ) { text in
        let wanted = Set(text.split(separator: ",", omittingEmptySubsequences: false).map(String.init))
        // In the order of the interface, whatever the order typed.
        return wanted.isSubset(of: names) ? names.filter(wanted.contains) : nil
    }

    private static let rate = Option<Double>.rate(
        "rate", "Requests a second that it may make; no limit by default."
    ).set(as: "key-rate")

    private static let expires = Option<Timestamp>(
        "expires", "TIME", "When it ends: a time, a day, or a length of time from now such as 90d.",
        must: "be a time to come, such as 2027-01-01, or a length of time such as 90d"
    ) { text in
        let time =
            Timestamp(text) ?? CalendarDate(text)?.start
            ?? Option<Double>.length(text).flatMap { seconds in
                seconds < 1e10 ? Timestamp(microseconds: Timestamp.now.microseconds + Int64(seconds * 1e6)) : nil
            }
        return time.flatMap { $0 > .now ? $0 : nil }
    }

    private static func facts(_ key: APIKey) -> [(name: String, value: Value)] {
        [
            ("scopes", .list(key.scopes.map { .string($0) })), ("rate", key.rate.map { .double($0) } ?? .null),
            ("created_at", .timestamp(key.createdAt)), ("expires_at", key.expiresAt.map { .timestamp($0) } ?? .null),
            ("state", .string(key.state(at: .now))),
        ]
    }

    private static func table(_ keys: [APIKey]) -> String {
        var table = TextTable([
            ("NAME", .left), ("ID", .left), ("SCOPES", .left), ("RATE", .right), ("EXPIRES", .left), ("STATE", .left),
        ])
        for key in keys {
            table.add([
                key.name, key.id, key.scopes.joined(separator: ","),
                key.rate.map { "\(Figure.decimal($0, digits: 1))/s" } ?? "",
                key.expiresAt.map { "\($0.date)" } ?? "", key.state(at: .now),
            ])
        }
        return table.text
    }
}
