internal import Dispatch
public import Domain
internal import Synchronization

/// Blocking work that takes turns: one piece at a time, in the order in which it was handed over.
///
/// The thread lasts while there is work, so a queue that rests costs nothing.
public final class BlockingQueue: Sendable {
    private let name: String
    private let priority: SystemThread.Priority
    private let state = Mutex(State())

    private struct State {
        var waiting: [@Sendable () -> Void] = []
        var isWorking = false
    }

    /// - Parameter name: of its thread.
    public init(_ name: String, priority: SystemThread.Priority = .inherited) {
        self.name = name
        self.priority = priority
    }

    /// Hands over a piece of work and does not wait for it.
    public func add(_ body: @escaping @Sendable () -> Void) {
        let isFirst = state.withLock { state in
            state.waiting.append(body)
            defer { state.isWorking = true }
            return !state.isWorking
        }
        if isFirst { SystemThread.start(name, priority: priority) { [self] in work() } }
    }

    /// Hands over a piece of work and suspends until it has run.
    /// - Throws: what `body` throws.
    public func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            add { continuation.resume(with: Result(catching: body)) }
        }
    }

    /// Blocks until all that was handed over before has run. Not for its own work.
    public func drain() {
        let done = DispatchSemaphore(value: 0)
        add { done.signal() }
        done.wait()
    }

    private func work() {
        while true {
            let next = state.withLock { state -> (@Sendable () -> Void)? in
                guard !state.waiting.isEmpty else {
                    state.isWorking = false
                    return nil
                }
                return state.waiting.removeFirst()
            }
            guard let next else { return }
            next()
        }
    }
}
