import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Files of which rows are deleted, as other engines mark them.
struct DeletionVectorTests {
    /// Bytes of the three kinds of containers, told by the rows: a run, a bitmap, an array.
    private static let rows: [Range<Int64>] = {
        var rows: [Range<Int64>] = [5..<6, 9..<10, 65_536..<75_536]
        for index in 0..<Int64(6000) {
            let row = 131_072 + index * 3
            rows.append(row..<row + 1)
        }
        return rows + [4_294_967_297..<4_294_967_298]
    }()

    @Test func bitmapsOfEveryKindAreRead() throws {
        let bytes = Roaring.array(Self.rows.flatMap(Array.init))
        let rows = try bytes.withUnsafeBytes { try RoaringBitmapArray.decode($0) }
        #expect(rows.ranges == Self.rows)
        #expect(rows.count == 16_003)
        #expect(rows.remaining(from: 0, count: 5) == nil)
        #expect(rows.remaining(from: 4, count: 4)?.ranges == [0..<1, 2..<4])
        #expect(rows.remaining(from: 65_536, count: 10_000)?.isEmpty == true)
        #expect(rows.remaining(from: 65_530, count: 10_010)?.ranges == [0..<6, 10_006..<10_010])
    }

    @Test func damageIsNeverMisread() throws {
        let whole = Roaring.array([1, 2, 70_000] + (200_000..<205_000).map { Int64($0) })
        for length in 0..<whole.count where length < 80 || length > whole.count - 20 {
            let cut = Array(whole[..<length])
            #expect(throws: DecodingFault.self) { try cut.withUnsafeBytes { try RoaringBitmapArray.decode($0) } }
        }
        for place in 0..<40 {
            var changed = whole
            changed[place] ^= 0x5A
            // Either refused, or as many rows as another container says: those are checked against the log.
            _ = try? changed.withUnsafeBytes { try RoaringBitmapArray.decode($0) }
        }
        #expect(throws: DecodingFault.self) {
            try (whole + [0]).withUnsafeBytes { try RoaringBitmapArray.decode($0) }
        }
    }

    @Test func base85IsThatOfZeroMQ() {
        #expect(Z85.encode([0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]) == "HelloWorld")
        #expect(Z85.decode("HelloWorld".utf8) == [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B])
        for text in ["Hell", "Hello World", "#####", "Hell\u{E9}"] { #expect(Z85.decode(text.utf8) == nil, "\(text)") }
        // Of the protocol's own example.
        let vector = DeletionVector(
            kind: .relative, pathOrInline: "ab^-aqEH.-t@S}K{vb[*k^", offset: 4, size: 40, cardinality: 6)
        #expect((try? vector.relativeName()) == "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin")
        #expect(vector.id == "uab^-aqEH.-t@S}K{vb[*k^@4")
    }

    /// Ten files of one row each but for the first, which has rows 0 to 9.
    private func table(_ folder: URL) throws -> DeltaTable {
        let table = try DeltaFixture.table(at: folder, partitionedBy: [])
        _ = try table.append([DeltaFixture.batch(0..<10)])
        _ = try table.append([DeltaFixture.batch(10..<12)])
        return table
    }

    private static let name = "deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"

    /// Deletes rows of the file of rows 0 to 9 as another engine does.
    private func mark(
        _ rows: [Int64], _ kind: DeletionVector.Kind, in folder: URL, edit: (inout [UInt8]) -> Void = { _ in }
    )
        throws
    {
        let table = try DeltaTable.open(at: folder.path)
        let state = try table.newestState()
        var add = try #require(state.files.values.first { FileBounds($0).storedRowCount == 10 })
        let bytes = Roaring.array(rows)
        let padded = bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
        var file = Roaring.file([bytes])
        edit(&file)
        let place = folder.appending(path: kind == .relative ? "ab/\(Self.name)" : Self.name)
        try FileManager.default.createDirectory(
            at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        if kind != .inline { try Data(file).write(to: place) }
        let text =
            switch kind {
            case .inline: Z85.encode(padded)
            case .relative: "ab^-aqEH.-t@S}K{vb[*k^"
            case .absolute: URL(filePath: place.path).absoluteString
            }
        let old = Remove(add, at: Timestamp.now.milliseconds, dataChange: true)
        add.details = FileDetails(
            deletionVector: DeletionVector(
                kind: kind, pathOrInline: text, offset: kind == .inline ? nil : 1, size: Int64(bytes.count),
                cardinality: Int64(rows.count)))
        let versions = ProtocolAction(
            minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["deletionVectors"],
            writerFeatures: ["deletionVectors"])
        var metaData = try #require(state.metaData)
        metaData.configuration["delta.enableDeletionVectors"] = "true"
        // The new file before the old: their order in a commit means nothing.
        let actions: [Action] = [.versions(versions), .metaData(metaData), .add(add), .remove(old)]
        let lines = actions.map(\.json.text).joined(separator: "\n")
        try Data(lines.utf8).write(to: folder.appending(path: LogName.commit(state.version + 1)))
    }

    @Test(arguments: [DeletionVector.Kind.inline, .relative, .absolute])
    func deletedRowsAreLeftOutByAll(_ kind: DeletionVector.Kind) async throws {
        try await withTemporaryFolder { folder in
            let table = try table(folder)
            try mark([0, 3, 9], kind, in: folder)
            let left: [Int64] = [1, 2, 4, 5, 6, 7, 8, 10, 11]
            let snapshot = try table.snapshot()
            #expect(try DeltaFixture.ids(snapshot) == left)
            #expect(snapshot.rowCount == 9)
            let late = try Columnar.Predicate("id >= 3", schema: snapshot.schema)
            #expect(try DeltaFixture.ids(snapshot, where: late) == left.filter { $0 >= 3 })
            let gone = try Columnar.Predicate("id = 3", schema: snapshot.schema)
            #expect(try DeltaFixture.ids(snapshot, where: gone) == [])
            #expect(try table.count(RowMatch(late)) == 7)
            #expect(try DeltaFixture.ids(table.snapshot(version: 2)).count == 12)
            #expect(try table.verify().problems == [])
            #expect(try DeltaFixture.ids(snapshot).count == left.count)
            var new = try snapshot.scan(filesNotIn: table.snapshot(version: 2))
            #expect(try new.next() == nil)
            // Appends go on, and so does the log, past a checkpoint.
            _ = try table.append([DeltaFixture.batch(12..<13)])
            try table.writeCheckpoint()
            let again = try DeltaTable.open(at: folder.path)
            #expect(try DeltaFixture.ids(again.snapshot()) == left + [12])
            for version in 0..<4 {
                try FileManager.default.removeItem(at: folder.appending(path: LogName.commit(Int64(version))))
            }
            let byCheckpoint = try DeltaTable.open(at: folder.path).snapshot()
            #expect(try DeltaFixture.ids(byCheckpoint) == left + [12])
            #expect(byCheckpoint.files == (try table.snapshot().files))
            // The file of the vector is live.
            _ = try again.vacuum(retention: 0)
            #expect(try DeltaFixture.ids(again.snapshot()) == left + [12])
        }
    }

    @Test func writingAnewAppliesTheVector() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(folder)
            try mark([0, 3, 9], .relative, in: folder)
            let report = try table.optimize()
            #expect(report.filesRemoved == 2 && report.filesAdded == 1)
            #expect(try DeltaFixture.ids(table.snapshot()) == [1, 2, 4, 5, 6, 7, 8, 10, 11])
            let state = try table.newestState()
            #expect(state.files.values.allSatisfy { $0.deletionVector == nil })
            #expect(state.tombstones.values.contains { $0.deletionVector != nil })
            // Its older version needs the vector while the file is kept.
            _ = try table.vacuum()
            #expect(try DeltaFixture.ids(table.snapshot(version: 3)).count == 9)
            _ = try table.restore(version: 3)
            #expect(try DeltaFixture.ids(table.snapshot()).count == 9)
            #expect(try table.snapshot().rowCount == 9)
            _ = try table.restore(version: 2)
            #expect(try DeltaFixture.ids(table.snapshot()).count == 12)
            _ = try table.vacuum(retention: 0)
            #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "ab/\(Self.name)").path))
            #expect(try DeltaFixture.ids(table.snapshot()).count == 12)
        }
    }

    /// A row that is only marked is still in its file.
    @Test func erasingTakesHiddenRowsToo() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(folder)
            try mark([3], .inline, in: folder)
            let user = try Columnar.Predicate("id = 3", schema: DeltaFixture.schema)
            let report = try table.delete(where: user)
            #expect(report.rowsDeleted == 0 && report.filesRemoved == 1)
            #expect(try table.newestState().files.values.allSatisfy { $0.deletionVector == nil })
            #expect(try DeltaFixture.ids(table.snapshot()).count == 11)
            #expect(try table.delete(where: user).version == nil)
        }
    }

    @Test func aDamagedVectorIsRefusedByName() async throws {
        let damages: [(String, (inout [UInt8]) -> Void)] = [
            ("version 2", { $0[0] = 2 }), ("says it has", { $0[4] ^= 1 }), ("checksum", { $0[12] ^= 1 }),
            ("checksum", { $0[$0.count - 1] ^= 1 }), ("passes its", { $0.removeLast() }),
        ]
        for (words, edit) in damages {
            try await withTemporaryFolder { folder in
                let table = try table(folder)
                try mark([0, 3, 9], .relative, in: folder, edit: edit)
                let error = #expect(throws: ColumnarError.self) { try DeltaFixture.ids(table.snapshot()) }
                let message = error?.message ?? ""
                #expect(message.contains(words) && message.contains(Self.name), "\(message)")
                #expect(try table.verify().problems.count == (words == "version 2" ? 0 : 1))
            }
        }
        try await withTemporaryFolder { folder in
            let table = try table(folder)
            try mark([3, 10], .relative, in: folder)
            let error = #expect(throws: ColumnarError.self) { try DeltaFixture.ids(table.snapshot()) }
            #expect(error?.message.contains("row 10") == true)
            try FileManager.default.removeItem(at: folder.appending(path: "ab/\(Self.name)"))
            #expect(throws: StorageError.self) { try DeltaFixture.ids(table.snapshot()) }
        }
    }
}

