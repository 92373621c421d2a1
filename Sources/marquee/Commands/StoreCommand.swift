import Columnar
import Domain
import Operations

/// `marquee store …`: any Delta table in our subset, ours or not.
enum StoreCommand {
    static let log: Command = Command(
        path: ["store", "log"], summary: "List the commits of a table, newest first.",
        arguments: [directory], options: [Options.format.spec],
        examples: [
            .init(line: "store log data/events", meaning: "Versions, times, operations and their figures."),
            .init(line: "store log data/events --format json", meaning: "All of it, for programs."),
        ]
    ) { invocation in
        let form = try invocation.value(Options.format)
        try await BlockingWork.run("store") { _ in
            let history = try invocation.table().history()
            if form == .table { printTable(history) } else { print(history, as: form) }
        }
    }

    static let show: Command = Command(
        path: ["store", "show"], summary: "Print the schema, size and properties of a table.",
        arguments: [directory], options: [Options.version.spec, Options.asOf.spec, Options.format.spec],
        examples: [
            .init(line: "store show data/events", meaning: "The newest version."),
            .init(line: "store show data/events --as-of 2026-11-20", meaning: "As it stood then."),
        ]
    ) { invocation in
        let form = try invocation.value(Options.format)
        try await BlockingWork.run("store") { _ in
            let snapshot = try snapshot(invocation)
            if form == .json { return JSONOutput.write(members(of: snapshot)) }
            let files = snapshot.files
            var rows: [(String, String)] = [
                ("version", "\(snapshot.version)"), ("time", "\(snapshot.timestamp)"),
                ("rows", snapshot.rowCount.map { Figure.count(Int($0)) } ?? "not recorded"),
                ("files", Figure.count(files.count)),
                ("bytes", Figure.bytes(Int(files.reduce(0) { $0 + $1.size }))),
                ("partitioned by", snapshot.partitionColumns.joined(separator: ", ")),
            ]
            for field in snapshot.schema.fields {
                rows.append(("column \(field.name)", "\(field.type)" + (field.nullable ? "" : ", required")))
            }
            for (name, feature) in snapshot.unsupportedColumns.sorted(by: { $0.key < $1.key }) {
                rows.append(("column \(name)", "not read here: \(feature)"))
            }
            for (name, value) in snapshot.configuration.sorted(by: { $0.key < $1.key }) {
                rows.append(("property \(name)", value))
            }
            for (name, version) in snapshot.transactions.sorted(by: { $0.key < $1.key }) {
                rows.append(("transaction \(name)", "\(version)"))
            }
            guard form != .table else {
                var facts = FactTable()
                for (name, value) in rows { facts.add(name, value) }
                return StandardOutput.write(facts.text)
            }
            var printer = RowPrinter(columns: [("what", .left), ("value", .left)], as: form)
            for (name, value) in rows { printer.print([.string(name), .string(value)]) }
            printer.finish()
        }
    }

    static let count: Command = Command(
        path: ["store", "count"], summary: "Count the rows of a table.", details: StoreCondition.language,
        arguments: [directory], options: [Options.version.spec, Options.asOf.spec, StoreCondition.option.spec],
        examples: [
            .init(line: "store count data/events", meaning: "Prints one number."),
            .init(
                line: #"store count data/events --where "kind = 'like'""#,
                meaning: "Opens only files that can have such rows."),
        ]
    ) { invocation in
        try await BlockingWork.run("store") { flag in
            let snapshot = try snapshot(invocation)
            let condition = try StoreCondition.of(invocation, snapshot.schema, snapshot.leftOut)
            var count = condition == nil ? snapshot.rowCount : nil
            if count == nil {
                var rows = 0
                var scan = try snapshot.scan(columns: [], where: condition)
                while let batch = try scan.next() {
                    try flag.check()
                    rows += batch.rowCount
                }
                count = Int64(rows)
            }
            StandardOutput.write(line: "\(count ?? 0)")
        }
    }

    static let cat: Command = Command(
        path: ["store", "cat"], summary: "Print the rows of a table.",
        details: RowHelp.types + "\n\n" + StoreCondition.language, arguments: [directory],
        options: [
            Options.version.spec, Options.asOf.spec, Options.columns.spec, StoreCondition.option.spec,
            Options.rowFormat.spec,
        ],
        examples: [
            .init(line: "store cat data/events | head", meaning: "The first rows as JSON Lines."),
            .init(
                line: "store cat data/movies --columns item_id,title,year --format table",
                meaning: "Three columns, aligned."),
            .init(
                line: #"store cat data/events --where "user_id = 'u17' and at >= '2026-11-01'""#,
                meaning: "One user's recent events."),
        ]
    ) { invocation in
        let form = try invocation.value(Options.rowFormat)
        try await BlockingWork.run("store") { flag in
            let snapshot = try snapshot(invocation)
            let columns = invocation.optional(Options.columns)
            let condition = try StoreCondition.of(invocation, snapshot.schema, snapshot.leftOut)
            var scan = try snapshot.scan(columns: columns, where: condition)
            if columns == nil { try snapshot.leftOut.announce(others: snapshot.schema.fields.count) }
            var printer = RowPrinter(scan.schema, as: form)
            while let batch = try scan.next() {
                try flag.check()
                printer.print(batch)
            }
            printer.finish()
        }
    }

    private static let directory = Command.tableArgument

    private static func snapshot(_ invocation: Invocation) throws -> Snapshot {
        let version = invocation.optional(Options.version)
        let time = invocation.optional(Options.asOf)
        if version != nil && time != nil {
            throw CommandLineError.conflict(first: Options.version.spec.name, second: Options.asOf.spec.name)
        }
        return try invocation.table().snapshot(version: version.map(Int64.init), asOf: time)
    }
}

/// What the help of the commands that print rows has in common.
enum RowHelp {
    static let types = """
        JSON Lines keep types: whole numbers as numbers, binary as base64, instants as RFC 3339 with microseconds, NaN
        and infinities as texts, decimals as numbers with all their digits, null as null. Columns of types that are not
        read here are left out, and named on standard error.
        """
}
