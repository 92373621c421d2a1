import Columnar
import Domain
import Foundation

/// A small table of events, as the platform keeps them.
enum DeltaFixture {
    static let schema = Schema([
        Field("id", .int64, nullable: false), Field("user", .string), Field("value", .float), Field("at", .timestamp),
        Field("genres", .list(.string, elementNullable: true)), Field("day", .date), Field("source", .string),
    ])

    /// Rows `ids`, over two days and three sources (one of them null, one with characters that paths must escape).
    static func batch(
        _ ids: Range<Int>, sources: [String?] = ["a/b c=ü%", nil, "web"]
    ) throws -> RecordBatch {
        let ids = Array(ids)
        return try RecordBatch(
            schema: schema,
            columns: [
                .int64(PrimitiveColumn(ids.map { Int64($0) })),
                .string(BytesColumn(ids.map { $0 % 5 == 0 ? nil : "user-\($0 % 7)" })),
                .float(
                    {
                        var column = PrimitiveColumn<Float>()
                        for id in ids { column.append(id % 4 == 0 ? nil : Float(id) / 2) }
                        return column
                    }()),
                .timestamp(PrimitiveColumn(ids.map { Int64($0) * 1_234_567 + 1 })),
                .list(ListColumn(ids.map { (0..<$0 % 3).map { "g\($0)" } })),
                .date(PrimitiveColumn(ids.map { 20_000 + Int32($0 % 2) })),
                .string(BytesColumn(ids.map { sources[$0 % sources.count] })),
            ])
    }

    static func table(at folder: URL, partitionedBy columns: [String] = ["day", "source"]) throws -> DeltaTable {
        try DeltaTable.create(at: folder.path, schema: schema, partitionedBy: columns)
    }

    /// All rows as text, in order of their id.
    static func rows(_ snapshot: Snapshot, where predicate: Columnar.Predicate? = nil) throws -> [String] {
        var scan = try snapshot.scan(where: predicate)
        var rows: [(Int64, String)] = []
        while let batch = try scan.next() {
            let ids = try batch.column(named: "id").int64s?.values ?? []
            for row in 0..<batch.rowCount {
                let values = batch.columns.indices.map { "\(batch.value(row: row, column: $0))" }
                rows.append((ids[row], values.joined(separator: "|")))
            }
        }
        return rows.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// What paths must escape, and what they must not.
    static let strangeSources: [String?] = [
        "a/b c=ü%", nil, "web", "x:y", "tab\there", "it's \"q\"", "%41", "+", "#?&*", "a\\b", " lead", "trail ", ".",
        "..",
        "line\nbreak", "😀", "{}[]^|~`", "a%2Fb",
    ]

    static func rows(_ batch: RecordBatch) -> [String] {
        (0..<batch.rowCount).map { row in
            batch.columns.indices.map { "\(batch.value(row: row, column: $0))" }.joined(separator: "|")
        }
    }

    static func ids(_ snapshot: Snapshot, where predicate: Columnar.Predicate? = nil) throws -> [Int64] {
        var scan = try snapshot.scan(columns: ["id"], where: predicate)
        var ids: [Int64] = []
        while let batch = try scan.next() { ids += batch.columns[0].int64s?.values ?? [] }
        return ids.sorted()
    }
}
