import Columnar
import Domain
import Foundation
import TestSupport
import Testing

/// Damaged bytes end in an error or in rows, never in a crash or a hang. Seeded: a failure comes again.
@Suite struct HostileFileTests {
    @Test(arguments: [(Compression.none, true), (.zstd, true), (.snappy, false)])
    func mutatedFilesDoNotCrash(compression: Compression, dictionaries: Bool) async throws {
        try await withTemporaryFolder { folder in
            let original = folder.appending(path: "a.parquet")
            var options = ParquetOptions()
            options.compression = compression
            options.dictionaries = dictionaries
            options.pageRows = 50
            if !dictionaries {
                options.deltaColumns = ["id", "small", "at"]
                options.byteStreamSplitColumns = ["f"]
            }
            let writer = try ParquetWriter(path: original.path, schema: SampleRows.schema, options: options)
            try writer.write(try SampleRows.batch(count: 120))
            _ = try writer.finish()
            let bytes = [UInt8](try Data(contentsOf: original))
            var random = SeededGenerator(seed: 42)
            let target = folder.appending(path: "b.parquet")
            var refused = 0
            for round in 0..<400 {
                var damaged = bytes
                switch round % 4 {
                case 0: damaged[random.below(bytes.count)] = UInt8(random.below(256))
                case 1:
                    // The footer decides how everything else is read.
                    let start = bytes.count * 2 / 3
                    damaged[start + random.below(bytes.count - start)] ^= 1 << UInt8(random.below(8))
                case 2: for _ in 0..<8 { damaged[random.below(bytes.count)] = UInt8(random.below(256)) }
                default: damaged = Array(bytes.prefix(random.below(bytes.count)))
                }
                try Data(damaged).write(to: target)
                do {
                    let file = try ParquetFile(path: target.path)
                    for group in 0..<file.rowGroupCount {
                        _ = try file.read(columns: file.schema.names, rowGroup: group).rows
                    }
                } catch is any Fault {
                    refused += 1
                }
            }
            #expect(refused > 200)
        }
    }

    @Test func aFlippedBitInAPageIsNoticed() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet")
            let writer = try ParquetWriter(path: path.path, schema: SampleRows.schema)
            try writer.write(try SampleRows.batch(count: 100))
            _ = try writer.finish()
            var bytes = [UInt8](try Data(contentsOf: path))
            bytes[60] ^= 4
            try Data(bytes).write(to: path)
            #expect(throws: ColumnarError.self) { try ParquetFile(path: path.path).read(rowGroup: 0) }
            #expect(try !ParquetFile(path: path.path).verify().problems.isEmpty)
        }
    }

    @Test(arguments: [[], Array("PAR1".utf8), Array("PAR1PAR1PAR1".utf8), [UInt8](repeating: 0xFF, count: 100)])
    func whatIsNoParquetFileIsRefused(bytes: [UInt8]) async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet")
            try Data(bytes).write(to: path)
            #expect(throws: ColumnarError.self) { try ParquetFile(path: path.path) }
        }
    }
}
