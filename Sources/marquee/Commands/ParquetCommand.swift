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
            var table = TextTable([("COLUMN", .left), ("TYPE", .left), ("NULLS", .left)])
            for field in try ParquetFile(path: invocation.arguments[0]).schema.fields {
                table.add([field.name, "\(field.type)", field.nullable ? "allowed" : "none"])
            }
            StandardOutput.write(table.text)
        }
    }

    static let cat: Command = Command(
        path: ["parquet", "cat"], summary: "Print the rows of a Parquet file.",
        details: RowHelp.types, arguments: [file], options: [Options.columns.spec, Options.rowFormat.spec],
        examples: [
            .init(line: "parquet cat part-0.parquet | head", meaning: "The first rows as JSON Lines."),
            .init(line: "parquet cat part-0.parquet --columns a,b --format csv", meaning: "Two columns as CSV."),
        ]
    ) { invocation in
        let form = try invocation.value(Options.rowFormat)
        try await BlockingWork.run("parquet") { flag in
            let file = try ParquetFile(path: invocation.arguments[0])
            let columns = invocation.optional(Options.columns)
            var printer = RowPrinter(try columns.map { try file.schema.selecting($0) } ?? file.schema, as: form)
            for group in 0..<file.rowGroupCount {
                try flag.check()
                printer.print(try file.read(columns: columns, rowGroup: group))
            }
            printer.finish()
        }
    }

    private static let file = Command.Argument(name: "FILE", summary: "The Parquet file.")
}
