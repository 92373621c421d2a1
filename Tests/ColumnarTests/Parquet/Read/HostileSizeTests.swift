import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Files of a few bytes whose headers claim gigabytes. Each is read by a process that could not have that much.
@Suite struct HostileSizeTests {
    static let cases: [String] = [
        "stated size", "zstd bomb", "snappy preamble", "gzip claim", "lz4 claim", "stored claim", "nulls", "list nulls",
        "one value", "one dictionary entry", "prefixes", "delta block", "delta lengths", "truth values", "chunk list",
        "row groups", "overlapping chunks", "bloom filter", "page index",
    ]

    /// 1.5 GB of address space, of which the program and its libraries take a part. What it allocates on the word of a
    /// header would not fit, and it would be ended by a signal.
    @Test(arguments: cases) func aClaimOfGigabytesIsRefused(name: String) async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            let bytes = try Self.craft(name)
            try Data(bytes).write(to: URL(filePath: path))
            let run = try await runCommand(
                "/bin/bash",
                [
                    "-c", "ulimit -v 1572864; exec \"$0\" parquet verify \"$1\"", MarqueeProcess.program.path, path,
                ])
            #expect(run.status == 65, "\(bytes.count) bytes: \(run.output)")
        }
    }

    /// What is honest is read under the same limit: a million nulls take a hundred bytes.
    @Test func repetitionIsNotRefused() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            let schema = Schema([Field("n", .int64), Field("s", .string)])
            let count = 1 << 20
            let batch = try RecordBatch(
                schema: schema,
                columns: [
                    .int64(
                        .init([Int64](repeating: 0, count: count), validity: [Bool](repeating: false, count: count))),
                    .string(
                        try #require(try Column(repeating: .string("simulator"), .string, count: count).byteStrings)),
                ])
            let writer = try ParquetWriter(path: path, schema: schema)
            try writer.write(batch)
            #expect(try writer.finish().size < 10_000)
            #expect(try ParquetFile(path: path).read(rowGroup: 0).rowCount == count)
            var tight = ReadLimits()
            tight.baseBytes = 1 << 20
            #expect(throws: ColumnarError.self) { try ParquetFile(path: path, limits: tight).read(rowGroup: 0) }
        }
    }

    // MARK: The files

    private static func craft(_ name: String) throws -> [UInt8] {
        let number = Schema([Field("a", .int64, nullable: false)])
        let text = Schema([Field("a", .string, nullable: false)])
        let huge = Int32.max - 1
        switch name {
        case "stated size":
            let body = try BlockCodec().compress([1, 2, 3, 4, 5, 6, 7, 8], .zstd, level: 1)
            return file(number, .zstd, [data(1, .plain, body, size: huge)], values: 1)
        case "zstd bomb":
            return file(
                number, .zstd, [data(200_000_000, .plain, zstdOfZeros(1_600_000_000), size: 1_600_000_000)],
                values: 200_000_000)
        case "snappy preamble":
            var body: [UInt8] = []
            body.append(varint: UInt64(huge))
            return file(number, .snappy, [data(1 << 27, .plain, body, size: huge)], values: 1 << 27)
        case "gzip claim":
            let body = try BlockCodec().compress([1, 2, 3, 4, 5, 6, 7, 8], .gzip, level: 1)
            return file(number, .gzip, [data(1 << 27, .plain, body, size: huge)], values: 1 << 27)
        case "lz4 claim":
            let body = try BlockCodec().compress([1, 2, 3, 4, 5, 6, 7, 8], .lz4, level: 1)
            return file(number, .lz4, [data(1 << 27, .plain, body, size: huge)], values: 1 << 27)
        case "stored claim":
            return file(number, .none, [data(1 << 27, .plain, [1, 2, 3], size: huge)], values: 1 << 27)
        case "nulls":
            let schema = Schema([Field("a", .int64)])
            return file(schema, .none, [data(1 << 28, .plain, levels(1 << 28, 0))], values: 1 << 28)
        case "list nulls":
            let schema = Schema([Field("a", .list(.float, elementNullable: true))])
            let body = levels(1 << 28, 0) + levels(1 << 28, 0)
            return file(schema, .none, [data(1 << 28, .plain, body)], values: 1 << 28)
        case "one value":
            // A dictionary of one number, two hundred million times.
            let indices = [1] + run(1 << 28, 0)
            return file(
                number, .none, [dictionary([UInt8](repeating: 7, count: 8)), data(1 << 28, .rleDictionary, indices)],
                values: 1 << 28)
        case "one dictionary entry":
            var entry: [UInt8] = []
            entry.append(littleEndian: UInt32(1 << 20))
            entry += [UInt8](repeating: 65, count: 1 << 20)
            let indices = [1] + run(1 << 20, 0)
            return file(text, .none, [dictionary(entry), data(1 << 20, .rleDictionary, indices)], values: 1 << 20)
        case "prefixes":
            var body: [UInt8] = []
            DeltaEncoder.encode([0] + [Int32](repeating: 1 << 20, count: 4095), to: &body)
            DeltaEncoder.encode([1 << 20] + [Int32](repeating: 0, count: 4095), to: &body)
            body += [UInt8](repeating: 65, count: 1 << 20)
            return file(text, .none, [data(4096, .deltaByteArray, body)], values: 4096)
        case "delta block":
            var body: [UInt8] = []
            for field in [1 << 31, 1, 1 << 27, 0, 0] as [UInt64] { body.append(varint: field) }
            return file(number, .none, [data(1 << 27, .deltaBinaryPacked, body + [0])], values: 1 << 27)
        case "delta lengths":
            // Widths of 0: every block of 65,536 lengths takes three bytes.
            var body: [UInt8] = []
            for field in [1 << 16, 1, 1 << 28, 0] as [UInt64] { body.append(varint: field) }
            for _ in 0..<4097 { body += [0, 0] }
            return file(text, .none, [data(1 << 28, .deltaLengthByteArray, body)], values: 1 << 28)
        case "truth values":
            let schema = Schema([Field("a", .bool, nullable: false)])
            var body: [UInt8] = []
            body.append(littleEndian: UInt32(run(1 << 28, 1).count))
            return file(schema, .none, [data(1 << 28, .rle, body + run(1 << 28, 1))], values: 1 << 28)
        case "chunk list": return footer([0x19, 0xFC], count: 500_000, each: [0x00])
        case "row groups":
            // Two hundred thousand empty row groups with a list of columns each.
            return footer([0x49, 0xFC], count: 200_000, each: [0x19, 0x0C, 0x00])
        case "overlapping chunks":
            let body = [UInt8](repeating: 1, count: 8 << 12)
            return file(number, .none, [data(1 << 12, .plain, body)], values: 1 << 12, rowGroups: 5000)
        case "bloom filter":
            return file(number, .none, [data(1, .plain, [UInt8](repeating: 1, count: 8))], values: 1) {
                $0.bloomFilterOffset = 4
                $0.bloomFilterLength = .max
            }
        case "page index":
            return file(number, .none, [data(1, .plain, [UInt8](repeating: 1, count: 8))], values: 1) {
                $0.columnIndexOffset = 4
                $0.columnIndexLength = .max
                $0.offsetIndexOffset = 4
                $0.offsetIndexLength = .max
            }
        default: preconditionFailure("no such case")
        }
    }

    private struct Page {
        var header: PageHeader
        var body: [UInt8]
    }

    private static func data(
        _ values: Int32, _ encoding: PageEncoding, _ body: [UInt8], size: Int32? = nil
    ) -> Page {
        var header = PageHeader()
        header.valueCount = values
        header.encoding = encoding.rawValue
        header.compressedSize = Int32(body.count)
        header.uncompressedSize = size ?? Int32(body.count)
        return Page(header: header, body: body)
    }

    private static func dictionary(_ body: [UInt8]) -> Page {
        var page = data(1, .plain, body)
        page.header.type = .dictionary
        return page
    }

    /// An RLE run of the hybrid.
    private static func run(_ count: Int, _ value: UInt8) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(count) << 1)
        return bytes + [value]
    }

    /// A run with its length before it, as levels of a v1 page are.
    private static func levels(_ count: Int, _ value: UInt8) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt32(run(count, value).count))
        return bytes + run(count, value)
    }

    /// A zstd frame of RLE blocks: four bytes for each 128 KB.
    private static func zstdOfZeros(_ size: UInt32) -> [UInt8] {
        var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xA0]
        bytes.append(littleEndian: size)
        var left = size
        while left > 0 {
            let block = min(left, 128 << 10)
            left -= block
            let header = block << 3 | 1 << 1 | (left == 0 ? 1 : 0)
            bytes += [UInt8(header & 0xFF), UInt8(header >> 8 & 0xFF), UInt8(header >> 16), 0]
        }
        return bytes
    }

    private static func file(
        _ schema: Schema, _ compression: Compression, _ pages: [Page], values: Int64, rowGroups: Int = 1,
        change: (inout ColumnChunkMetadata) -> Void = { _ in }
    ) -> [UInt8] {
        var bytes = Array("PAR1".utf8)
        for page in pages {
            var writer = CompactWriter()
            page.header.write(&writer)
            bytes += writer.bytes + page.body
        }
        guard let elements = try? SchemaFlattener.elements(of: schema),
            let node = try? SchemaParser.columns(of: elements).first, case .supported(_, let column) = node.content
        else { preconditionFailure("a schema of one column") }
        var chunk = ColumnChunkMetadata()
        chunk.physical = column.firstLeaf.physical
        chunk.path = column.firstLeaf.path
        chunk.codec = compression.codec
        chunk.valueCount = values
        chunk.dataPageOffset = 4
        chunk.compressedSize = Int64(bytes.count - 4)
        chunk.uncompressedSize = chunk.compressedSize
        change(&chunk)
        var group = RowGroupMetadata()
        group.columns = [chunk]
        group.rowCount = values
        var metadata = FileMetadata()
        metadata.schema = elements
        metadata.rowGroups = [RowGroupMetadata](repeating: group, count: rowGroups)
        metadata.rowCount = values * Int64(rowGroups)
        var writer = CompactWriter()
        metadata.write(&writer)
        return closed(bytes, writer.bytes)
    }

    /// A footer whose field `header` is a list of `count` times the same bytes.
    private static func footer(_ header: [UInt8], count: Int, each: [UInt8]) -> [UInt8] {
        var footer = header
        footer.append(varint: UInt64(count))
        for _ in 0..<count { footer += each }
        return closed(Array("PAR1".utf8), footer + [0])
    }

    private static func closed(_ bytes: [UInt8], _ footer: [UInt8]) -> [UInt8] {
        var bytes = bytes + footer
        bytes.append(littleEndian: UInt32(footer.count))
        return bytes + Array("PAR1".utf8)
    }
}
