/// Keeps a client from waiting again and again for a server that is down.
///
/// A state machine with the clock passed in, so that it is tested as a script:
///
///     closed ──(failures in a row)──▶ open ──(cool-down over)──▶ half-open: one probe
///       ▲                              ▲                             │
///       └───────── probe succeeds ─────┼──── probe fails ────────────┘
public struct CircuitBreaker: Sendable {
    /// When it opens, and for how long it refuses before it lets a probe through.
    public struct Policy: Sendable {
        /// Failures in a row that open it. Zero turns the breaker off.
        public var failures: Int
        public var coolDown: Duration

        public init(failures: Int = 5, coolDown: Duration = .seconds(2)) {
            self.failures = failures
            self.coolDown = coolDown
        }
    }

    /// What a caller may do now.
    public enum Permission: Sendable, Equatable {
        case proceed
        case refused
    }

    private enum State {
        case closed(failures: Int)
        case open(until: ContinuousClock.Instant)
        /// One request is out to see whether the server is back. If its sender never reports, another may try after
        /// the time given.
        case halfOpen(until: ContinuousClock.Instant)
    }

    private let policy: Policy
    private var state = State.closed(failures: 0)

    public init(policy: Policy) { self.policy = policy }

    /// Asks to send one request. A caller that may proceed reports ``succeeded()`` or ``failed(at:)`` afterwards.
    public mutating func admit(at now: ContinuousClock.Instant) -> Permission {
        switch state {
        case .closed: return .proceed
        case .open(let until), .halfOpen(let until):
            guard now >= until else { return .refused }
            state = .halfOpen(until: now + policy.coolDown)
            return .proceed
        }
    }

    /// Reports an answer: closes it and forgets the failures.
    public mutating func succeeded() { state = .closed(failures: 0) }

    /// Reports a request that the server failed. Counts towards the limit; a failed probe opens it again for a whole
    /// cool-down. Without effect while open: such a report is about a request sent earlier.
    public mutating func failed(at now: ContinuousClock.Instant) {
        guard policy.failures > 0 else { return }
        switch state {
        case .closed(let failures):
            state =
                failures + 1 >= policy.failures
                ? .open(until: now + policy.coolDown) : .closed(failures: failures + 1)
        case .halfOpen: state = .open(until: now + policy.coolDown)
        case .open: break
        }
    }

    /// Whether it is open or half-open: requests are refused but for a probe.
    public var isOpen: Bool {
        if case .closed = state { return false }
        return true
    }
}
