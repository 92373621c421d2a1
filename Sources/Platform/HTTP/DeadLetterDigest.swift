internal import Columnar
internal import Domain
internal import EventIngest
internal import Store
internal import Synchronization

/// The dead letters of a store by their reasons, with the newest of each.
///
/// They are counted anew when the table has changed, but not more often than a twentieth of the time may go into it.
final class DeadLetterDigest: Sendable {
    struct Reason: Sendable {
        var code: String
        var count = 0
        /// The newest last; their payloads are cut to ``DeadLetterDigest/textLimit`` bytes.
        var newest: [DeadLetter] = []
    }

    static let exampleCount = 3
    static let textLimit = 300
    private let store: EventStore
    private let known = Mutex(Known())

    private struct Known {
        var version: Int64?
        var reasons: [Reason] = []
        /// Before then they are not counted again.
        var until: ContinuousClock.Instant = .now
    }

    init(_ store: EventStore) { self.store = store }

    /// The most frequent first. Blocks; O(dead letters) where some came since.
    /// - Throws: a `ColumnarError` of a table that cannot be read.
    func reasons() throws -> [Reason] {
        // One reads while others wait: they would read the same.
        try known.withLock { known in
            guard let version = try store.openIfPresent(.deadLetters)?.snapshot().version else { return [] }
            guard known.version != version, known.until <= .now else { return known.reasons }
            let start = ContinuousClock.now
            known.reasons = try count()
            known.version = version
            known.until = .now + (ContinuousClock.now - start) * 20
            return known.reasons
        }
    }

    private func count() throws -> [Reason] {
        var byCode: [String: Reason] = [:]
        try DeadLetters(store: store).forEach { letter in
            var one = byCode[letter.reasonCode] ?? Reason(code: letter.reasonCode)
            one.count += 1
            if one.newest.count < Self.exampleCount || one.newest[0].at <= letter.at {
                var letter = letter
                letter.payload = Array(letter.payload.prefix(Self.textLimit))
                letter.key = nil
                let place = one.newest.firstIndex { $0.at > letter.at } ?? one.newest.count
                one.newest.insert(letter, at: place)
                if one.newest.count > Self.exampleCount { one.newest.removeFirst() }
            }
            byCode[letter.reasonCode] = one
            return true
        }
        return byCode.values.sorted { ($1.count, $0.code) < ($0.count, $1.code) }
    }
}
