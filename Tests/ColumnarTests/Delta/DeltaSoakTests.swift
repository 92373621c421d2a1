import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Columnar

private final class SoakLog: Sendable {
    let failures = Mutex<[String]>([])
    let written = Atomic(0)
    /// Rounds by worker.
    let done = Mutex<[String: Int]>([:])
}

/// One writer, one optimiser, one deleter and four readers on one table for a while, each with a table of its own as
/// separate processes would have. Nothing may be torn, lost, seen twice, or given up.
struct DeltaSoakTests {
    private static let schema = Schema([
        Field("batch", .int64, nullable: false), Field("row", .int32, nullable: false),
        Field("passing", .bool, nullable: false), Field("at", .timestamp), Field("part", .string),
    ])
    private static let rowsPerBatch = 20
    /// Of each batch, these are deleted at some time.
    private static let passing = 5

    private static func batch(_ number: Int) throws -> RecordBatch {
        let rows = Array(0..<rowsPerBatch)
        return try RecordBatch(
            schema: schema,
            columns: [
                .int64(PrimitiveColumn(rows.map { _ in Int64(number) })),
                .int32(PrimitiveColumn(rows.map { Int32($0) })),
                .bool(PrimitiveColumn(rows.map { $0 < passing })),
                .timestamp(PrimitiveColumn(rows.map { Int64(-number * 1000 + $0) })),
                .string(BytesColumn(rows.map { "p\($0 % 3)" })),
            ])
    }

    /// What one reader has seen so far.
    private struct Reader {
        var newest: Int64 = -1
        var purged: Set<Int64> = []

        /// - Returns: what is wrong with a snapshot; nil if nothing is.
        mutating func look(at snapshot: Snapshot) throws -> String? {
            var rows: [Int64: [Int32]] = [:]
            var scan = try snapshot.scan(columns: ["batch", "row"])
            while let columns = try scan.next() {
                guard case .int64(let batches) = columns.columns[0], case .int32(let numbers) = columns.columns[1]
                else { return "columns of other types" }
                for (batch, row) in zip(batches.values, numbers.values) { rows[batch, default: []].append(row) }
            }
            let last = rows.keys.max() ?? -1
            if last < newest { return "version \(snapshot.version) ends at batch \(last), seen was \(newest)" }
            newest = last
            for batch in 0..<(last + 1) {
                let found = rows[batch]?.sorted() ?? []
                let all = (0..<Int32(rowsPerBatch)).map { $0 }
                if found == Array(all.dropFirst(passing)) {
                    purged.insert(batch)
                } else if found != all {
                    return "version \(snapshot.version) has rows \(found) of batch \(batch)"
                } else if purged.contains(batch) {
                    return "version \(snapshot.version) has deleted rows of batch \(batch) again"
                }
            }
            return nil
        }
    }

    @Test func nothingIsTornLostOrGivenUp() async throws {
        try await withTemporaryFolder { folder in
            _ = try DeltaTable.create(at: folder.path, schema: Self.schema, partitionedBy: ["part"])
            let log = SoakLog()
            let end = ContinuousClock.now + .seconds(Effort.rounds(8, nightly: 60))
            onThreads(7) { worker in
                let name =
                    ["writer", "optimiser", "deleter"].indices.contains(worker)
                    ? ["writer", "optimiser", "deleter"][worker] : "reader"
                do {
                    let table = try DeltaTable.open(at: folder.path)
                    var reader = Reader()
                    while ContinuousClock.now < end {
                        switch name {
                        case "writer":
                            let number = log.written.load(ordering: .relaxed)
                            let outcome = try table.append([Self.batch(number)])
                            guard case .committed = outcome else {
                                log.failures.withLock { $0.append("an append ended as \(outcome)") }
                                return
                            }
                            log.written.store(number + 1, ordering: .relaxed)
                        case "optimiser": _ = try table.optimize(targetSize: 1 << 20)
                        case "deleter":
                            let recent = Int64(log.written.load(ordering: .relaxed)) - 3
                            _ = try table.delete(
                                where: .and([
                                    .compare(column: "passing", .equal, .bool(true)),
                                    .compare(column: "batch", .lessOrEqual, .int(recent)),
                                ]))
                            Thread.sleep(forTimeInterval: 0.02)
                        default:
                            if let problem = try reader.look(at: table.snapshot()) {
                                log.failures.withLock { $0.append(problem) }
                                return
                            }
                        }
                        log.done.withLock { $0[name, default: 0] += 1 }
                    }
                } catch {
                    log.failures.withLock { $0.append("\(name): \(error)") }
                }
            }
            #expect(log.failures.withLock { $0 } == [])
            let table = try DeltaTable.open(at: folder.path)
            _ = try table.delete(where: .compare(column: "passing", .equal, .bool(true)))
            var reader = Reader()
            let snapshot = try table.snapshot()
            #expect(try reader.look(at: snapshot) == nil)
            let batches = log.written.load(ordering: .relaxed)
            #expect(reader.newest == Int64(batches) - 1)
            #expect(reader.purged.count == batches)
            #expect(try table.verify().problems == [])
            let counts = log.done.withLock { $0 }
            print("soak: version \(snapshot.version), \(counts.sorted { $0.key < $1.key })")
            // Or nobody met anybody.
            #expect(
                ["writer", "optimiser", "deleter", "reader"].allSatisfy { counts[$0, default: 0] > 1 }, "\(counts)")
        }
    }
}

/// Runs `body` on so many threads at once and waits for all: `concurrentPerform` starts no more than there are cores.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let all = DispatchGroup()
    for index in 0..<count {
        all.enter()
        Thread.detachNewThread {
            body(index)
            all.leave()
        }
    }
    all.wait()
}
