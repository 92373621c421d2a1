import Domain
import Operations
import Platform

/// `marquee privacy rekey`
enum PrivacyRekeyCommand {
    static let command: Command = Command(
        path: ["privacy", "rekey"], summary: "Give the tables pseudonyms of a new key, or their first ones.",
        details: """
            Puts other pseudonyms in the place of those that --pseudonymise-key gives, or, without it, in the place of the
            users' identifiers. Nobody can turn a pseudonym back, so the new key is applied to the old pseudonyms: the file of
            --new-key becomes one of all keys in turn, and is the one to name from then on. It is made with a random key
            where there is none. Stop ingest, import, serve and deliver before, and train again afterwards. Each table changes
            in one commit, and its earlier versions cannot be read any more. Killed at any moment, the same command does
            the rest. Losing the file is losing whom the rows are about.
            """,
        options: [
            Options.store.spec, Options.stateFolder.spec, Options.pseudonymiseKey.spec, newKey.spec,
            Options.reason.spec, Options.reportFormat.spec,
        ],
        required: ["store", "new-key"],
        examples: [
            .init(
                line: "privacy rekey --store data --pseudonymise-key users.key --new-key users-2.key",
                meaning: "A second key; users-2.key has both afterwards."),
            .init(
                line: "privacy rekey --store data --new-key users.key",
                meaning: "Pseudonyms for tables that have none."),
        ]
    ) { invocation in
        let earlier = try invocation.pseudonyms()
        let file = PseudonymKeyFile(try invocation.value(newKey))
        let store = try PrivacyOptions.store(invocation)
        let wasThere = file.exists
        let (state, known) = (try invocation.state(), wasThere ? try file.read() : nil)
        // A slip must not make a key, and change nothing.
        try await BlockingWork.run("rekey") { _ in try Rekeying.check(store, state: state, from: earlier, to: known) }
        // Durable before anything is called by it.
        let keys = try file.extend(earlier)
        if !wasThere {
            StandardError.write(line: "privacy: made the key \(PrintableText.escaped(file.path)); keep a copy")
        }
        let rekeying = try Rekeying(store, state: state, from: earlier, to: keys)
        let report = try await rekeying.run(by: Operator.name, reason: invocation.optional(Options.reason) ?? "")
        if try invocation.value(Options.reportFormat) == "json" { return try JSONOutput.write(report) }
        var table = TextTable([("TABLE", .left), ("FILES", .right), ("BYTES", .right)])
        for one in report.tables { table.add([one.table, Figure.count(one.files), Figure.count(one.bytes)]) }
        StandardOutput.write(table.text)
        if report.lost > 0 {
            StandardOutput.write(
                prose:
                    "\(Figure.count(report.lost)) users have chosen something and have no rows: write their choices down "
                    + "again with 'marquee privacy consent'.")
        }
        StandardOutput.write(
            prose:
                "The key is \(report.key) now: name \(PrintableText.escaped(file.path)) with --pseudonymise-key, and train "
                + "again, since models know users by the pseudonyms before.")
    }

    private static let newKey = Option<String>.text(
        "new-key", "FILE", "The new key; a file that is not there is made with a random one.")
}
