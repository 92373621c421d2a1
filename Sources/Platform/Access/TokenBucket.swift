internal import Synchronization

/// How many requests a key may still make: a bucket of tokens that fills evenly, kept as the one time at which it is full
/// again (the generic cell rate algorithm). One atomic word, no lock.
final class TokenBucket: Sendable {
    /// Tokens of a full bucket: what may come at once.
    let quota: Int64
    /// Seconds, rounded up, in which an empty bucket fills.
    let window: Int64
    /// Requests a second.
    let rate: Double
    /// Nanoseconds for one token.
    private let interval: Int64
    private let origin = ContinuousClock.now
    /// Fields that are the same in each answer.
    private let policy: String
    private let limit: String
    /// Nanoseconds since `origin` at which the bucket is full.
    private let full = Atomic<Int64>(0)

    /// What became of a request.
    struct Outcome {
        /// nil if it may go on; else the nanoseconds after which the next may.
        let wait: Int64?
        let remaining: Int64
        /// Nanoseconds until the bucket is full.
        let untilFull: Int64
    }

    /// - Parameter rate: requests a second, above 0. A second's worth of them may come at once.
    init(rate: Double) {
        self.rate = rate
        quota = max(1, Int64(clamping: UInt64(min(rate.rounded(.up), 1e9))))
        // A request in a hundred years is little enough.
        interval = max(1, Int64(min(1e9 / rate, 3e18 / Double(quota))))
        window = max(1, Int64((Double(quota) / rate).rounded(.up)))
        limit = "\(quota)"
        policy = "\"key\";q=\(quota);w=\(window)"
    }

    /// Takes a token, if there is one.
    func take(at time: ContinuousClock.Instant) -> Outcome {
        let (seconds, attoseconds) = (time - origin).components
        let now = max(0, seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        let depth = quota * interval
        var seen = full.load(ordering: .relaxed)
        while true {
            let next = max(seen, now) + interval
            guard next - now <= depth else {
                return Outcome(wait: next - now - depth, remaining: 0, untilFull: next - interval - now)
            }
            let (exchanged, original) = full.compareExchange(expected: seen, desired: next, ordering: .relaxed)
            if exchanged {
                return Outcome(wait: nil, remaining: (depth - (next - now)) / interval, untilFull: next - now)
            }
            seen = original
        }
    }

    /// Fields for the answer: those of the IETF's draft (draft-ietf-httpapi-ratelimit-headers-10), and the three of its
    /// earlier versions that many clients know.
    func fields(_ outcome: Outcome) -> [(name: String, value: String)] {
        let seconds = Self.seconds(outcome.untilFull)
        let (remaining, reset) = (String(outcome.remaining), String(seconds))
        return [
            ("RateLimit-Policy", policy), ("RateLimit", "\"key\";r=" + remaining + ";t=" + reset),
            ("RateLimit-Limit", limit), ("RateLimit-Remaining", remaining), ("RateLimit-Reset", reset),
        ]
    }

    /// Whole seconds that are surely enough.
    static func seconds(_ nanoseconds: Int64) -> Int64 { (max(0, nanoseconds) + 999_999_999) / 1_000_000_000 }
}
