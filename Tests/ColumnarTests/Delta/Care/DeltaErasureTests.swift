import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Rows that must be gone: not hidden, gone.
struct DeltaErasureTests {
    private static let secret = "person-of-the-secret"
    private static let schema = Schema([
        Field("id", .int64, nullable: false), Field("user", .string), Field("text", .string), Field("day", .date),
    ])

    private static func batch(_ ids: Range<Int>) throws -> RecordBatch {
        let ids = Array(ids)
        let users = ids.map { $0 % 10 == 3 ? secret : "user-\($0 % 10)" }
        return try RecordBatch(
            schema: schema,
            columns: [
                .int64(PrimitiveColumn(ids.map { Int64($0) })), .string(BytesColumn(users)),
                .string(BytesColumn(ids.map { "\($0) of \(users[$0 - ids[0]])" })),
                .date(PrimitiveColumn(ids.map { 20_000 + Int32($0 % 2) })),
            ])
    }

    /// Every file below a folder that holds the secret, as its bytes are or in the values they stand for.
    private func traces(_ folder: URL) throws -> [String] {
        let needle = Data(Self.secret.utf8)
        return try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { name in
            let path = folder.appending(path: name)
            guard let bytes = try? Data(contentsOf: path) else { return false }
            if bytes.range(of: needle) != nil { return true }
            guard name.hasSuffix(".parquet") else { return false }
            let file = try ParquetFile(path: path.path)
            return try (0..<file.rowGroupCount).contains { group in
                let batch = try file.read(rowGroup: group)
                return (0..<batch.rowCount).contains { row in
                    batch.columns.indices.contains { "\(batch.value(row: row, column: $0))".contains(Self.secret) }
                }
            }
        }
    }

    @Test(arguments: [Compression.none, .zstd])
    func noByteOfADeletedRowIsLeft(_ compression: Compression) async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaTable.create(at: folder.path, schema: Self.schema, partitionedBy: ["day"])
            var options = ParquetOptions()
            options.compression = compression
            // Past a checkpoint, which holds bounds too.
            for i in 0..<12 { _ = try table.append([Self.batch(i * 20..<i * 20 + 20)], options: options) }
            #expect(try traces(folder).contains { $0.hasSuffix(".checkpoint.parquet") })
            let condition = try Columnar.Predicate("user = '\(Self.secret)'", schema: Self.schema)
            let rehearsal = try table.delete(where: condition, dryRun: true)
            #expect(rehearsal.rowsDeleted == 24 && rehearsal.filesRemoved == 12 && rehearsal.version == nil)
            #expect(try table.snapshot().version == 12)
            let report = try table.delete(where: condition)
            #expect(report.rowsDeleted == 24 && report.filesRemoved == 12 && report.version == 13)
            // Something happens after, so that the log goes on.
            _ = try table.append([Self.batch(300..<303)])
            _ = try table.optimize()
            #expect(try !traces(folder).isEmpty)

            let plan = try table.vacuum(retention: 0, dryRun: true)
            #expect(try table.vacuum(retention: 0) == plan)
            #expect(try traces(folder) == [])
            let fresh = try DeltaTable.open(at: folder.path)
            #expect(try fresh.snapshot().rowCount == 240 - 24 + 3)
            #expect(try fresh.verify().problems == [])
            #expect(try fresh.history().count == 1)
            #expect(try fresh.vacuum(retention: 0).files == [])
            _ = try fresh.append([Self.batch(400..<402)])
            #expect(try table.snapshot().rowCount == 240 - 24 + 5)
        }
    }

    /// The values would stand in the log for as long as it is kept.
    @Test func theLogDoesNotSayWhoWasDeleted() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaTable.create(
                at: folder.path, schema: Self.schema, configuration: ["delta.dataSkippingStatsColumns": "id"])
            _ = try table.append([Self.batch(0..<20)])
            _ = try table.delete(where: .isIn(column: "user", [.string(Self.secret), .string("user-4")]))
            #expect(try table.history()[0].operationParameters["predicate"] == #"["user in (?, ?)"]"#)
            #expect(try traces(folder).filter { $0.hasPrefix("_delta_log") } == [])
        }
    }
}
