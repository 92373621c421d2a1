import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// What we wrote, listed by a program that shares no code with us or with any Parquet library.
@Suite(
    .enabled(
        if: Checkout.python != nil && Checkout.shared("tools/parquet-dump/pqdump.py") != nil,
        "no ../shared/tools/parquet-dump, or no Python"))
struct PageAuditTests {
    @Test(arguments: Compression.allCases) func pagesAndFooterAreWhatTheySay(compression: Compression) async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            var options = ParquetOptions()
            options.compression = compression
            options.pageRows = 1000
            options.rowGroupRows = 2500
            options.bloomFilterColumns = ["unique"]
            options.byteStreamSplitColumns = ["d"]
            let writer = try ParquetWriter(path: path, schema: SampleRows.schema, options: options)
            for k in 0..<2 { try writer.write(try SampleRows.batch(count: 2500, from: k * 2500)) }
            let size = try writer.finish().size

            let tool = try #require(Checkout.shared("tools/parquet-dump/pqdump.py"))
            let (status, output) = try await runCommand(try #require(Checkout.python).path, [tool.path, path])
            #expect(status == 0, "\(output)")
            let lines = output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            #expect(lines.first?.contains("size \(size) ") == true)
            #expect(lines.first?.contains("version 1 rows 5000 created_by b'marquee version") == true)
            #expect(lines.count { $0.hasPrefix("RG rows 2500") } == 2)
            // Eight leaves more than columns: list elements, keys and values of the map, fields of the struct.
            let columns = lines.filter { $0.hasPrefix("COL ") }
            #expect(columns.count == 2 * 16)
            let codec = ["none": "UNCOMPRESSED", "lz4": "LZ4_RAW"][compression.rawValue]
            for column in columns {
                #expect(column.contains(" \(codec ?? compression.rawValue.uppercased()) "), "\(column)")
                #expect(column.contains("file_offset 0 "), "\(column)")
                #expect(!column.contains("OI None"), "\(column)")
            }
            let pages = lines.filter { $0.hasPrefix("page ") }
            #expect(pages.allSatisfy { $0.contains(" crc-ok ") }, "\(pages.first { !$0.contains(" crc-ok ") } ?? "")")
            #expect(pages.count { $0.hasPrefix("page DATA ") } >= columns.count * 3)
            // One of each encoding that was asked for or pays.
            func has(_ column: String, _ encoding: String) -> Bool {
                columns.contains { $0.hasPrefix("COL \(column) ") && $0.contains("'\(encoding)'") }
            }
            #expect(has("id", "DELTA_BINARY_PACKED") && has("at", "DELTA_BINARY_PACKED"))
            #expect(has("name", "RLE_DICTIONARY") && has("d", "BYTE_STREAM_SPLIT") && has("unique", "PLAIN"))
            // Three pages each, beginning at rows 0, 1000 and 2000.
            let indexes = lines.filter { $0.hasPrefix("OI pages 3 ") }
            #expect(indexes.count == columns.count)
            #expect(indexes.allSatisfy { $0.contains("3: 0}") && $0.contains("3: 1000}") })
            let filters = lines.filter { $0.hasPrefix("BLOOM ") }
            #expect(
                filters.count == 2
                    && filters.allSatisfy { $0.contains("{1: 4096, 2: {1: {}}, 3: {1: {}}, 4: {1: {}}}") })
        }
    }
}
