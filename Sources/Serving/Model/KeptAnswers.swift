internal import Domain
internal import HTTPServer
internal import Operations
internal import Synchronization

/// Lists as they were answered, to be shown again: by identifier, those of the last moments in memory and older ones in an
/// ``AnswerLog``, or all in memory if there is none.
///
/// Keeping one is a copy to the end of a batch. Batches are written to the file beside, by ``writeBehind(_:)``, and memory
/// forgets them then. What it has to forget before is lost, and counted.
final class KeptAnswers: Sendable {
    struct Kept: Sendable {
        var body: [UInt8]
        var at: Timestamp
    }

    private struct State {
        /// Oldest first; the last one grows.
        var batches: [AnswerBatch] = []
        /// Of all of them but the last.
        var bytes = 0
        var made: UInt64 = 0

        mutating func begin(_ capacity: Int) {
            if let last = batches.last { bytes += last.size }
            made += 1
            batches.append(AnswerBatch(number: made, capacity: capacity))
        }

        /// Forgets the oldest, which is not the growing one.
        mutating func forgetOldest() -> AnswerBatch {
            let oldest = batches.removeFirst()
            bytes -= oldest.size
            return oldest
        }
    }

    private let lifetime: Duration
    private let maximumBytes: Int
    /// Larger answers are not kept.
    private let largest: Int
    /// What a batch is filled to; a larger answer has one of its own.
    private let batchBytes: Int
    private let file: AnswerLog?
    private let state = Mutex(State())
    private let lost = Metrics.shared.counter(
        "marquee_kept_answers_lost_total",
        help: "Answered lists that are forgotten before --keep-answers: not written in time, or for want of room.")

    /// - Parameters:
    ///   - lifetime: how long answers are kept; zero keeps none.
    ///   - maximumBytes: in memory; of more the oldest go.
    ///   - file: where they are kept over a restart; nil to keep them in memory only.
    init(lifetime: Duration, maximumBytes: Int, file: AnswerLog? = nil) {
        self.lifetime = lifetime
        self.maximumBytes = maximumBytes
        largest = maximumBytes / 4
        batchBytes = min(1 << 18, largest)
        self.file = lifetime > .zero ? file : nil
    }

    func keep(_ body: [UInt8], as id: String, at now: Timestamp = .now) {
        guard lifetime > .zero, body.count <= largest else { return }
        var lost = 0
        state.withLock { state in
            let isFull = state.batches.last.map {
                !$0.isEmpty && $0.bytes.count + id.utf8.count + body.count > batchBytes
            }
            if isFull ?? true { state.begin(batchBytes) }
            state.batches[state.batches.count - 1].add(body, as: id, at: now)
            while state.bytes > maximumBytes - largest, state.batches.count > 1 {
                lost += state.forgetOldest().entries.count
            }
            // Time goes on as fast as answers come.
            if state.batches.count > 1, let newest = state.batches[0].entries.last, isOver(newest.at, now) {
                _ = state.forgetOldest()
            }
        }
        if lost > 0 { self.lost.increment(by: lost) }
    }

    /// nil if there is none of that identifier in memory, or not any more. O(answers in memory).
    func answer(_ id: String, now: Timestamp = .now) -> Kept? {
        let found = state.withLock { state in state.batches.reversed().lazy.compactMap { $0.answer(id) }.first }
        return found.flatMap { isOver($0.at.microseconds, now) ? nil : $0 }
    }

    /// Whether what is not in memory may be in a file.
    var hasFile: Bool { file != nil }

    /// The same from the file, as far as it has grown since it was `seen`. Blocks.
    /// - Throws: `StorageError` if it cannot be read.
    func written(_ id: String, now: Timestamp = .now, beyond seen: inout AnswerLog.Seen) throws -> Kept? {
        guard let kept = try file?.answer(id, beyond: &seen), !isOver(kept.at.microseconds, now) else { return nil }
        return kept
    }

    /// How often the files are looked into for what another server may have answered just now.
    private static let looks = 6

    /// The same, on a thread of its own. Another server over the same folder writes what it has answered within
    /// ``interval``: a list of it that is not there yet is waited for.
    func awaited(_ id: String) async throws -> Kept? {
        var seen: AnswerLog.Seen = [:]
        for look in 0..<(RequestID.isOne(id) ? Self.looks : 1) {
            if look > 0 { try await Task.sleep(for: Self.interval) }
            let kept: Kept?
            (kept, seen) = try await BlockingWork.run("kept-answer") { [self, seen] _ in
                var seen = seen
                return (try written(id, beyond: &seen), seen)
            }
            if let kept { return kept }
        }
        return nil
    }

    private func isOver(_ at: Int64, _ now: Timestamp) -> Bool {
        Duration.microseconds(now.microseconds.subtractingReportingOverflow(at).0) > lifetime
    }

    // MARK: The file

    /// How long an answer is in memory only, at most, while the file takes it; a kill loses no more.
    private static let interval = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(10)
    private static let betweenPrunings = Duration.seconds(30)

    /// Writes until cancelled, and then what is left.
    func writeBehind(_ impairments: Impairments) async {
        guard let file else { return }
        var pause = Self.interval
        var pruned: ContinuousClock.Instant?
        while !Task.isCancelled {
            do {
                try await Self.apart { try self.writeAll(file) }
                if pruned.map({ ContinuousClock.now - $0 > Self.betweenPrunings }) ?? true {
                    pruned = .now
                    let early = try await Self.apart {
                        try file.prune(before: Timestamp.now.advanced(bySeconds: -self.lifetime.inSeconds))
                    }
                    lost.increment(by: early)
                }
                impairments.remove(.answers)
                pause = Self.interval
            } catch is CancellationError {
                break
            } catch {
                impairments.add(.answers, Impairments.reason(error))
                pause = min(pause * 2, Self.longestPause)
            }
            try? await Task.sleep(for: pause)
        }
        try? await Task.detached {
            try await Self.apart {
                try self.writeAll(file)
                try file.close()
            }
        }.value
    }

    /// With a low priority: whoever answers goes first, and what is not written in time is counted.
    private static func apart<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await BlockingWork.run("kept-answers", priority: .low) { _ in try body() }
    }

    private func writeAll(_ file: AnswerLog) throws {
        while let batch = nextToWrite() {
            try file.append(batch)
            state.withLock { state in
                // It may have been forgotten meanwhile.
                if state.batches.first?.number == batch.number { _ = state.forgetOldest() }
            }
        }
    }

    /// The oldest batch. It grows no more, and can be found in memory until it is written.
    private func nextToWrite() -> AnswerBatch? {
        state.withLock { state in
            guard let oldest = state.batches.first, !oldest.isEmpty else { return nil }
            if state.batches.count == 1 { state.begin(batchBytes) }
            return oldest
        }
    }
}
