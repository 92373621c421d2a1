import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Columnar

/// A table that many small commits are added to is kept tidy beside the writer.
struct DeltaTidyTests {
    private static let schema = Schema([
        Field("id", .string, nullable: false), Field("at", .timestamp), Field("day", .date, nullable: false),
    ])
    private static let dayLength: Int64 = 86_400_000_000

    private static func batch(_ number: Int, day: Int64, rows: Int) throws -> RecordBatch {
        var random = SeededGenerator(seed: UInt64(number))
        return try RecordBatch(
            schema: schema,
            columns: [
                .string(BytesColumn((0..<rows).map { "\(number)-\($0)-\(random.next())" })),
                .timestamp(PrimitiveColumn((0..<rows).map { day * dayLength + Int64(number * 1000 + $0) })),
                .date(PrimitiveColumn((0..<rows).map { _ in Int32(day) })),
            ])
    }

    private static func ids(_ snapshot: Snapshot) throws -> [String] {
        var ids: [String] = []
        var scan = try snapshot.scan(columns: ["id"])
        while let batch = try scan.next() {
            guard let column = batch.columns[0].byteStrings else { continue }
            for row in 0..<column.count { ids.append(column.string(at: row) ?? "") }
        }
        return ids.sorted()
    }

    /// Three days of 24 hours of 12 commits, a day's rows being several files of the target size. The clock is simulated
    /// and sizes are a thousandth of the real ones; retention is over at once.
    @Test func aLongStreamEndsAsTidyAsItWasAfterAnHour() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaTable.create(
                at: folder.path, schema: Self.schema, partitionedBy: ["day"],
                configuration: [
                    "delta.logRetentionDuration": "interval 0 seconds",
                    "delta.deletedFileRetentionDuration": "interval 0 seconds",
                ])
            // Each tidier is a process of its own to the table.
            let tidier = try DeltaTable.open(at: folder.path)
            let policy = TidyPolicy(smallSize: 32 << 10, targetSize: 128 << 10, manyFiles: 10, quiet: 600)
            let start = Timestamp.now.microseconds / Self.dayLength
            var afterAnHour: (log: Int, files: Int, state: Int)?
            func load() throws -> (log: Int, files: Int, state: Int) {
                let log = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "_delta_log").path)
                let state = try DeltaTable.open(at: folder.path).newestState()
                return (log.count, state.files.count, state.files.count + state.tombstones.count)
            }
            var merges = 0
            for hour in 0..<72 {
                let day = start + Int64(hour / 24)
                for commit in 0..<12 {
                    let outcome = try table.append([Self.batch(hour * 12 + commit, day: day, rows: 50)])
                    guard case .committed = outcome else { return #expect(Bool(false), "\(outcome)") }
                }
                let now = Timestamp(microseconds: day * Self.dayLength + Int64(hour % 24 + 1) * 3_600_000_000)
                let report = try tidier.tidy(policy, now: now, vacuums: true)
                merges += report.merges
                if hour == 0 { afterAnHour = try load() }
            }
            // The last day is over, and nobody writes.
            _ = try tidier.tidy(
                policy, now: Timestamp(microseconds: (start + 4) * Self.dayLength), vacuums: true)
            let end = try load()
            let first = try #require(afterAnHour)
            #expect(end.log <= first.log + 25, "the log has \(end.log) files, after an hour it had \(first.log)")
            #expect(end.state <= first.state + 40, "\(end) after \(first)")
            #expect(merges > 50)
            let snapshot = try DeltaTable.open(at: folder.path).snapshot()
            for (day, files) in Dictionary(grouping: snapshot.files, by: { $0.partitionValues["day"] ?? "" }) {
                let sizes = files.map(\.size)
                #expect(sizes.count < 10 && sizes.allSatisfy { $0 >= 32 << 10 }, "\(day ?? ""): \(sizes)")
            }
            #expect(snapshot.rowCount == Int64(72 * 12 * 50))
            #expect(Set(try Self.ids(snapshot)).count == 72 * 12 * 50)
            #expect(try table.verify().problems.isEmpty)
            let data = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".parquet") && !$0.hasPrefix("_") }
            #expect(data.count == snapshot.files.count, "nothing that was merged is left")
        }
    }

    @Test func whatIsOpenOrFewIsLeftAlone() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaTable.create(at: folder.path, schema: Self.schema, partitionedBy: ["day"])
            let today = Timestamp.now.microseconds / Self.dayLength
            for number in 0..<6 { _ = try table.append([Self.batch(number, day: today - Int64(number % 2), rows: 3)]) }
            let policy = TidyPolicy(manyFiles: 4, quiet: 60)
            // Rows came just now, also to yesterday.
            #expect(try table.tidy(policy, now: .now).merges == 0)
            // A minute later only yesterday is closed.
            let report = try table.tidy(policy, now: Timestamp.now.advanced(bySeconds: 61))
            let isSameDay = (Timestamp.now.microseconds + 61_000_000) / Self.dayLength == today
            if isSameDay { #expect(report.merges == 1 && report.files == 4 && report.rewritten.filesRemoved == 3) }
            for number in 6..<8 { _ = try table.append([Self.batch(number, day: today, rows: 3)]) }
            #expect(try table.tidy(policy, now: .now).merges == 1, "today has many small files now")
            #expect(try table.tidy(policy, now: .now).isIdle)
            #expect(try table.snapshot().rowCount == 24)
        }
    }

    /// Two tidiers and a deleter beside a writer, each with a table of its own, as separate processes have.
    @Test func noCommitOfTheWriterFailsAndNothingIsMergedTwice() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.path
            let writer = try DeltaTable.create(at: path, schema: Self.schema, partitionedBy: ["day"])
            let commits = 150
            let notes = TidyNotes()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        try await onThread {
                            let table = try DeltaTable.open(at: path)
                            while !notes.isOver.load(ordering: .acquiring) {
                                do {
                                    let report = try table.tidy(TidyPolicy(manyFiles: 4))
                                    notes.merged.withLock { $0 += report.rewritten.filesRemoved }
                                } catch {
                                    notes.failures.withLock { $0.append("\(error)") }
                                }
                                usleep(1000)
                            }
                        }
                    }
                }
                group.addTask {
                    try await onThread {
                        defer { notes.isOver.store(true, ordering: .releasing) }
                        for number in 0..<commits {
                            let outcome = try writer.append(
                                [Self.batch(number, day: 20_000, rows: 2)],
                                transactions: [Transaction(appID: "w", version: Int64(number))],
                                expecting: ["w": number == 0 ? nil : Int64(number - 1)])
                            guard case .committed = outcome else {
                                notes.failures.withLock { $0.append("\(outcome)") }
                                return
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(notes.failures.withLock { $0 } == [])
            let snapshot = try DeltaTable.open(at: path).snapshot()
            #expect(try Self.ids(snapshot).count == commits * 2 && Set(try Self.ids(snapshot)).count == commits * 2)
            // Each file was taken away once, by one of them.
            var removed: [String] = []
            for version in 0...snapshot.version {
                for case .remove(let remove) in try writer.reader.actions(of: version) { removed.append(remove.path) }
            }
            #expect(Set(removed).count == removed.count && !removed.isEmpty)
            #expect(removed.count == notes.merged.withLock { $0 })
        }
    }
}

private final class TidyNotes: Sendable {
    let isOver = Atomic(false)
    /// Files that merges took away.
    let merged = Mutex(0)
    let failures = Mutex<[String]>([])
}

/// Runs blocking work on a thread of its own.
private func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        Thread { continuation.resume(with: Result(catching: body)) }.start()
    }
}
