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
                // Half of it chance, as event identifiers are.
                .string(BytesColumn((0..<rows).map { "\(number)-\($0)-\(random.next())-\(random.next())" })),
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

    /// A day's rows are several files of the target size; the clock is simulated. In `make test` three days of 24 hours of 12
    /// commits with sizes a thousandth of the real ones, in `make nightly` a day of a commit a second with the real sizes
    /// (`MARQUEE_TIDY_COMMITS` an hour, 3,600 if it is not set).
    @Test(arguments: [true, false])
    func aLongStreamEndsAsTidyAsItWasAfterAnHour(hasFolders: Bool) async throws {
        try await longStream(hasFolders: hasFolders, days: 3, commits: 12, rows: 50, scale: 1 << 10, many: 10)
    }

    @Test(.enabled(if: Effort.isNightly, "an hour of small commits: make nightly"))
    func aDayOfACommitASecondEndsWithLargeFiles() async throws {
        let commits = ProcessInfo.processInfo.environment["MARQUEE_TIDY_COMMITS"].flatMap { Int($0) } ?? 3600
        try await longStream(hasFolders: false, days: 1, commits: commits, rows: 400, scale: 1, many: 60)
    }

    /// - Parameter scale: so many times smaller than the real ones are the sizes.
    private func longStream(
        hasFolders: Bool, days: Int, commits: Int, rows: Int, scale: Int64, many: Int
    ) async throws {
        try await withTemporaryFolder { folder in
            var properties = [
                "delta.logRetentionDuration": "interval 0 seconds",
                "delta.deletedFileRetentionDuration": "interval 0 seconds",
            ]
            if !hasFolders { properties[MetaData.clusterProperty] = "day" }
            let table = try DeltaTable.create(
                at: folder.path, schema: Self.schema, partitionedBy: hasFolders ? ["day"] : [],
                configuration: properties)
            // Each tidier is a process of its own to the table.
            let tidier = try DeltaTable.open(at: folder.path)
            let smallSize = (32 << 20) / scale
            let policy = TidyPolicy(
                smallSize: smallSize, targetSize: 4 * smallSize, manyFiles: many, quiet: 600, hours: 0, days: 0)
            let start = Timestamp.now.microseconds / Self.dayLength
            struct Load { var log = 0, files = 0, state = 0, seconds = 0.0 }
            func load() throws -> Load {
                let log = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "_delta_log").path)
                var state = LogState.empty
                let time = try ContinuousClock().measure { state = try DeltaTable.open(at: folder.path).newestState() }
                return Load(
                    log: log.count, files: state.files.count, state: state.files.count + state.tombstones.count,
                    seconds: time / .seconds(1))
            }
            var afterAnHour = Load()
            var merges = 0
            // What a tidier of a real stream does twice a minute.
            let looks = max(1, commits / 30)
            for hour in 0..<24 * days {
                let day = start + Int64(hour / 24)
                for commit in 0..<commits {
                    let outcome = try table.append([Self.batch(hour * commits + commit, day: day, rows: rows)])
                    guard case .committed = outcome else { return #expect(Bool(false), "\(outcome)") }
                    if commit % looks == looks - 1 {
                        let second = Int64(hour % 24) * 3600 + Int64(commit + 1) * 3600 / Int64(commits)
                        let now = Timestamp(microseconds: day * Self.dayLength + second * 1_000_000)
                        merges += try tidier.tidy(policy, now: now, vacuums: commit == commits - 1).merges
                    }
                }
                if hour == 0 { afterAnHour = try load() }
            }
            // The last day is over, and nobody writes.
            _ = try tidier.tidy(
                policy, now: Timestamp(microseconds: (start + Int64(days) + 1) * Self.dayLength), vacuums: true)
            let end = try load()
            #expect(end.log <= afterAnHour.log + 25, "the log has \(end.log) files, after an hour \(afterAnHour.log)")
            #expect(end.state <= afterAnHour.state + 60, "\(end) after \(afterAnHour)")
            #expect(merges > 50)
            let snapshot = try DeltaTable.open(at: folder.path).snapshot()
            // Of rows of few bytes a file has as many as are sorted at once.
            let manyRows = DeltaTable.rowsAtOnce / 4
            for (day, files) in Dictionary(grouping: snapshot.files, by: { $0.partitionValues["day"] ?? "" }) {
                #expect(
                    files.allSatisfy { $0.size >= smallSize || $0.rowCount ?? 0 >= manyRows },
                    "\(day ?? ""): \(files.map(\.size))")
            }
            #expect(snapshot.rowCount == Int64(24 * days * commits * rows))
            if rows * commits < 10_000 { #expect(Set(try Self.ids(snapshot)).count == 24 * days * commits * rows) }
            #expect(try table.verify().problems.isEmpty)
            let data = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".parquet") && !$0.hasPrefix("_") }
            #expect(data.count == snapshot.files.count, "nothing that was merged is left")
            if Effort.isNightly {
                print("\(24 * days) h of \(commits) commits: an hour \(afterAnHour), the end \(end), \(merges) merges")
                print("sizes in MiB: \(snapshot.files.map { $0.size >> 20 }.sorted())")
            }
        }
    }

    /// A stream's table keeps all versions for a short while, and then one of each hour and day.
    @Test func oneVersionOfAnHourStaysReadable() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaTable.create(
                at: folder.path, schema: Self.schema,
                configuration: [
                    MetaData.clusterProperty: "day", "delta.logRetentionDuration": "interval 0 seconds",
                    "delta.deletedFileRetentionDuration": "interval 0 seconds",
                ])
            let day = Timestamp.now.microseconds / Self.dayLength
            let policy = TidyPolicy(
                smallSize: 1 << 20, targetSize: 4 << 20, manyFiles: 4, quiet: 600, hours: 3, days: 2)
            let start = Timestamp.now
            // What each hour ended with.
            var hours: [[String]] = []
            for hour in 0..<8 {
                for commit in 0..<11 { _ = try table.append([Self.batch(hour * 11 + commit, day: day, rows: 2)]) }
                let now = start.advanced(bySeconds: Double(hour) * 3600)
                for _ in 0..<2 { _ = try table.tidy(policy, now: now, vacuums: true) }
                hours.append(try Self.ids(table.snapshot()))
            }
            let kept = try KeptVersions(storage: table.storage).entries()
            #expect(kept.filter { $0.keeper == "hour" }.count <= 4, "\(kept)")
            for entry in kept {
                let old = try Self.ids(DeltaTable.open(at: folder.path).snapshot(version: entry.version))
                #expect(hours.contains(old), "version \(entry.version) has \(old.count) rows")
            }
            // What lies between is gone, and said to be.
            if let first = kept.first?.version {
                #expect {
                    try DeltaTable.open(at: folder.path).snapshot(version: first + 1)
                } throws: { error in
                    (error as? ColumnarError)?.code == "no-such-version"
                }
            }
            #expect(try DeltaTable.open(at: folder.path).verify().problems.isEmpty)
            // Erasing takes them too.
            _ = try table.vacuum(retention: 0)
            #expect(try KeptVersions(storage: table.storage).entries().isEmpty)
            let data = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".parquet") && !$0.hasPrefix("_") }
            #expect(data.count == (try table.snapshot().fileCount))
        }
    }

    /// The version of a time between two that are kept is gone, and another one in its place would be a lie.
    @Test func aTimeBetweenTwoKeptVersionsIsRefusedAndNamesBoth() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaTable.create(
                at: folder.path, schema: Self.schema,
                configuration: [
                    "delta.logRetentionDuration": "interval 0 seconds",
                    "delta.deletedFileRetentionDuration": "interval 0 seconds",
                ])
            func commit(_ number: Int) throws { _ = try table.append([Self.batch(number, day: 20_000, rows: 2)]) }
            for number in 0..<3 { try commit(number) }
            try table.keep(version: 2, until: Timestamp.now.advanced(bySeconds: 3600), by: "train", atMost: 9)
            for number in 3..<23 { try commit(number) }
            try table.keep(version: 20, until: Timestamp.now.advanced(bySeconds: 3600), by: "train", atMost: 9)
            for number in 23..<46 { try commit(number) }
            // Files tell when a version was committed: one a minute. Then all is cleaned that nobody keeps.
            let log = folder.appending(path: "_delta_log").path
            for name in try FileManager.default.contentsOfDirectory(atPath: log) where name.hasSuffix(".json") {
                guard let version = Double(name.dropLast(5)) else { continue }
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000 + version * 60)],
                    ofItemAtPath: "\(log)/\(name)")
            }
            _ = try table.tidy(TidyPolicy(hours: 0, days: 0), vacuums: true)
            let reopened = try DeltaTable.open(at: folder.path)
            func version(at minutes: Double) throws -> Int64 {
                try reopened.snapshot(asOf: Timestamp(seconds: 1_700_000_000 + Int64(minutes * 60))).version
            }
            #expect(throws: ColumnarError.self) { try reopened.snapshot(version: 3) }
            // At its own time a kept version was in force; later another one was.
            #expect(try version(at: 2) == 2 && version(at: 20) == 20)
            for minutes in [2.5, 11, 19.9] {
                #expect {
                    try version(at: minutes)
                } throws: { error in
                    let error = error as? ColumnarError
                    return error?.code == "no-such-version" && error?.message.contains("2") == true
                        && error?.message.contains("20") == true
                }
            }
            #expect(throws: ColumnarError.self) { try version(at: 25) }
            #expect(throws: ColumnarError.self) { try version(at: 1) }
            #expect(try version(at: 1000) == 46)
        }
    }

    /// A version that somebody needs, such as one that a model was trained on.
    @Test func aKeptVersionOutlivesTheRetention() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaTable.create(
                at: folder.path, schema: Self.schema,
                configuration: [
                    MetaData.clusterProperty: "day", "delta.logRetentionDuration": "interval 0 seconds",
                    "delta.deletedFileRetentionDuration": "interval 0 seconds",
                ])
            let policy = TidyPolicy(manyFiles: 2, hours: 0, days: 0)
            for number in 0..<3 { _ = try table.append([Self.batch(number, day: 20_000, rows: 2)]) }
            let ids = try Self.ids(table.snapshot())
            let until = Timestamp.now.advanced(bySeconds: 3600)
            try table.keep(version: 3, until: until, by: "train", atMost: 2)
            for number in 3..<40 {
                _ = try table.append([Self.batch(number, day: 20_000, rows: 2)])
                _ = try table.tidy(policy, vacuums: true)
            }
            let opened = try DeltaTable.open(at: folder.path)
            #expect(try Self.ids(opened.snapshot(version: 3)) == ids)
            #expect(try opened.snapshot().rowCount == 80)
            // Three are more than this keeper may have.
            for _ in 0..<2 {
                _ = try table.append([Self.batch(90, day: 20_000, rows: 2)])
                try table.keep(version: table.snapshot().version, until: until, by: "train", atMost: 2)
            }
            let kept = try KeptVersions(storage: table.storage).entries()
            #expect(kept.count == 2 && !kept.contains { $0.version == 3 })
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
