import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Trainer

@Suite struct SafetensorsTests {
    /// A small file of every element type.
    private func write(to path: String) throws {
        try Safetensors.write(
            [
                .init("bytes", [3], .uint8([1, 2, 3])),
                .init("floats", [2, 2], .float32([1, -2, 0.5, .infinity])),
                .init("longs", [2], .int64([.min, .max])),
                .init("ints", [1], .int32([-7])),
                .init("nothing", [0, 4], .float32([])),
            ], metadata: ["note": "a \"quoted\" \\ line\n"], to: path)
    }

    @Test func readsBackWhatWasWritten() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.safetensors").path
            try write(to: path)
            let file = try SafetensorsFile(path: path)
            #expect(Array(try file.floats("floats", shape: [2, -1])) == [1, -2, 0.5, .infinity])
            #expect(Array(try file.int64s("longs", shape: [2])) == [.min, .max])
            #expect(Array(try file.int32s("ints", shape: [1])) == [-7])
            #expect(Array(try file.bytes("bytes", shape: [-1])) == [1, 2, 3])
            #expect(try file.floats("nothing", shape: [0, 4]).isEmpty)
            #expect(file.metadata == ["note": "a \"quoted\" \\ line\n"])
            #expect(throws: TrainerError.self) { try file.floats("floats", shape: [4]) }
            #expect(throws: TrainerError.self) { try file.floats("ints", shape: [1]) }
            #expect(throws: TrainerError.self) { try file.floats("absent", shape: [1]) }
        }
    }

    @Test func refusesEveryTruncation() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.safetensors").path
            try write(to: path)
            let whole = try Files.read(path)
            for length in 0..<whole.count {
                let cut = folder.appending(path: "cut").path
                try Files.write(Array(whole[0..<length]), to: cut)
                let error = #expect(throws: TrainerError.self, "cut to \(length)") { try SafetensorsFile(path: cut) }
                guard case .damagedModelFile(let named, _) = error else {
                    Issue.record("cut to \(length): \(String(describing: error))")
                    continue
                }
                #expect(named == cut)
            }
            try Files.write(whole + [0], to: path)
            #expect(throws: TrainerError.self) { try SafetensorsFile(path: path) }
        }
    }

    /// Whatever single byte changes, opening either works or throws; it never crashes.
    @Test func survivesEveryChangedByte() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.safetensors").path
            try write(to: path)
            let whole = try Files.read(path)
            var generator = SeededGenerator(seed: 5)
            for position in whole.indices {
                var bytes = whole
                bytes[position] ^= UInt8(1 << generator.below(8))
                let changed = folder.appending(path: "changed").path
                try Files.write(bytes, to: changed)
                _ = try? SafetensorsFile(path: changed)
            }
        }
    }

    @Test func findsIdentifiersByBinarySearch() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "ids").path
            var generator = SeededGenerator(seed: 2)
            var ids = ["", "é", "e", "日本", "a\u{0}b"]
            for _ in 0..<500 {
                let id = String(generator.next() % 10_000)
                if !ids.contains(id) { ids.append(id) }
            }
            var pool = IdentifierPool()
            for (index, id) in ids.enumerated() {
                #expect(pool.index(of: id) == nil)
                #expect(pool.insert(id) == Int32(index))
                #expect(pool.insert(id) == Int32(index))
            }
            #expect(pool.ids == ids)
            try Safetensors.write(IdentifierTable.tensors(pool, name: "user"), to: path)
            let table = try IdentifierTable(SafetensorsFile(path: path), name: "user")
            #expect(table.count == ids.count)
            for (index, id) in ids.enumerated() {
                #expect(table.index(of: id) == Int32(index))
                #expect(table.id(at: index) == id)
                #expect(table.index(of: id + "x") == nil || ids.contains(id + "x"))
            }
            #expect(table.index(of: "zzz") == nil)
        }
    }
}
