import Columnar
import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import ObjectStore

/// What is true of an object store and of no disk.
@Suite(.enabled(if: ObjectServer.isAvailable, "moto is not in .venv: make venv"))
struct StorageTests {
    /// A scan of three columns asks for their bytes and the footer: nothing of the others comes over the line.
    @Test func aScanFetchesItsColumnsAlone() async throws {
        let server = try await ConformanceTests.server.value
        try await withTemporaryFolder { folder in
            let storage = try ConformanceTests.storage(on: server, prefix: "/\(UUID())", cache: folder.path)
            let wide = (0..<8).map { "text\($0)" }
            let narrow = ["user", "item", "value"]
            let schema = Schema(narrow.map { Field($0, .int64) } + wide.map { Field($0, .string) })
            var random = SeededGenerator(seed: 3)
            let rows = 6000
            let columns = narrow.map { _ in
                Column.int64(PrimitiveColumn((0..<rows).map { _ in Int64(random.next() >> 40) }))
            }
            let texts = wide.map { _ in
                Column.string(BytesColumn((0..<rows).map { _ in "\(random.next())\(random.next())\(random.next())" }))
            }
            let table = try DeltaTable.create(storage, schema: schema)
            _ = try table.append([RecordBatch(schema: schema, columns: columns + texts)])
            let file = try #require(try table.snapshot().files.first)

            let before = server.requests.count
            var scan = try DeltaTable.open(storage).snapshot().scan(columns: narrow)
            var read = 0
            while let batch = try scan.next() { read += batch.rowCount }
            #expect(read == rows)
            let fetched = server.requests[before...].filter { $0.method == "GET" && $0.target.contains(".parquet") }
            let bytes = fetched.reduce(0) { $0 + $1.bytes }
            print("a scan of 3 of 11 columns: \(bytes) of \(file.size) bytes in \(fetched.count) requests")
            #expect(bytes < 3 * rows * 8 + S3Object.tailSize && bytes * 4 < file.size)
            // The end of the file with its footer, and the three columns that lie side by side.
            #expect(fetched.count == 2 && fetched.allSatisfy { $0.range != nil })
        }
    }

    @Test func aLargeObjectComesInPartsAndTakesNoNameTwice() async throws {
        let server = try await ConformanceTests.faulty.value
        try await ConformanceTests.withStorage(on: server) { storage in
            let block = (0..<4099).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
            var bytes: [UInt8] = []
            while bytes.count < 9 << 20 { bytes += block }
            let first = try storage.create("data")
            let second = try storage.create("data")
            for writer in [first, second] {
                for start in stride(from: 0, to: bytes.count, by: 3 << 20) {
                    try writer.write(Array(bytes[start..<min(start + 3 << 20, bytes.count)]))
                }
            }
            try first.finish()
            #expect(throws: StorageError.self) { try second.finish() }
            #expect(try storage.read("data") == bytes)
            #expect(try Data(contentsOf: URL(filePath: storage.localPath("data"))) == Data(bytes))
        }
    }

    @Test func listingsHaveMorePagesThanOne() async throws {
        let server = try await ConformanceTests.server.value
        try await ConformanceTests.withStorage(on: server) { storage in
            let names = (0..<90).map { String($0 + 10_000) }
            for name in names { _ = try storage.client.put(storage.key("log/\(name)"), [], if: .none) }
            let all = try storage.list("log", from: "").map(\.name)
            #expect(all == names)
            #expect(try storage.list("log", from: "10030").map(\.name) == Array(names[30...]))
        }
    }

    /// Two programs on one bucket: what one process settles by itself, they settle by the service.
    @Test func processesTakeTurns() async throws {
        let server = try await ConformanceTests.server.value
        try await withTemporaryFolder { folder in
            let prefix = "/\(UUID())"
            let storages = try (0..<2).map { number in
                try ConformanceTests.storage(
                    on: server, prefix: prefix, cache: folder.appending(path: "\(number)").path)
            }
            try storages[0].replace("count", [0])
            let failures = Mutex<[any Error]>([])
            DispatchQueue.concurrentPerform(iterations: 2) { number in
                do {
                    for line in 0..<8 {
                        try storages[number].withLock(".lock") {
                            let count = try storages[number].read("count")[0]
                            try storages[number].replace("count", [count + 1])
                        }
                        try storages[number].append("history", Array("\(number) \(line)\n".utf8))
                    }
                } catch { failures.withLock { $0.append(error) } }
            }
            #expect(failures.withLock { $0 }.isEmpty)
            #expect(try storages[0].read("count") == [16])
            let lines = try String(decoding: storages[0].read("history"), as: UTF8.self).split(separator: "\n")
            #expect(Set(lines).count == 16 && lines.count == 16)
        }
    }

    @Test func theLockOfADeadHolderIsFreeAfterItsTerm() async throws {
        let server = try await ConformanceTests.server.value
        try await ConformanceTests.withStorage(on: server) { storage in
            // A holder that never renews: what a killed process leaves.
            try storage.replace(".lock", Array("somebody".utf8))
            let lock = S3Lock(storage.client, key: storage.key(".lock"), term: .seconds(1))
            try lock.acquire()
            lock.release()
            #expect(try storage.read(".lock").isEmpty)
        }
    }

    /// A name whose maker died keeps others off that name, and off no other.
    @Test func whatADeadMakerUploadedIsNoFolder() async throws {
        let server = try await ConformanceTests.server.value
        try await ConformanceTests.withStorage(on: server) { storage in
            _ = try storage.putIfAbsent("one/data", [1])
            let staged = try storage.stage()
            for name in ["data", "last"] {
                try Data([2]).write(to: URL(filePath: staged.path).appending(path: name))
            }
            #expect(try !staged.publish(as: "one", last: "last"))
            #expect(try staged.publish(as: "two", last: "last"))
            #expect(try storage.read("one/data") == [1] && storage.list("one", from: "").map(\.name) == ["data"])
        }
    }

    /// A model that is gone from the bucket, because it knew somebody who asked to be forgotten, goes from other machines' disks.
    @Test func copiesOfWhatIsNoMoreGo() async throws {
        let server = try await ConformanceTests.server.value
        try await withTemporaryFolder { folder in
            let prefix = "/\(UUID())"
            let first = try ConformanceTests.storage(on: server, prefix: prefix, cache: folder.path)
            for name in ["gone", "old", "young"] { _ = try first.putIfAbsent(name, [1, 2, 3]) }
            let copies = try ["gone", "old", "young"].map { try first.localPath($0) }
            let half = URL(filePath: copies[0]).deletingLastPathComponent().appending(path: ".tmp-1-2")
            try Data([1]).write(to: half)
            for path in [copies[0] + ".etag", copies[1] + ".etag", half.path] {
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSinceNow: -2 * 86_400)], ofItemAtPath: path)
            }
            // By another machine, which knows nothing of this one's copies.
            for name in ["gone", "young"] { try first.client.delete(first.key(name)) }

            let second = try ConformanceTests.storage(on: server, prefix: prefix, cache: folder.path)
            #expect(try second.localPath("old") == copies[1])
            let left = try #require(FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String])
            #expect(!left.contains { $0.contains("gone") || $0.contains(".tmp-") }, "\(left)")
            #expect(copies[1...].allSatisfy { FileManager.default.fileExists(atPath: $0) })
        }
    }
}
