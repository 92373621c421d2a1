import Columnar
import Domain

/// How `store log` and `store show` say what they found.
extension StoreCommand {
    /// What fits beside each other: rows and files of each commit, and who made it.
    static func printTable(_ history: [CommitRecord]) {
        var rows = AlignedRows([
            ("VERSION", .right), ("TIME", .right), ("OPERATION", .left), ("ROWS", .right), ("FILES", .right),
            ("ENGINE", .left),
        ])
        for commit in history {
            let files = [
                commit.filesAdded > 0 ? "+\(commit.filesAdded)" : nil,
                commit.filesRemoved > 0 ? "-\(commit.filesRemoved)" : nil,
            ].compactMap(\.self).joined(separator: " ")
            rows.add([
                "\(commit.version)", "\(Timestamp(seconds: commit.timestamp.seconds))", commit.operation ?? "",
                commit.operationMetrics["numOutputRows"].flatMap { Int($0) }.map(Figure.count) ?? "", files,
                commit.engine ?? "",
            ])
        }
        rows.finish()
        StandardOutput.flush()
    }

    /// Everything that the log says of each commit.
    static func print(_ history: [CommitRecord], as form: RowPrinter.Form) {
        let names = [
            "version", "timestamp", "operation", "parameters", "metrics", "engine", "files_added", "files_removed",
        ]
        var printer = RowPrinter(columns: names.map { ($0, .left) }, as: form)
        for commit in history {
            printer.print([
                .int(commit.version), .timestamp(commit.timestamp), commit.operation.map { .string($0) } ?? .null,
                map(commit.operationParameters), map(commit.operationMetrics),
                commit.engine.map { .string($0) } ?? .null, .int(Int64(commit.filesAdded)),
                .int(Int64(commit.filesRemoved)),
            ])
        }
        printer.finish()
    }

    /// What `store show --format json` prints.
    static func members(of snapshot: Snapshot) -> [(name: String, value: Value)] {
        let columns = snapshot.schema.fields.map { field in
            structure([
                ("name", .string(field.name)), ("type", .string("\(field.type)")), ("nullable", .bool(field.nullable)),
            ])
        }
        return [
            ("version", .int(snapshot.version)), ("timestamp", .timestamp(snapshot.timestamp)),
            ("rows", snapshot.rowCount.map { .int($0) } ?? .null), ("files", .int(Int64(snapshot.files.count))),
            ("bytes", .int(snapshot.files.reduce(0) { $0 + $1.size })),
            ("partitioned_by", .list(snapshot.partitionColumns.map { .string($0) })), ("columns", .list(columns)),
            ("properties", map(snapshot.configuration)),
            (
                "transactions",
                structure(snapshot.transactions.sorted { $0.key < $1.key }.map { ($0.key, .int($0.value)) })
            ),
        ]
    }

    private static func map(_ values: [String: String]) -> Value {
        structure(values.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
    }

    private static func structure(_ members: [(String, Value)]) -> Value {
        .structure(members.map { Value.Member(name: $0.0, value: $0.1) })
    }
}