/// Deletion vectors as the protocol describes them, made by hand.
enum Roaring {
    /// A file of vectors: version, then each with its size and checksum.
    static func file(_ vectors: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = [1]
        for vector in vectors {
            bytes += big(UInt32(vector.count)) + vector + big(vector.withUnsafeBytes { crc32(of: $0) })
        }
        return bytes
    }

    private static func big(_ word: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) } }

    /// - Parameter rows: ascending.
    static func array(_ rows: [Int64]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: RoaringBitmapArray.magic)
        let parts = Dictionary(grouping: rows) { $0 >> 32 }
        bytes.append(littleEndian: Int64(parts.count))
        for (key, rows) in parts.sorted(by: { $0.key < $1.key }) {
            bytes.append(littleEndian: UInt32(key))
            bytes += bitmap(rows.map { UInt32(truncatingIfNeeded: $0) })
        }
        return bytes
    }

    /// The containers whose rows all follow each other are runs.
    private static func bitmap(_ rows: [UInt32]) -> [UInt8] {
        let containers = Dictionary(grouping: rows) { $0 >> 16 }.sorted { $0.key < $1.key }
        let isRun = containers.map { $0.value.count > 2 && $0.value.last! - $0.value[0] + 1 == UInt32($0.value.count) }
        var bytes: [UInt8] = []
        if isRun.contains(true) {
            bytes.append(littleEndian: 12347 | UInt32(containers.count - 1) << 16)
            var flags = [UInt8](repeating: 0, count: (containers.count + 7) / 8)
            for (index, run) in isRun.enumerated() where run { flags[index / 8] |= 1 << UInt8(index % 8) }
            bytes += flags
        } else {
            bytes.append(littleEndian: UInt32(12346))
            bytes.append(littleEndian: UInt32(containers.count))
        }
        for (key, rows) in containers {
            bytes.append(littleEndian: UInt16(key))
            bytes.append(littleEndian: UInt16(rows.count - 1))
        }
        let bodies = zip(containers, isRun).map { container, run -> [UInt8] in
            var body: [UInt8] = []
            let rows = container.value
            if run {
                body.append(littleEndian: UInt16(1))
                body.append(littleEndian: UInt16(truncatingIfNeeded: rows[0]))
                body.append(littleEndian: UInt16(rows.count - 1))
            } else if rows.count <= 4096 {
                for row in rows { body.append(littleEndian: UInt16(truncatingIfNeeded: row)) }
            } else {
                body = [UInt8](repeating: 0, count: 8192)
                for row in rows { body[Int(row & 0xFFFF) / 8] |= 1 << UInt8(row % 8) }
            }
            return body
        }
        if !isRun.contains(true) || containers.count >= 4 {
            var offset = UInt32(bytes.count + 4 * containers.count)
            for body in bodies {
                bytes.append(littleEndian: offset)
                offset += UInt32(body.count)
            }
        }
        return bytes + bodies.flatMap(\.self)
    }
}
