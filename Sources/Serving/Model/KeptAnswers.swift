internal import Domain
internal import Operations
internal import Synchronization

/// Lists as they were answered, to be shown again: by identifier, the newest in memory, all of them in an ``AnswerLog`` if
/// there is one.
///
/// Keeping one costs a dictionary entry: the bytes are those that are sent, shared and not copied. They are written to the
/// file in batches beside, by ``writeBehind(_:)``. What memory has to forget before it was written is lost, and counted.
final class KeptAnswers: Sendable {
    struct Kept: Sendable {
        var body: [UInt8]
        var at: Timestamp
    }

    /// One that is in memory only.
    struct Unwritten: Sendable {
        var id: String
        var kept: Kept
    }

    private struct State {
        var answers: [String: Kept] = [:]
        /// Oldest first from `head` on; with the answers, so that whoever answers does not wait while those for the file are
        /// looked up one by one.
        var order: [Unwritten] = []
        var head = 0
        /// Where in ``order`` those begin that are in no file.
        var unwritten = 0
        var bytes = 0

        /// - Returns: whether it was in no file.
        mutating func forgetOldest() -> Bool {
            if let old = answers.removeValue(forKey: order[head].id) { bytes -= KeptAnswers.size(old.body) }
            order[head].kept.body = []
            head += 1
            let isLost = unwritten < head
            unwritten = max(unwritten, head)
            // Now and then, so that it costs nothing on average.
            if head > 1024, head * 2 > order.count {
                order.removeFirst(head)
                unwritten -= head
                head = 0
            }
            return isLost
        }
    }

    private let lifetime: Duration
    private let maximumBytes: Int
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
        self.file = lifetime > .zero ? file : nil
    }

    /// With what a dictionary entry takes.
    private static func size(_ body: [UInt8]) -> Int { body.capacity + 200 }

    func keep(_ body: [UInt8], as id: String, at now: Timestamp = .now) {
        guard lifetime > .zero, Self.size(body) <= maximumBytes else { return }
        var lost = 0
        state.withLock { state in
            let kept = Kept(body: body, at: now)
            state.answers[id] = kept
            state.order.append(Unwritten(id: id, kept: kept))
            state.bytes += Self.size(body)
            while state.bytes > maximumBytes { lost += state.forgetOldest() ? 1 : 0 }
            // Two at most: time goes on as fast as answers come.
            for _ in 0..<2 where state.head < state.order.count {
                guard isOver(state.order[state.head].kept, now) else { break }
                _ = state.forgetOldest()
            }
        }
        if lost > 0 { self.lost.increment(by: lost) }
    }

    /// nil if there is none of that identifier in memory, or not any more.
    func answer(_ id: String, now: Timestamp = .now) -> Kept? {
        guard let kept = state.withLock({ $0.answers[id] }), !isOver(kept, now) else { return nil }
        return kept
    }

    /// Whether what is not in memory may be in a file.
    var hasFile: Bool { file != nil }

    /// The same from the file. Blocks.
    /// - Throws: `StorageError` if it cannot be read.
    func written(_ id: String, now: Timestamp = .now) throws -> Kept? {
        guard let kept = try file?.answer(id), !isOver(kept, now) else { return nil }
        return kept
    }

    private func isOver(_ kept: Kept, _ now: Timestamp) -> Bool {
        Duration.microseconds(now.microseconds - kept.at.microseconds) > lifetime
    }

    // MARK: The file

    /// How long an answer is in memory only, at most, while the file takes it; a kill loses no more.
    private static let interval = Duration.milliseconds(200)
    private static let longestPause = Duration.seconds(10)
    private static let mostTogether = 2000
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
        try? await Task.detached { try await Self.apart { try self.writeAll(file) } }.value
    }

    /// With a low priority: whoever answers goes first, and what is not written in time is counted.
    private static func apart<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await BlockingWork.run("kept-answers", priority: .low) { _ in try body() }
    }

    private func writeAll(_ file: AnswerLog) throws {
        while true {
            let some = state.withLock { state in
                let end = min(state.order.count, state.unwritten + Self.mostTogether)
                return Array(state.order[state.unwritten..<end])
            }
            guard let last = some.last else { return }
            try file.append(some)
            state.withLock { state in
                // Some may have been forgotten meanwhile.
                if let index = state.order[state.unwritten...].prefix(Self.mostTogether).lastIndex(where: {
                    $0.id == last.id
                }) {
                    state.unwritten = index + 1
                }
            }
        }
    }
}
