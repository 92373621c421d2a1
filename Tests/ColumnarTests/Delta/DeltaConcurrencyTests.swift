import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Columnar

/// Several writers on one table. They run on threads of their own: every call blocks.
struct DeltaConcurrencyTests {
    @Test func aNameIsTakenOnce() async throws {
        try await withTemporaryFolder { folder in
            let storage = LocalStorage(folder.path)
            let winners = Mutex<[[UInt8]]>([])
            DispatchQueue.concurrentPerform(iterations: 16) { writer in
                let bytes = [UInt8](repeating: UInt8(writer), count: 10_000)
                if (try? storage.putIfAbsent("log/1.json", bytes)) == true { winners.withLock { $0.append(bytes) } }
            }
            let won = winners.withLock { $0 }
            #expect(won.count == 1)
            let stored = try storage.read("log/1.json")
            let names = try storage.list("log", from: "").map(\.name)
            #expect(stored == won.first)
            #expect(names == ["1.json"])
        }
    }

    @Test func noAppendIsLost() async throws {
        try await withTemporaryFolder { folder in
            _ = try DeltaFixture.table(at: folder, partitionedBy: ["day"])
            let outcomes = Mutex<[CommitOutcome]>([])
            DispatchQueue.concurrentPerform(iterations: 4) { writer in
                for i in 0..<15 {
                    let start = (writer * 15 + i) * 3
                    let outcome = try? DeltaTable.open(at: folder.path).append([DeltaFixture.batch(start..<start + 3)])
                    if let outcome { outcomes.withLock { $0.append(outcome) } }
                }
            }
            let versions = outcomes.withLock { $0 }.compactMap { if case .committed(let v) = $0 { v } else { nil } }
            #expect(versions.sorted() == (1...60).map { Int64($0) })
            #expect(try DeltaFixture.ids(DeltaTable.open(at: folder.path).snapshot()) == (0..<180).map { Int64($0) })
        }
    }

    @Test func oneOfTwoInstancesWins() async throws {
        try await withTemporaryFolder { folder in
            let first = try DeltaFixture.table(at: folder)
            let second = try DeltaTable.open(at: folder.path)
            // Both know version 0; the second to commit must see the other's progress.
            let batch = try DeltaFixture.batch(0..<10)
            let progress = [Transaction(appID: "kafka:a", version: 10)]
            #expect(
                try first.append([batch], transactions: progress, expecting: ["kafka:a": nil]) == .committed(version: 1)
            )
            let outcome = try second.append([batch], transactions: progress, expecting: ["kafka:a": nil])
            guard case .conflict(version: 1, _) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(try second.append([batch], transactions: progress) == .alreadyCommitted(version: 1))
            // A marker may go down where the caller says what it expects.
            let lower = [Transaction(appID: "kafka:a", version: 3)]
            #expect(try second.append([], transactions: lower, expecting: ["kafka:a": 10]) == .committed(version: 2))
            #expect(try first.snapshot().transactions == ["kafka:a": 3])
            #expect(try first.snapshot().rowCount == 10)
            let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".parquet") }
            let live = try first.snapshot().fileCount
            #expect(files.count == live, "the losers' files are removed")
        }
    }

    @Test func winnersAreCheckedOneByOne() throws {
        let file = Add(
            path: "f", partitionValues: [:], size: 1, modificationTime: 0, dataChange: true, stats: nil, tags: nil)
        let blind = Action.commitInfo(CommitInfo(json: .object(["isBlindAppend": .bool(true)])))
        var append = PendingCommit(operation: "WRITE", actions: [.add(file)], isBlindAppend: true)
        append.actions.append(.transaction(SetTransaction(appID: "a", version: 1, lastUpdated: nil)))
        var rewrite = PendingCommit(operation: "DELETE", actions: [.remove(Remove(file, at: 0, dataChange: true))])
        #expect(append.conflict(with: [blind, .add(file)]) == nil)
        #expect(append.conflict(with: [.add(file)]) == nil)
        #expect(append.conflict(with: [.transaction(SetTransaction(appID: "b", version: 1, lastUpdated: nil))]) == nil)
        #expect(append.conflict(with: [.transaction(SetTransaction(appID: "a", version: 0, lastUpdated: nil))]) != nil)
        #expect(append.conflict(with: [.versions(ProtocolAction())]) != nil)
        #expect(rewrite.conflict(with: [blind, .add(file)]) == nil)
        #expect(rewrite.conflict(with: [.add(file)]) != nil)
        #expect(rewrite.conflict(with: [.remove(Remove(file, at: 0, dataChange: false))]) != nil)
        rewrite.isRearrangement = true
        #expect(rewrite.conflict(with: [.add(file)]) == nil)
    }

    @Test func readersSeeWholeCommitsOnly() async throws {
        try await withTemporaryFolder { folder in
            _ = try DeltaFixture.table(at: folder, partitionedBy: ["day"])
            let torn = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 3) { worker in
                do {
                    let table = try DeltaTable.open(at: folder.path)
                    if worker == 0 {
                        for i in 0..<30 { _ = try table.append([DeltaFixture.batch(i * 6..<i * 6 + 6)]) }
                        return
                    }
                    var version: Int64 = 0
                    while version < 30 {
                        let snapshot = try table.snapshot()
                        let ids = try DeltaFixture.ids(snapshot)
                        if ids != (0..<snapshot.version * 6).map({ $0 }) || snapshot.version < version {
                            torn.withLock { $0.append("version \(snapshot.version): \(ids.count) rows") }
                        }
                        version = snapshot.version
                    }
                } catch {
                    torn.withLock { $0.append("\(error)") }
                }
            }
            #expect(torn.withLock { $0 } == [])
        }
    }
}
