import Columnar
import Operations

/// `marquee parquet …`: any Parquet file.
enum ParquetCommand {
    static let schema: Command = Command(
        path: ["parquet", "schema"], summary: "Print the columns of a Parquet file.",
        arguments: [file], options: [],
        examples: [.init(line: "parquet schema part-0.parquet", meaning: "Name, type, and whether it may be null.")]
    ) { invocation in
        try await BlockingWork.run("parquet") { _ in
            var table = TextTable([("COLUMN", .left), ("TYPE", .left), ("NULLS", .left)], overflow: .fold)
            let file = try ParquetFile(path: invocation.arguments[0])
            for field in file.schema.fields {
                table.add([field.name, "\(field.type)", field.nullable ? "allowed" : "none"])
            }
            StandardOutput.write(table.text)
            printUnsupported(file)
        }
    }

    static let meta: Command = Command(
        path: ["parquet", "meta"], summary: "Print what the footer of a Parquet file says.",
        details: "Row groups and their columns: codec, encodings, sizes, nulls and bounds.",
        arguments: [file], options: [],
        examples: [.init(line: "parquet meta part-0.parquet", meaning: "Two lines a column and row group.")]
    ) { invocation in
        try await BlockingWork.run("parquet") { _ in
            let file = try ParquetFile(path: invocation.arguments[0])
            StandardOutput.write(
                prose: "\(Figure.count(Int(file.rowCount))) rows in \(Figure.count(file.rowGroupCount)) row groups, "
                    + "\(Figure.bytes(file.size)), written by \(file.createdBy ?? "an unnamed program")")
            printUnsupported(file)
            var table = TextTable([
                ("GROUP", .right), ("COLUMN", .left), ("VALUES", .right), ("NULLS", .right), ("CODEC", .left),
                ("BYTES", .right), ("MIN", .left), ("MAX", .left),
            ])
            for chunk in file.chunks {
                let notes = [
                    chunk.encodings.joined(separator: ","), "\(chunk.uncompressedSize) bytes plain",
                    chunk.hasPageIndex ? "page index" : nil, chunk.hasBloomFilter ? "Bloom filter" : nil,
                ]
                table.add(
                    [
                        "\(chunk.rowGroup)", chunk.column, "\(chunk.values)", chunk.nulls.map { "\($0)" } ?? "?",
                        chunk.codec, "\(chunk.compressedSize)", short(chunk.minimum), short(chunk.maximum),
                    ], note: "    " + notes.compactMap(\.self).joined(separator: "; "))
            }
            StandardOutput.write(table.text)
        }
    }

    /// The columns that `cat` can only leave out.
    private static func printUnsupported(_ file: ParquetFile) {
        for (column, feature) in file.unsupportedColumns.sorted(by: { $0.key < $1.key }) {
            StandardOutput.write(prose: "column \(column) cannot be read here: \(feature) is not supported")
        }
    }

    /// Long bounds would push the table out of the window.
    private static func short(_ bound: String?) -> String {
        guard let bound else { return "" }
        return bound.count > 24 ? bound.prefix(23) + "…" : bound
    }

    static let verify: Command = Command(
        path: ["parquet", "verify"], summary: "Read every byte of a Parquet file and check what it says of itself.",
        details: """
            Checksums of pages, values of every column, counts and bounds of every row group, page indexes and Bloom
            filters. Columns of types that are not read here are named, and what was checked of them: the checksums of
            their pages, where they have some, and whether these can be decompressed.
            """,
        arguments: [file], options: [memory.spec],
        examples: [.init(line: "parquet verify part-0.parquet", meaning: "Exits with 65 if anything is wrong.")]
    ) { invocation in
        try await BlockingWork.run("parquet") { _ in
            let file = try open(invocation)
            let report = try file.verify()
            for column in report.unseen { StandardOutput.write(prose: column.line) }
            for problem in report.problems { StandardOutput.write(prose: problem) }
            StandardOutput.write(
                line: "\(Figure.count(Int(file.rowCount))) rows, \(Figure.bytes(file.size))\n"
                    + "\(Figure.count(report.pages)) pages, \(Figure.count(report.checksums)) with checksums, "
                    + "\(Figure.count(report.unseen.count)) columns not looked into, "
                    + "\(Figure.count(report.problems.count)) problems")
            guard report.problems.isEmpty else {
                throw ColumnarError.malformed(file: file.path, reason: "see the problems above")
            }
        }
    }

    static let cat: Command = Command(
        path: ["parquet", "cat"], summary: "Print the rows of a Parquet file.",
        details: RowHelp.types + "\n\n" + StoreCondition.language, arguments: [file],
        options: [Options.columns.spec, StoreCondition.option.spec, Options.rowFormat.spec, memory.spec],
        examples: [
            .init(line: "parquet cat part-0.parquet | head", meaning: "The first rows as JSON Lines."),
            .init(line: "parquet cat part-0.parquet --columns a,b --format csv", meaning: "Two columns as CSV."),
            .init(
                line: #"parquet cat part-0.parquet --where "user_id = 'u17'""#,
                meaning: "Reads only pages that may have such rows."),
        ]
    ) { invocation in
        let form = try invocation.value(Options.rowFormat)
        try await BlockingWork.run("parquet") { flag in
            let file = try open(invocation)
            let condition = try StoreCondition.of(invocation, file.schema, file.leftOut)
            let named = invocation.optional(Options.columns)
            if named == nil { try file.leftOut.announce(others: file.schema.fields.count) }
            let columns = named ?? file.schema.names
            var printer = RowPrinter(try file.leftOut.explaining { try file.schema.selecting(columns) }, as: form)
            for group in 0..<file.rowGroupCount {
                try flag.check()
                printer.print(
                    try condition.map { try file.read(columns: columns, rowGroup: group, where: $0) }
                        ?? file.read(columns: columns, rowGroup: group))
            }
            printer.finish()
        }
    }

    private static let memory = Option<Int>.bytes(
        "max-memory", default: "256M",
        "Memory that the rows of a row group may take, however small the file is; damaged files claim more.")

    private static func open(_ invocation: Invocation) throws -> ParquetFile {
        var limits = ReadLimits()
        limits.baseBytes = try invocation.value(memory)
        return try ParquetFile(path: invocation.arguments[0], limits: limits)
    }

    private static let file = Command.Argument(name: "FILE", summary: "The Parquet file.")
}
