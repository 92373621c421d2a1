public import Columnar
public import Domain
internal import Foundation
public import Operations
public import Store

/// Keeps tables tidy beside those who write to them: merges small files, removes what nobody needs, shortens the log.
///
/// One thread with the least priority, one table and one merge at a time. A table that cannot be worked on is logged and
/// looked at again later; it never stops whoever writes. Several processes on one table take turns.
public final class TidyService: Service {
    public let name = "tidy"
    private let tables: [any Storage]
    private let interval: Duration
    private let policy: TidyPolicy
    private let clock: @Sendable () -> Timestamp
    private let log = Log("tidy")

    /// - Parameters:
    ///   - tables: where they lie; those that are not there yet are looked for again.
    ///   - interval: how long between two looks.
    ///   - clock: decides which days are over.
    public init(
        tables: [any Storage], every interval: Duration = .seconds(30), policy: TidyPolicy = TidyPolicy(),
        clock: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.tables = tables
        self.interval = interval
        self.policy = policy
        self.clock = clock
    }

    /// The tables that ingestion writes, in this store.
    public convenience init(
        store: EventStore, every interval: Duration = .seconds(30), policy: TidyPolicy = TidyPolicy()
    ) {
        self.init(
            tables: TableContract.all.map { store.storage.folder($0.name) }, every: interval, policy: policy)
    }

    /// Works until cancelled. A merge that is under way is given up then; nothing is lost.
    public func run() async throws {
        var states = tables.map { TableState($0) }
        while !Task.isCancelled {
            do {
                states = try await BlockingWork.run(name, priority: .least) { [self, states] flag in
                    try states.map { try look(at: $0, flag) }
                }
            } catch is CancellationError {
                return
            }
            try? await Task.sleep(for: interval)
        }
    }

    /// What is remembered of a table between two looks.
    private struct TableState: Sendable {
        let storage: any Storage
        var table: DeltaTable?
        var vacuumed: ContinuousClock.Instant?
        var trouble: String?

        init(_ storage: any Storage) { self.storage = storage }
    }

    /// Tidies one table. Blocks.
    private func look(at state: TableState, _ flag: CancellationFlag) throws -> TableState {
        var state = state
        let metrics = TidyMetrics(table: URL(filePath: state.storage.location).lastPathComponent)
        do {
            // Opening a table of none, or taking its lock, would make its folder.
            guard try state.storage.exists() else { return state }
            let table = try state.table ?? DeltaTable.open(state.storage)
            state.table = table
            let now = ContinuousClock.now
            let vacuums = state.vacuumed.map { now - $0 >= .seconds(policy.vacuumEvery) } ?? true
            let report = try table.tidy(policy, now: clock(), vacuums: vacuums) { try flag.check() }
            let repeated = try vacuums ? removeRepeated(table, flag) : 0
            if vacuums { state.vacuumed = now }
            state.trouble = nil
            metrics.show(report, repeated: repeated, took: ContinuousClock.now - now)
            if repeated > 0 {
                log.warning(
                    "events were stored that were there already: their producers send them twice, to several partitions or far apart",
                    ["table": state.storage.location, "removed": repeated])
            }
            if !report.isIdle {
                log.info(
                    "tidied",
                    [
                        "table": state.storage.location, "merges": report.merges,
                        "files_merged": report.rewritten.filesRemoved,
                        "bytes_written": report.rewritten.bytesAdded,
                        "files_removed": report.vacuumed?.files.count ?? 0, "files": report.files,
                    ])
            }
        } catch let error as CancellationError {
            throw error
        } catch ColumnarError.notATable {
            // Its first commit is just being made.
            state.table = nil
        } catch {
            metrics.failed()
            state.table = nil
            let trouble = "\(error)"
            if trouble != state.trouble {
                log.warning(
                    "a table was not tidied; writers go on, and it is looked at again",
                    ["table": state.storage.location, "error": trouble])
            }
            state.trouble = trouble
        }
        return state
    }
}

extension TidyService {
    /// The refusal of repeated events looks some way back in their partition; what it cannot see is taken away here.
    fileprivate func removeRepeated(_ table: DeltaTable, _ flag: CancellationFlag) throws -> Int64 {
        let schema = try table.snapshot().schema
        guard [EventColumn.eventID, EventColumn.eventDate].allSatisfy({ schema[$0] != nil }) else { return 0 }
        return try table.tidyRepeated(
            EventColumn.eventID, byDay: EventColumn.eventDate, policy, now: clock(), check: { try flag.check() }
        ).rowsDeleted
    }
}

/// What the tidying of a table shows to Prometheus; the names are listed in docs/ingestion.md.
private struct TidyMetrics {
    let table: String
    private var labels: KeyValuePairs<String, String> { ["table": table] }

    init(table: String) { self.table = table }

    func show(_ report: TidyReport, repeated: Int64, took: Duration) {
        let metrics = Metrics.shared
        metrics.counter(
            "marquee_tidy_repeated_events_total", help: "Rows taken away whose event_id another row has.",
            labels: labels
        ).increment(by: Int(repeated))
        metrics.counter("marquee_tidy_merges_total", help: "Merges of small files, a commit each.", labels: labels)
            .increment(by: report.merges)
        metrics.counter("marquee_tidy_files_merged_total", help: "Files that merges took away.", labels: labels)
            .increment(by: report.rewritten.filesRemoved)
        metrics.counter("marquee_tidy_bytes_written_total", help: "Bytes that merges wrote.", labels: labels)
            .increment(by: Int(report.rewritten.bytesAdded))
        metrics.counter(
            "marquee_tidy_files_vacuumed_total", help: "Files removed that no kept version needs.", labels: labels
        ).increment(by: report.vacuumed?.files.count ?? 0)
        metrics.gauge("marquee_tidy_seconds", help: "How long the last look at the table took.", labels: labels)
            .set(took / .seconds(1))
        metrics.gauge("marquee_table_files", help: "Files of the table's newest version.", labels: labels)
            .set(Double(report.files))
        metrics.gauge("marquee_table_small_files", help: "Those of them that are small.", labels: labels)
            .set(Double(report.smallFiles))
    }

    func failed() {
        Metrics.shared.counter("marquee_tidy_failures_total", help: "Looks at a table that failed.", labels: labels)
            .increment()
    }
}
