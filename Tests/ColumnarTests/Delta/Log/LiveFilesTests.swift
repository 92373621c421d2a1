import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// The files of a checkpoint as they lie there, and what commits change of them, beside files that commits alone have made.
@Suite struct LiveFilesTests {
    private static let versions = ProtocolAction(
        minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["deletionVectors"],
        writerFeatures: ["deletionVectors"])
    private static let metaData = MetaData(
        id: "a", schemaString: SchemaString.text(of: Schema([Field("id", .int64)])), partitionColumns: [],
        configuration: [:])

    /// One of some files; of few of them rows are deleted, and names need escaping.
    private func add(_ number: Int, _ generator: inout SeededGenerator) -> Add {
        let folder = ["", "day=2026-11-30/", "source=ü%25 b/", "p=a:b/"][number % 4]
        var vector: DeletionVector?
        if number % 3 == 0, generator.below(2) == 0 {
            vector = DeletionVector(
                kind: .inline, pathOrInline: "vector-\(generator.below(3))", offset: nil, size: 8, cardinality: 1)
        }
        return Add(
            path: "\(folder)part-\(number).parquet", partitionValues: ["p": number % 5 == 0 ? nil : "v\(number % 5)"],
            size: Int64(number), modificationTime: Int64(number), dataChange: false,
            stats: number % 7 == 0 ? nil : "{\"numRecords\":\(number)}", tags: number % 2 == 0 ? ["t": "u"] : nil,
            details: vector.map { FileDetails(deletionVector: $0) })
    }

    private func same(_ a: LogState, _ b: LogState) {
        #expect(a.files == b.files)
        #expect(a.files.keys == b.files.keys)
        #expect(a.files.count == b.files.count && a.files.count == a.files.values.count)
        #expect(a.files.byteCount == b.files.byteCount)
        #expect(a.files.byteCount == a.files.values.reduce(0) { $0 + $1.size })
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>) func checkpointsAndCommitsMakeTheSameFiles(seed: UInt64) async throws
    {
        try await withTemporaryFolder { folder in
            var generator = SeededGenerator(seed: seed)
            let storage = LocalStorage(folder.path)
            let first = (0..<40).map { add($0, &generator) }
            var known = LogState.empty
            known.apply([.versions(Self.versions), .metaData(Self.metaData)] + first.map { .add($0) })
            known.version = 7
            try CheckpointWriter(storage: storage).write(known, now: .now)
            var loaded = try LogReader(storage: storage).load()
            same(known, loaded)
            for _ in 0..<60 {
                let number = generator.below(50)
                let live = known.files.values.first { $0.modificationTime == number }
                var actions: [Action] = []
                if let live { actions.append(.remove(Remove(live, at: 1, dataChange: true))) }
                if live == nil || generator.below(3) == 0 {
                    let new = add(number, &generator)
                    // The new form of a file may stand before the old one's end.
                    if new.key != live?.key { actions.insert(.add(new), at: generator.below(actions.count + 1)) }
                }
                known.apply(actions)
                loaded.apply(actions)
                let path = add(number, &generator).path
                #expect(known.file(at: path) == loaded.file(at: path))
                #expect(known.file(at: path)?.path == known.files.values.first { $0.path == path }?.path)
                for add in first.prefix(5) { #expect(known.files.contains(add.key) == loaded.files.contains(add.key)) }
            }
            same(known, loaded)
            // And once more through a checkpoint.
            known.version = 8
            loaded.version = 8
            try CheckpointWriter(storage: storage).write(loaded, now: .now)
            same(known, try LogReader(storage: storage).load())
        }
    }

    @Test func pathsThatArePlainAreToldFromOthers() {
        func isPlain(_ text: String) -> Bool {
            Array(text.utf8).withUnsafeBufferPointer { PartitionPath.isPlain($0) }
        }
        for text in ["part-0.parquet", "day=2026-11-30/part.parquet", "a.b/c.d"] {
            #expect(isPlain(text), "\(text)")
            #expect((try? PartitionPath.decodedFromLog(text, file: "")) == text)
        }
        for text in ["", "/a", "a//b", "../a", "a/../b", "a%20b", "s3://b/c", "ü", "a\0b"] {
            #expect(!isPlain(text), "\(text)")
            // Wherever it stands among others, also across the blocks that are looked at together.
            for before in [0, 20, 31, 32, 33, 70] where !text.isEmpty && text != "/a" {
                let bytes = Array((String(repeating: "x", count: before) + text + "yyyyy").utf8)
                #expect(!bytes.withUnsafeBufferPointer { PartitionPath.arePlain($0) }, "\(text) after \(before)")
            }
        }
        #expect([UInt8]().withUnsafeBufferPointer { PartitionPath.arePlain($0) })
    }

    /// A file without a size or with a vector that cannot be is refused, as it is in a commit.
    @Test func whatAFileCannotDoWithoutIsRefused() throws {
        let paths = Column.string(BytesColumn(["a", "b"]))
        let sizes = Column.int64(PrimitiveColumn([1, 0], validity: [true, false]))
        for (children, message) in [
            ([paths, sizes], "size"),
            ([.string(BytesColumn(["a", nil] as [String?])), .int64(PrimitiveColumn([1, 2]))], "path"),
            ([.string(BytesColumn(["a", "../b"])), .int64(PrimitiveColumn([1, 2]))], "not a path inside"),
        ] {
            let column = Column.structure(StructColumn(children: children, count: 2))
            let type = ColumnType.structure([Field("path", .string), Field("size", .int64)])
            let rows = try #require(StructRows(column, type: type))
            let error = #expect(throws: ColumnarError.self) {
                try StoredAdds(column, rows, stats: .none, file: "a checkpoint")
            }
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        }
    }
}
