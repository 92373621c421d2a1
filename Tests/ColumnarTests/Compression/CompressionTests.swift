import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

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

    /// Frames of one block and of several, one frame after the other, and a bare block, as old writers made it.
    @Test func lz4OfHadoopIsRead() throws {
        func big(_ word: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) } }
        let parts = (0..<3).map { part in (0..<1000).map { UInt8(truncatingIfNeeded: $0 / 9 * (part + 1)) } }
        let blocks = try parts.map { try BlockCodec().compress($0, .lz4, level: 1) }
        let framed = blocks.map { big($0.count) + $0 }
        let forms: [(name: String, bytes: [UInt8], result: [UInt8])] = [
            ("one block", big(1000) + framed[0], parts[0]),
            ("three blocks", big(3000) + framed.joined(), Array(parts.joined())),
            ("two frames", big(1000) + framed[0] + big(2000) + framed[1] + framed[2], Array(parts.joined())),
            ("a bare block", blocks[0], parts[0]),
        ]
        for form in forms {
            let result = try form.bytes.withUnsafeBytes {
                try BlockCodec().decompress($0, .hadoopLZ4, size: form.result.count)
            }
            #expect(result == form.result, "\(form.name)")
            for length in 0..<form.bytes.count {
                let cut = Array(form.bytes[..<length])
                #expect(throws: DecodingFault.self, "\(form.name)") {
                    try cut.withUnsafeBytes { try BlockCodec().decompress($0, .hadoopLZ4, size: form.result.count) }
                }
            }
        }
    }
}
