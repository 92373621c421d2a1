import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// What every storage promises, asked of each there is; and a table on a disk that is full.
struct DeltaStorageTests {
    /// Runs `body` with each implementation.
    private func withEach(_ body: (any Storage) throws -> Void) async throws {
        try body(MemoryStorage())
        try await withTemporaryFolder { try body(LocalStorage($0.path)) }
    }

    @Test func aNameIsTakenOnceAndListedInOrder() async throws {
        try await withEach { storage in
            #expect(try storage.status("log/2") == nil)
            #expect(try storage.list("log", from: "").isEmpty)
            for name in ["3", "1", "2", "10"] { #expect(try storage.putIfAbsent("log/\(name)", Array(name.utf8))) }
            #expect(try !storage.putIfAbsent("log/2", Array("other".utf8)))
            #expect(try storage.read("log/2") == Array("2".utf8))
            #expect(try storage.list("log", from: "").map(\.name) == ["1", "10", "2", "3"])
            #expect(try storage.list("log", from: "2").map(\.name) == ["2", "3"])
            #expect(try storage.status("log/10")?.size == 2)
            try storage.replace("log/2", Array("new".utf8))
            #expect(try storage.read("log/2") == Array("new".utf8))
            try storage.delete("log/2")
            try storage.delete("log/2")
            #expect(try storage.status("log/2") == nil)
        }
    }

    @Test func objectsAreReadByRanges() async throws {
        try await withEach { storage in
            let writer = try storage.create("a=1/b c/data")
            try writer.write([1, 2, 3])
            try writer.write([4, 5])
            try writer.finish()
            let object = try storage.open("a=1/b c/data")
            #expect(object.size == 5)
            #expect(try object.read(1..<4) == [2, 3, 4])
            #expect(try object.read(5..<5) == [])
            #expect(throws: ColumnarError.self) { try object.read(3..<6) }
            #expect(throws: ColumnarError.missingFile(path: "\(storage.location)/none")) { try storage.open("none") }
            #expect(try storage.putIfAbsent("_log/x", [1]))
            #expect(try storage.listData().map(\.name) == ["a=1/b c/data"])
            try storage.create("given/up").abandon()
            #expect(try storage.status("given/up") == nil)
        }
    }

    @Test func aTableLivesInEach() async throws {
        try await withEach { storage in
            let table = try DeltaTable.create(storage, schema: DeltaFixture.schema, partitionedBy: ["day", "source"])
            for i in 0..<12 {
                let batch = try DeltaFixture.batch(i * 6..<i * 6 + 6, sources: DeltaFixture.strangeSources)
                #expect(try table.append([batch]) == .committed(version: Int64(i) + 1))
            }
            _ = try table.delete(where: .compare(column: "id", .less, .int(6)))
            _ = try table.optimize()
            let fresh = try DeltaTable.open(storage)
            #expect(try DeltaFixture.ids(fresh.snapshot()) == (6..<72).map { Int64($0) })
            #expect(try fresh.verify().problems == [])
            #expect(try DeltaFixture.ids(fresh.snapshot(version: 5)).count == 30)
        }
    }

    /// Every operation, with room for so many bytes and no more: it is done or it is not, and says which file found no
    /// room; nobody is left with half of it.
    @Test func aFullDiskHarmsNothing() throws {
        let base = MemoryStorage()
        let table = try DeltaTable.create(base, schema: DeltaFixture.schema, partitionedBy: ["day"])
        for i in 0..<8 { _ = try table.append([DeltaFixture.batch(i * 10..<i * 10 + 10)]) }
        let operations: [(name: String, body: (DeltaTable) throws -> Void, rows: Int)] = [
            ("append", { _ = try $0.append([DeltaFixture.batch(80..<100)]) }, 100),
            ("delete", { _ = try $0.delete(where: .compare(column: "id", .less, .int(15))) }, 65),
            ("optimize", { _ = try $0.optimize() }, 80),
            ("restore", { _ = try $0.restore(version: 4) }, 40),
            ("checkpoint", { try $0.writeCheckpoint() }, 80),
        ]
        for (name, body, rows) in operations {
            var failures = 0
            for limit in stride(from: 0, through: 30_000, by: 1000) {
                let storage = base.copy(limit: limit)
                let outcome = Result { try body(DeltaTable.open(storage)) }
                let fresh = try DeltaTable.open(storage.copy())
                let found = try DeltaFixture.ids(fresh.snapshot()).count
                switch outcome {
                case .success: #expect(found == rows, "\(name) with \(limit) bytes")
                case .failure(let error):
                    failures += 1
                    #expect(found == 80, "\(name) with \(limit) bytes: \(error)")
                    #expect("\(error)".contains("memory/") && "\(error)".contains("No space left"), "\(error)")
                }
                let state = try fresh.newestState()
                let orphans = try storage.listData().map(\.name).filter {
                    state.files[$0] == nil && state.tombstones[$0] == nil
                }
                #expect(orphans == [], "\(name) with \(limit) bytes left something behind")
                #expect(try fresh.verify().problems == [])
                _ = try fresh.append([DeltaFixture.batch(200..<201)])
                #expect(try fresh.snapshot().rowCount == Int64(found) + 1)
            }
            #expect(failures > 0 && failures < 31, "\(name): \(failures)")
        }
    }
}
