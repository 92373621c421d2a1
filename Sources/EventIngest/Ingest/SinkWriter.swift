import Columnar
import Domain
import Foundation
import Operations
import Synchronization

/// Commits sealed batches on a thread of its own, one at a time, while the next is being collected.
///
/// There is never more than one batch in its hands: whoever wants to hand over the next one waits for the outcome of the
/// first. That bounds memory, and it keeps the order in which offsets move.
///
/// Sendable unchecked: `job`, `outcome` and `isEnding` are touched only under `condition`; the sinks only by the thread
/// while a batch is in its hands, and only by the owner, through ``offsets()``, while none is.
final class SinkWriter: @unchecked Sendable {
    private let sinks: [any EventSink]
    private let readable: [Bool]
    private let deadLetters: any EventSink
    /// Run before dead letters are committed: what was sent to their topic must have arrived.
    private let flushDeadLetters: @Sendable () throws -> Void
    private let condition = NSCondition()
    private var job: SealedBatch?
    private var outcome: Result<BatchOutcome, any Error>?
    private var isEnding = false
    private var hasEnded = false

    /// - Parameter sinks: one for each route. They now belong to the writer.
    init(
        sinks: [any EventSink], deadLetters: any EventSink, flushDeadLetters: @escaping @Sendable () throws -> Void
    ) {
        self.sinks = sinks
        readable = sinks.map(\.isReadable)
        self.deadLetters = deadLetters
        self.flushDeadLetters = flushDeadLetters
        // Below the threads that read, with those it starts: where cores are few, what is read can be written while those
        // wait for the broker, but nobody can read while all cores write.
        SystemThread.start("ingest-commit", priority: .low) { [self] in work() }
    }

    /// Where each sink goes on.
    /// - Precondition: no batch is in the writer's hands.
    func offsets() throws -> (routes: [[String: Int64]], deadLetters: [String: Int64]) {
        precondition(!isBusy, "the sinks belong to the thread while it commits")
        return (try sinks.map { try $0.offsets() }, try deadLetters.offsets())
    }

    /// Which messages of a partition lie in the dead letters.
    /// - Precondition: no batch is in the writer's hands.
    func deadLetters(of place: TopicPartition, in range: Range<Int64>) throws -> Set<Int64> {
        precondition(!isBusy, "the sinks belong to the thread while it commits")
        return try deadLetters.storedOffsets(of: place, in: range)
    }

    /// Rows of a route's sink, or of the dead letters': see ``EventSink/rows(_:of:)``.
    /// - Precondition: no batch is in the writer's hands.
    func rows(
        _ columns: [String], ofRoute route: Int?, in ranges: [TopicPartition: Range<Int64>]?
    ) throws -> [RecordBatch] {
        precondition(!isBusy, "the sinks belong to the thread while it commits")
        return try (route.map { sinks[$0] } ?? deadLetters).rows(columns, of: ranges)
    }

    /// Whether rows of a route, or dead letters, may have been erased.
    /// - Precondition: no batch is in the writer's hands.
    func mayLackRows(of route: Int) throws -> Bool {
        precondition(!isBusy, "the sinks belong to the thread while it commits")
        return try sinks[route].mayLackRows() || deadLetters.mayLackRows()
    }

    /// Whether rows of a route can be read again.
    func isReadable(_ route: Int) -> Bool { readable[route] }

    func name(of route: Int?) -> String { route.map { sinks[$0].name } ?? deadLetters.name }

    /// Whether a batch was handed over whose outcome was not taken yet.
    var isBusy: Bool { condition.withLock { job != nil || outcome != nil } }

    /// Begins to commit a batch.
    /// - Precondition: the outcome of the one before was taken.
    func begin(_ batch: SealedBatch) {
        condition.withLock {
            precondition(job == nil && outcome == nil, "one batch at a time")
            job = batch
            condition.broadcast()
        }
    }

    /// What became of the batch, or nil if that is not known within `seconds`.
    /// - Throws: what the sink threw. The batch may be stored in part; the sinks know.
    func outcome(within seconds: Double) throws -> BatchOutcome? {
        try condition.withLock {
            let limit = Date(timeIntervalSinceNow: seconds)
            while outcome == nil, job != nil, condition.wait(until: limit) {}
            guard let result = outcome else { return nil }
            outcome = nil
            return try result.get()
        }
    }

    /// Waits for the batch in progress, whatever becomes of it, and ends the thread.
    func finish() {
        condition.withLock {
            isEnding = true
            condition.broadcast()
            while !hasEnded { condition.wait() }
        }
    }

    private func work() {
        while let next = waitForJob() {
            let result = Result { try commit(next) }
            condition.withLock {
                job = nil
                outcome = result
                condition.broadcast()
            }
        }
        condition.withLock {
            hasEnded = true
            condition.broadcast()
        }
    }

    private func waitForJob() -> SealedBatch? {
        condition.withLock {
            while job == nil, !isEnding { condition.wait() }
            return job
        }
    }

    private func commit(_ batch: SealedBatch) throws -> BatchOutcome {
        var outcome = BatchOutcome()
        for part in batch.parts {
            if part.route == nil { try flushDeadLetters() }
            let sink = part.route.map { sinks[$0] } ?? deadLetters
            let begun = ContinuousClock.now
            switch try sink.commit(part.batches, advancing: part.steps.map(\.advance)) {
            case .overtaken(let detail):
                outcome.overtaken = (sink.name, detail)
                return outcome
            case .repeated:
                outcome.isRepeated = true
                return outcome
            case .committed(let version, let known):
                outcome.stored.append(
                    .init(
                        route: part.route, sink: sink.name, version: version, batches: part.batches,
                        rows: part.rowCount - known, known: known,
                        steps: part.steps,
                        seconds: (ContinuousClock.now - begun).inSeconds))
            }
        }
        return outcome
    }
}
