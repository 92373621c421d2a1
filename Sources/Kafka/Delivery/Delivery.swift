import Synchronization

/// Waits for the delivery reports of a group of messages.
package final class Delivery: Sendable {
    private struct State {
        var outstanding: Int
        var failed = 0
        var reason: String?
        var waiter: CheckedContinuation<(failed: Int, reason: String?)?, Never>?
    }
    private let state: Mutex<State>

    /// - Parameter messages: how many reports to wait for.
    package init(messages: Int) { state = Mutex(State(outstanding: messages)) }

    /// Notes the report of one message; the last one wakes whoever waits.
    /// - Parameter failure: why it was not delivered, nil if it was.
    package func reported(failure: String?) {
        let resume = state.withLock { state -> (() -> Void)? in
            state.outstanding -= 1
            if let failure {
                state.failed += 1
                state.reason = state.reason ?? failure
            }
            guard state.outstanding == 0, let waiter = state.waiter else { return nil }
            state.waiter = nil
            let outcome = (state.failed, state.reason)
            return { waiter.resume(returning: outcome) }
        }
        resume?()
    }

    /// Returns when every message was reported, or nil if that was not so within `seconds`. librdkafka reports each one at the
    /// latest after `delivery.timeout.ms`, or gives it back; whoever asks may not want to wait for so long.
    package func outcome(within seconds: Double) async -> (failed: Int, reason: String?)? {
        await withCheckedContinuation { continuation in
            let done = state.withLock { state -> (Int, String?)? in
                if state.outstanding == 0 { return (state.failed, state.reason) }
                state.waiter = continuation
                return nil
            }
            if let done { return continuation.resume(returning: done) }
            Task {
                try? await Task.sleep(for: .seconds(seconds))
                let late = state.withLock { $0.waiter.take() }
                late?.resume(returning: nil)
            }
        }
    }
}
