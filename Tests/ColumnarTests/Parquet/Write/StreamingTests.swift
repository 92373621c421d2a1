import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// The memory of a writer is bounded by one row group, however long the file grows.
@Suite struct StreamingTests {
    /// Counts what is written, and how much of the file had been when each row group began.
    final class CountingSink: StorageWriter {
        var written = 0
        func write(_ bytes: [UInt8]) throws { written += bytes.count }
        func finish() throws {}
        func abandon() {}
    }

    @Test func aRowGroupIsOutBeforeTheNextBegins() throws {
        let sink = CountingSink()
        var options = ParquetOptions()
        options.rowGroupRows = 500
        options.bloomFilterColumns = ["unique"]
        let writer = try ParquetWriter(sink: sink, name: "s", schema: SampleRows.schema, options: options)
        var sizes: [Int] = []
        for k in 0..<20 {
            let before = sink.written
            try writer.write(try SampleRows.batch(count: 500, from: k * 500))
            sizes.append(sink.written - before)
            #expect(writer.bufferedBytes < 1000, "\(writer.bufferedBytes) after \(k)")
        }
        // All pages and filters of a group are written when it is full; only the indexes wait for the end.
        #expect(sizes.allSatisfy { $0 > (sizes.max() ?? 0) / 2 })
        let pages = sink.written
        _ = try writer.finish()
        #expect(sink.written - pages < pages / 5)
    }

    /// Twenty row groups of 8 MB each: a process that kept them would not have the address space.
    @Test func longFilesAreReadAndWrittenInLittleMemory() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            let schema = Schema([Field("text", .binary, nullable: false)])
            var options = ParquetOptions()
            options.compression = .none
            options.dictionaries = false
            options.rowGroupRows = 8000
            let writer = try ParquetWriter(path: path, schema: schema, options: options)
            var random = SeededGenerator(seed: 1)
            for _ in 0..<40 {
                var bytes = [UInt8](repeating: 0, count: 8_000_000)
                for i in stride(from: 0, to: bytes.count, by: 500) { bytes[i] = UInt8(random.below(256)) }
                let offsets = (0...8000).map { Int32($0 * 1000) }
                try writer.write(
                    try RecordBatch(schema: schema, columns: [.binary(BytesColumn(offsets: offsets, bytes: bytes))]))
                #expect(writer.bufferedBytes < 1000)
            }
            #expect(try writer.finish().size > 320_000_000)
            let before = peakKilobytes()
            let file = try ParquetFile(path: path)
            for group in 0..<file.rowGroupCount { #expect(try file.read(rowGroup: group).rowCount == 8000) }
            #expect(peakKilobytes() - before < 120_000)
        }
    }

    /// Of this process since it began.
    private func peakKilobytes() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss
    }
}
