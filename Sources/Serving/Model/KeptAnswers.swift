internal import Domain
internal import Synchronization

/// Lists as they were answered, to be shown again: by identifier, in memory, for so long and so many bytes. A restart
/// forgets them.
///
/// Keeping one costs a dictionary entry: the bytes are those that are sent, shared and not copied.
final class KeptAnswers: Sendable {
    struct Kept: Sendable {
        var body: [UInt8]
        var at: Timestamp
    }

    private struct State {
        var answers: [String: Kept] = [:]
        /// Identifiers, oldest first from `head` on.
        var order: [String] = []
        var head = 0
        var bytes = 0

        mutating func forgetOldest() {
            if let old = answers.removeValue(forKey: order[head]) { bytes -= KeptAnswers.size(old.body) }
            head += 1
            // Now and then, so that it costs nothing on average.
            if head > 1024, head * 2 > order.count {
                order.removeFirst(head)
                head = 0
            }
        }
    }

    private let lifetime: Duration
    private let maximumBytes: Int
    private let state = Mutex(State())

    init(lifetime: Duration, maximumBytes: Int) {
        self.lifetime = lifetime
        self.maximumBytes = maximumBytes
    }

    /// With what a dictionary entry takes.
    private static func size(_ body: [UInt8]) -> Int { body.capacity + 200 }

    func keep(_ body: [UInt8], as id: String, at now: Timestamp = .now) {
        guard lifetime > .zero, Self.size(body) <= maximumBytes else { return }
        state.withLock { state in
            state.answers[id] = Kept(body: body, at: now)
            state.order.append(id)
            state.bytes += Self.size(body)
            while state.bytes > maximumBytes { state.forgetOldest() }
            // Two at most: time goes on as fast as answers come.
            for _ in 0..<2 where state.head < state.order.count {
                guard let oldest = state.answers[state.order[state.head]], isOver(oldest, now) else { break }
                state.forgetOldest()
            }
        }
    }

    /// nil if there is none of that identifier, or not any more.
    func answer(_ id: String, now: Timestamp = .now) -> Kept? {
        guard let kept = state.withLock({ $0.answers[id] }), !isOver(kept, now) else { return nil }
        return kept
    }

    private func isOver(_ kept: Kept, _ now: Timestamp) -> Bool {
        Duration.microseconds(now.microseconds - kept.at.microseconds) > lifetime
    }
}
