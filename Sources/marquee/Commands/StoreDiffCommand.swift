import Columnar
import Domain
import Operations

/// `marquee store diff`: which rows came and went between two versions of a table.
enum StoreDiffCommand {
    static let command: Command = Command(
        path: ["store", "diff"], summary: "Print the rows that came and went between two versions of a table.",
        details: """
            Each row has first what became of it, _change_type: insert or delete, as in Delta's change feed. First come those that
            were added. A row that changed is both. Rows that were only moved into other files, and those that came and went in
            between, are none. --from may be the newer version. With --columns only these are compared; a column that the older
            version did not have yet is null there. Where rows only came, only their files are read; else the files that one
            version has and the other has not, and of a file of which rows are deleted only these.
            """ + "\n\n" + RowHelp.types + "\n\n" + StoreCondition.language,
        arguments: [Command.tableArgument],
        options: [
            from.spec, to.spec, Options.columns.spec, StoreCondition.option.spec, limit.spec, Options.rowFormat.spec,
        ],
        required: [from.spec.name],
        examples: [
            .init(line: "store diff data/events --from 41 --to 45", meaning: "What four commits did, as JSON Lines."),
            .init(
                line: "store diff data/movies --from 2026-11-20 --columns item_id,title --format table",
                meaning: "Films that came, went or have another title since that day."),
        ]
    ) { invocation in
        let form = try invocation.value(Options.rowFormat)
        let (earlier, later) = (try invocation.value(from), invocation.optional(to))
        try await BlockingWork.run("store") { flag in
            let table = try invocation.table()
            let (first, last) = (try earlier.snapshot(of: table), try later?.snapshot(of: table) ?? table.snapshot())
            let newer = first.version > last.version ? first : last
            let columns = invocation.optional(Options.columns)
            let condition = try StoreCondition.of(invocation, newer.schema, newer.leftOut)
            let difference = try table.difference(from: first, to: last, columns: columns, where: condition)
            if columns == nil { try newer.leftOut.announce(others: newer.schema.fields.count) }
            guard difference.schema.index(of: changeColumn) == nil else {
                throw ColumnarError.unsupported(
                    file: table.path, feature: "a column \(changeColumn), which says here what became of a row")
            }
            var printer = RowPrinter(
                Schema([Field(changeColumn, .string)] + difference.schema.fields), as: form)
            var rest = invocation.optional(limit) ?? .max
            try difference.forEach { change, batch in
                try flag.check()
                for row in 0..<min(rest, batch.rowCount) {
                    printer.print(
                        [.string(change.rawValue)] + batch.columns.indices.map { batch.value(row: row, column: $0) })
                }
                rest -= min(rest, batch.rowCount)
                return rest > 0
            }
            printer.finish()
        }
    }

    /// The name that Delta's change data feed has for it.
    private static let changeColumn = "_change_type"

    private static let from = Option<TableMoment>.moment("from", "The version, or the time, to compare with.").set(
        as: "diff-from")
    private static let to = Option<TableMoment>.moment(
        "to", "The version, or the time, that is compared; the newest by default."
    ).set(as: "diff-to")
    private static let limit = Option<Int>.integer("limit", in: 1...Int.max, "Print no more rows than this.").set(
        as: "diff-limit")
}

/// A version of a table, by its number or by a time at which it was the newest.
enum TableMoment: Sendable {
    case version(Int64)
    case time(Timestamp)

    /// - Throws: as ``DeltaTable/snapshot(version:asOf:)``.
    func snapshot(of table: DeltaTable) throws -> Snapshot {
        switch self {
        case .version(let version): try table.snapshot(version: version)
        case .time(let time): try table.snapshot(asOf: time)
        }
    }
}

extension Option where Value == TableMoment {
    fileprivate static func moment(_ name: String, _ summary: String) -> Self {
        Self(
            name, "VERSION|TIME", summary,
            must: "be a version such as 41, a time such as 2026-11-20T12:00:00Z, or a day such as 2026-11-20"
        ) { text in
            if let version = Int64(text) { return version >= 0 ? .version(version) : nil }
            return (Timestamp(text) ?? CalendarDate(text)?.start).map { .time($0) }
        }
    }
}
