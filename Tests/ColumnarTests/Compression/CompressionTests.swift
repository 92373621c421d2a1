import Columnar
import Domain
import Foundation
import TestSupport
import Testing

struct CompressionTests {
    @Test(arguments: Compression.allCases)
    func everyTypeComesBack(compression: Compression) async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            var options = ParquetOptions()
            options.compression = compression
            options.rowGroupRows = 3000
            options.pageRows = 700
            let batches = try (0..<4).map { try SampleRows.batch(count: 1500, from: $0 * 1500) }
            let writer = try ParquetWriter(path: path, schema: SampleRows.schema, options: options)
            for batch in batches { try writer.write(batch) }
            let summary = try writer.finish()
            #expect(summary.rowCount == 6000)
            #expect(summary.rowGroupCount == 2)
            let file = try ParquetFile(path: path)
            #expect(file.schema == SampleRows.schema)
            let read = try (0..<file.rowGroupCount).flatMap { try file.read(rowGroup: $0).rows }
            #expect(read == batches.flatMap(\.rows))
        }
    }
}
