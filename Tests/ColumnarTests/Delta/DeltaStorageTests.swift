import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// A table in each storage there is, and on a disk that is full.
struct DeltaStorageTests {
    /// Runs `body` with each implementation.
    private func withEach(_ body: (any Storage) throws -> Void) async throws {
        try body(MemoryStorage())
        try await withTemporaryFolder { try body(LocalStorage($0.path)) }
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
