import Domain
import Operations
import Platform

/// `marquee privacy retain`
enum PrivacyRetainCommand {
    static let command: Command = Command(
        path: ["privacy", "retain"], summary: "Remove rows that are older than their table keeps them.",
        details: """
            Whole days of events, impressions and dead letters go, beside writers, by the time at which things happened.
            Rows of users under a legal hold ('privacy hold') stay, and are counted (HELD). FILES have such rows, and
            WRITTEN is what was written anew of them. --dry-run says what would go. Old files go when no version within the
            table's own retention (a week) needs them, at this or a later run (VACUUMED). Models keep what they have learned
            until the next training. With --every it goes on until it is interrupted.
            """,
        options: [
            Options.store.spec, Options.stateFolder.spec, ages.spec, dryRun.spec, every.spec, Options.reason.spec,
            Options.reportFormat.spec,
        ],
        required: ["store", "retain"],
        examples: [
            .init(
                line: "privacy retain --store data --retain 400d --dry-run", meaning: "What is older, in each table."),
            .init(
                line: "privacy retain --store data --retain events=400d,impressions=90d,dead_letters=30d --every 1d",
                meaning: "Once a day, each table with an age of its own."),
        ]
    ) { invocation in
        let retention = Retention(try PrivacyOptions.store(invocation), state: try invocation.state())
        let ages = try invocation.value(ages)
        let (isRehearsal, isJSON) = (
            try invocation.value(dryRun), try invocation.value(Options.reportFormat) == "json"
        )
        let (reason, pause) = (invocation.optional(Options.reason) ?? "", invocation.optional(every))
        while true {
            let outcomes = try await retention.run(
                ages, by: Operator.name, reason: reason, isRehearsal: isRehearsal)
            if isJSON { try JSONOutput.write(outcomes) } else { show(outcomes, isRehearsal) }
            guard let pause else { return }
            try await Task.sleep(for: .seconds(pause))
        }
    }

    private static let ages = Option<[String: Double]>(
        "retain", "TIME|TABLE=TIME,…", "How long rows are kept: in all three tables, or in those that are named.",
        must: "be a length of time such as 400d, or such as events=400d,impressions=90d,dead_letters=30d", read: read)
    private static let dryRun = Option<Bool>.flag("dry-run", "Only say what would go.")
    private static let every = Option<Double>.seconds("every", "Do it this often, until interrupted.")
        .set(as: "retain-every")

    @Sendable private static func read(_ text: String) -> [String: Double]? {
        if let age = Option<Double>.length(text) {
            return Dictionary(uniqueKeysWithValues: Retention.tables.map { ($0, age) })
        }
        var ages: [String: Double] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard words.count == 2, Retention.tables.contains(words[0]), ages[words[0]] == nil,
                let age = Option<Double>.length(words[1])
            else { return nil }
            ages[words[0]] = age
        }
        return ages
    }

    private static func show(_ outcomes: [Retention.Outcome], _ isRehearsal: Bool) {
        if isRehearsal { StandardOutput.write(line: "would remove:") }
        var table = TextTable([
            ("TABLE", .left), ("BEFORE", .left), ("ROWS", .right), ("FILES", .right), ("BYTES", .right),
            ("HELD", .right), ("WRITTEN", .right), ("VACUUMED", .right),
        ])
        for outcome in outcomes {
            table.add([
                outcome.table, String(outcome.before.description.prefix(10)), Figure.count(outcome.rows),
                Figure.count(outcome.files), Figure.bytes(outcome.bytes), Figure.count(outcome.held),
                Figure.bytes(outcome.bytesWritten), Figure.count(outcome.filesRemoved),
            ])
        }
        StandardOutput.write(table.text)
        StandardOutput.flush()
    }
}
