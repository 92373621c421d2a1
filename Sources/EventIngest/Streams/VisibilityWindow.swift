import Domain
import Operations
import Synchronization

/// How long the newest events took from the broker's hands to where answers see them.
final class VisibilityWindow: Sendable {
    private struct Newest {
        var seconds: [Float] = []
        var next = 0
    }

    private static let length = 4096
    private let newest = Mutex(Newest())
    private let histogram = Metrics.shared.histogram(
        "marquee_event_to_visible_seconds",
        help: "From an event's arrival at the broker until answers know it, of events since the start.")

    /// Events that were sent at these times, in milliseconds since 1970, are visible now.
    func note(_ sentAt: [Int64]) {
        guard !sentAt.isEmpty else { return }
        let now = Timestamp.now.microseconds
        let all = sentAt.map { Float(max(0, now - $0 * 1000)) / 1e6 }
        for seconds in all { histogram.observe(Double(seconds)) }
        newest.withLock { newest in
            for seconds in all {
                if newest.seconds.count < Self.length {
                    newest.seconds.append(seconds)
                } else {
                    newest.seconds[newest.next] = seconds
                    newest.next = (newest.next + 1) % Self.length
                }
            }
        }
    }

    /// Of the newest events; nil before the first.
    var percentiles: (p50: Double, p99: Double)? {
        let sorted = newest.withLock(\.seconds).sorted()
        guard !sorted.isEmpty else { return nil }
        func at(_ share: Double) -> Double { Double(sorted[Int(Double(sorted.count - 1) * share)]) }
        return (at(0.5), at(0.99))
    }
}
