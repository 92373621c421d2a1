import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Byte strings that begin like the ones before them: DELTA_BYTE_ARRAY, written where it pays.
@Suite struct FrontCodingTests {
    private static let schema = Schema([Field("name", .string, nullable: true)])

    private static func write(_ names: [String?], to path: String, _ options: ParquetOptions) throws {
        let writer = try ParquetWriter(path: path, schema: schema, options: options)
        for start in stride(from: 0, to: names.count, by: 700) {
            let part = Array(names[start..<min(start + 700, names.count)])
            try writer.write(RecordBatch(schema: schema, columns: [.string(BytesColumn(part))]))
        }
        _ = try writer.finish()
    }

    private static func isFrontCoded(_ file: ParquetFile) -> Bool {
        file.metadata.rowGroups.allSatisfy { $0.columns[0].encodings.contains(PageEncoding.deltaByteArray.rawValue) }
    }

    /// Ascending ones, and among them whatever can go wrong: nulls, empty ones, one that goes on where the other ends, long
    /// ones, ones of other alphabets.
    static let ordered: [String?] = (0..<9000).map { i in
        switch i % 97 {
        case 3: nil
        case 5: ""
        case 6: "session-00-\(10_000_000 + i)"
        case 7: "session-00-\(10_000_000 + i - 1)-and-on"
        case 11: String(repeating: "é", count: i % 30)
        case 12: "Zürich \(i)"
        default: "session-00-\(10_000_000 + i)"
        }
    }

    @Test func identifiersInOrderComeBack() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            var options = ParquetOptions()
            options.pageRows = 1300
            options.rowGroupRows = 4000
            options.bloomFilterColumns = ["name"]
            try Self.write(Self.ordered, to: path, options)
            let file = try ParquetFile(path: path)
            #expect(Self.isFrontCoded(file))
            #expect(try file.verify().problems == [])
            var row = 0
            for group in file.metadata.rowGroups.indices {
                let batch = try file.read(columns: ["name"], rowGroup: group)
                let names = Self.ordered[row..<row + batch.rowCount]
                for (i, name) in names.enumerated() {
                    #expect(batch.value(row: i, column: 0) == name.map { .string($0) } ?? .null)
                }
                // The bounds are found from neighbours; here from all.
                let bytes = names.compactMap { $0.map { Array($0.utf8) } }.sorted { $0.lexicographicallyPrecedes($1) }
                let statistics = try #require(file.metadata.rowGroups[group].columns[0].statistics)
                #expect(statistics.minimum == bytes.first)
                #expect(statistics.maximum == bytes.last)
                row += batch.rowCount
            }
            #expect(row == Self.ordered.count)
            // With less than a third of the bytes, before any codec.
            options.deltasWherePaying = false
            let plain = folder.appending(path: "b.parquet").path
            try Self.write(Self.ordered, to: plain, options)
            let other = try ParquetFile(path: plain)
            #expect(!Self.isFrontCoded(other))
            func size(_ file: ParquetFile) -> Int64 {
                file.metadata.rowGroups.reduce(0) { $0 + $1.columns[0].uncompressedSize }
            }
            #expect(size(file) * 3 < size(other))
        }
    }

    /// Bounds of any order: rising, falling, alike, and the neighbour an empty one.
    @Test func boundsAreThoseOfAllValues() throws {
        var random = SeededGenerator(seed: 9)
        for _ in 0..<300 {
            let texts = (0..<1 + random.below(30)).map { _ in
                ["", "a", "ab", "b", "abcdefghi", "abcdefgh", "abcdefghij", "é", "\u{0}"][random.below(9)]
            }
            let column = BytesColumn(texts)
            var page = FrontCodedPage()
            var body: [UInt8] = []
            let bounds = column.bytes.withUnsafeBytes { bytes in
                column.offsets.withUnsafeBufferPointer { offsets in
                    let cut = random.below(texts.count + 1)
                    for range in [0..<cut, cut..<texts.count] {
                        page.append(ByteRows(bytes: bytes, offsets: offsets, positions: nil, range: range))
                    }
                    return page.take(to: &body)
                }
            }
            let sorted = texts.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
            #expect(bounds.minimum == sorted.first && bounds.maximum == sorted.last, "\(texts)")
            var decoder = BytesDecoder(fixedLength: nil, budget: MemoryBudget())
            try decoder.append(body, from: 0, count: texts.count, encoding: .deltaByteArray)
            #expect(decoder.bytes == column.bytes && decoder.offsets == column.offsets)
        }
    }

    /// A row group of a stream's counted identifiers: what each value costs must not grow with how many stand before.
    @Test func aMillionValuesAreReadBack() throws {
        let texts = (0..<1_000_000).map { "event-\($0 + 1_000_000)" }
        let column = BytesColumn(texts)
        var decoder = BytesDecoder(fixedLength: nil, budget: MemoryBudget())
        for start in stride(from: 0, to: texts.count, by: 20_000) {
            var page = FrontCodedPage()
            var body: [UInt8] = []
            column.bytes.withUnsafeBytes { bytes in
                column.offsets.withUnsafeBufferPointer { offsets in
                    page.append(
                        ByteRows(bytes: bytes, offsets: offsets, positions: nil, range: start..<start + 20_000))
                    _ = page.take(to: &body)
                }
            }
            try decoder.append(body, from: 0, count: 20_000, encoding: .deltaByteArray)
        }
        #expect(decoder.bytes == column.bytes && decoder.offsets == column.offsets)
    }

    /// Random ones share nothing: PLAIN, and so no reader has to learn anything.
    @Test func identifiersWithoutOrderStayPlain() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            try Self.write((0..<5000).map { _ in UUID().uuidString }, to: path, ParquetOptions())
            let file = try ParquetFile(path: path)
            #expect(!Self.isFrontCoded(file))
            #expect(file.metadata.rowGroups[0].columns[0].encodings.contains(PageEncoding.plain.rawValue))
        }
    }

    @Test(.enabled(if: Checkout.python != nil, "no Python with the independent readers (make venv)"))
    func othersReadThem() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            var options = ParquetOptions()
            options.pageRows = 1300
            try Self.write(Self.ordered, to: path, options)
            #expect(Self.isFrontCoded(try ParquetFile(path: path)))
            let lines = try runPython("check_names.py", [path]).split(separator: "\n", omittingEmptySubsequences: false)
            let expected = Self.ordered.map { name in
                name.map { $0.utf8.map { String($0, radix: 16) }.joined(separator: " ") } ?? "null"
            }
            for reader in ["pyarrow", "duckdb", "polars"] {
                let start = try #require(lines.firstIndex { $0 == reader }, "\(reader)")
                #expect(lines[(start + 1)...].prefix(expected.count).map(String.init) == expected, "\(reader)")
            }
        }
    }
}
