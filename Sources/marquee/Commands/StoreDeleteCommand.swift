import Columnar
import Operations

/// `marquee store delete`: rows out of a table by a condition.
enum StoreDeleteCommand {
    static let command: Command = Command(
        path: ["store", "delete"], summary: "Delete the rows of a table that a condition holds for.",
        details: """
            The files that have such rows are written anew without them, in one commit; others may go on writing. Older
            versions keep the rows until 'store vacuum' removes the old files: with --retention-hours 0 no byte of them
            is left.

            """ + StoreCondition.language,
        arguments: [Command.tableArgument],
        options: [StoreCondition.option.spec, dryRun.spec, Options.reason.spec, Options.stateFolder.spec],
        required: [StoreCondition.option.spec.name],
        examples: [
            .init(
                line: #"store delete data/events --where "user_id = 'u17'" --dry-run"#,
                meaning: "Says how many rows of how many files that would be."),
            .init(
                line: #"store delete data/events --where "at < '2024-01-01' and kind in ('view', 'like')""#,
                meaning: "Forgets old views and likes."),
        ]
    ) { invocation in
        let text = try invocation.value(StoreCondition.option)
        let isRehearsal = try invocation.value(dryRun)
        try await BlockingWork.run("store") { _ in
            let table = try invocation.table()
            let snapshot = try table.snapshot()
            let condition = try snapshot.leftOut.explaining {
                try Columnar.Predicate(text, schema: snapshot.schema)
            }
            // The condition may name a person: the log of changes outlives what is deleted.
            let report =
                isRehearsal
                ? try table.delete(where: condition, dryRun: true)
                : try invocation.auditedWhereKept("store.delete", of: invocation.arguments[0]) {
                    try table.delete(where: condition)
                }
            let rows = "\(Figure.count(Int(report.rowsDeleted))) rows"
            let files = "\(Figure.count(report.filesRemoved)) files of \(Figure.bytes(Int(report.bytesRemoved)))"
            if isRehearsal {
                StandardOutput.write(line: "would delete \(rows) in \(files)")
            } else if let version = report.version {
                StandardOutput.write(
                    prose: "version \(version): deleted \(rows), \(files) out, "
                        + "\(Figure.count(report.filesAdded)) of \(Figure.bytes(Int(report.bytesAdded))) in")
            } else {
                StandardOutput.write(line: "nothing to do")
            }
        }
    }

    private static let dryRun = Option<Bool>.flag("dry-run", "Only say what would be deleted.")
}

/// The option `--where` of the commands that look at rows.
enum StoreCondition {
    static let option = Option<String>.text(
        "where", "CONDITION", "Only rows that it holds for, such as \"user_id = 'u17' and at >= '2026-11-01'\".")

    static let language = """
        A condition compares columns with values (=, !=, <, <=, >, >=, in (…), is null,
        is nan), joined by and, or, not and parentheses; texts, days and instants stand in quotes.
        """

    /// Nil if none was given.
    /// - Parameter leftOut: columns that `schema` lacks since they are not read here.
    static func of(
        _ invocation: Invocation, _ schema: Schema, _ leftOut: LeftOutColumns
    ) throws -> Columnar.Predicate? {
        try invocation.optional(option).map { text in
            try leftOut.explaining { try Columnar.Predicate(text, schema: schema) }
        }
    }
}
