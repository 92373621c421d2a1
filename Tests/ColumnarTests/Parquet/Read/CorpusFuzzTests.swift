import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Mutations of files by pyarrow, DuckDB, Polars and ourselves. Seeded: a failure comes again. Seconds in `make test`,
/// minutes in `make nightly`.
///
/// Checksums are not looked at, so that damage reaches the decoders.
@Suite struct CorpusFuzzTests {
    @Test func damagedFilesEndInAnErrorOrInRows() async throws {
        try await withTemporaryFolder { folder in
            var corpus = try ours()
            if Checkout.python != nil {
                _ = try runPython("matrix.py", ["write", folder.path, "40"])
                for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
                    corpus.append([UInt8](try Data(contentsOf: folder.appending(path: name))))
                }
            }
            var random = SeededGenerator(seed: 2026)
            var limits = ReadLimits()
            limits.baseBytes = 16 << 20
            var refused = 0
            let rounds = Effort.rounds(1500, nightly: 200_000)
            for _ in 0..<rounds {
                let bytes = mutated(corpus[random.below(corpus.count)], &random)
                do {
                    try exercise(
                        try ParquetFile(
                            object: MemoryObject(bytes: bytes), name: "f", limits: limits, checksums: false),
                        &random)
                } catch is any Fault {
                    refused += 1
                }
            }
            #expect(refused > rounds / 5 && refused < rounds)
        }
    }

    private struct MemoryObject: StoredObject {
        var bytes: [UInt8]
        var size: Int { bytes.count }
        func read(_ range: Range<Int>) throws -> [UInt8] {
            guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
                throw ColumnarError.malformed(file: "f", reason: "a read past the end")
            }
            return Array(bytes[range])
        }
    }

    /// Everything a user can do with a file: a column, a condition, and now and then the whole verification.
    private func exercise(_ file: ParquetFile, _ random: inout SeededGenerator) throws {
        _ = file.chunks
        guard file.rowGroupCount > 0, !file.schema.fields.isEmpty else { return }
        let group = random.below(file.rowGroupCount)
        if random.below(8) == 0 { return _ = try file.verify() }
        let field = file.schema.fields[random.below(file.schema.fields.count)]
        let value: Value? =
            switch field.type {
            case .int32, .int64: .int(17)
            case .string: .string("text-3")
            case .date: .date(CalendarDate(days: 100))
            case .timestamp: .timestamp(Timestamp(microseconds: 0))
            case .double: .double(0.5)
            default: nil
            }
        if let value, random.below(2) == 0 {
            _ = try file.read(
                columns: [field.name], rowGroup: group, where: .compare(column: field.name, .equal, value))
        } else {
            _ = try file.read(columns: [field.name], rowGroup: group).rows
        }
    }

    private func mutated(_ original: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        let footer = Int(bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: $0.count - 8, as: UInt32.self) })
        let body = bytes.count - 8 - footer
        func place(_ random: inout SeededGenerator) -> Int {
            random.below(3) == 0 ? body + random.below(footer) : 4 + random.below(max(1, body - 4))
        }
        for _ in 0...random.below(4) {
            let at = place(&random)
            switch random.below(7) {
            case 0: bytes[at] = UInt8(random.below(256))
            case 1: bytes[at] ^= 1 << UInt8(random.below(8))
            case 2: bytes[at] = [0, 0x7F, 0x80, 0xFF][random.below(4)]
            case 3:
                // A varint of any size.
                for k in 0..<min(5, bytes.count - at) { bytes[at + k] = 0x80 | UInt8(random.below(128)) }
            case 4:
                let from = place(&random)
                let count = min(random.below(16), bytes.count - max(at, from))
                for k in 0..<count { bytes[at + k] = bytes[from + k] }
            case 5: for k in 0..<min(random.below(32), bytes.count - at) { bytes[at + k] = 0 }
            default: bytes[at] = bytes[at] &+ 1
            }
        }
        if random.below(20) == 0 { bytes.removeLast(random.below(bytes.count)) }
        return bytes
    }

    private func ours() throws -> [[UInt8]] {
        let folder = FileManager.default.temporaryDirectory
        return try [(Compression.none, true), (.none, false), (.zstd, true), (.snappy, false)].map { codec, plain in
            let path = folder.appending(path: "fuzz-\(UUID().uuidString).parquet")
            defer { try? FileManager.default.removeItem(at: path) }
            var options = ParquetOptions()
            options.compression = codec
            options.dictionaries = !plain
            options.pageRows = 16
            options.bloomFilterColumns = ["id", "name"]
            if plain {
                options.deltaColumns = ["id", "small", "at"]
                options.byteStreamSplitColumns = ["f"]
            }
            let writer = try ParquetWriter(path: path.path, schema: SampleRows.schema, options: options)
            try writer.write(try SampleRows.batch(count: 60))
            _ = try writer.finish()
            return [UInt8](try Data(contentsOf: path))
        }
    }
}
