internal import Dispatch
public import Domain
internal import Synchronization

/// The door for calls that block: C libraries, files, long computations. Each runs on a thread of its own, never on one
/// of the few threads of Swift's cooperative pool.
public enum BlockingWork {
    /// Runs `body` on a new thread and suspends until it ends.
    /// - Parameter body: given a flag that is set when the waiting task is cancelled; it should then return or throw
    ///   `CancellationError` soon.
    public static func run<R: Sendable>(
        _ name: String, priority: SystemThread.Priority = .inherited,
        _ body: @escaping @Sendable (CancellationFlag) throws -> R
    ) async throws -> R {
        let flag = CancellationFlag()
        return try await run(name, priority: priority, onCancel: { flag.set() }) { try body(flag) }
    }

    /// Runs `body` on a new thread and suspends until it ends.
    /// - Parameter onCancel: called when the waiting task is cancelled, and expected to make `body` return soon.
    public static func run<R: Sendable>(
        _ name: String, priority: SystemThread.Priority = .inherited, onCancel: @escaping @Sendable () -> Void,
        _ body: @escaping @Sendable () throws -> R
    ) async throws -> R {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                SystemThread.start(name, priority: priority) { continuation.resume(with: Result(catching: body)) }
            }
        } onCancel: {
            onCancel()
        }
    }

    /// The way back: runs asynchronous work and blocks until it ends. For threads that may wait, never one of the
    /// cooperative pool.
    public static func wait<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) throws -> R {
        let done = DispatchSemaphore(value: 0)
        let box = Outcome<R>()
        Task.detached {
            do {
                let value = try await body()
                box.result.withLock { $0 = .success(value) }
            } catch {
                box.result.withLock { $0 = .failure(error) }
            }
            done.signal()
        }
        done.wait()
        guard let result = box.result.withLock({ $0 }) else { throw CancellationError() }
        return try result.get()
    }

    private final class Outcome<R: Sendable>: Sendable {
        let result = Mutex<Result<R, any Error>?>(nil)
    }

    /// Suspends until the task is cancelled.
    public static func untilCancelled() async {
        let (stream, sink) = AsyncStream.makeStream(of: Void.self)
        await withTaskCancellationHandler {
            for await _ in stream {}
        } onCancel: {
            sink.finish()
        }
    }
}

/// Whether the one who waits for some blocking work still wants it.
public final class CancellationFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Whether the waiting task was cancelled.
    public var isSet: Bool { flag.load(ordering: .acquiring) }

    /// - Throws: `CancellationError` once the waiting task is cancelled.
    public func check() throws {
        if isSet { throw CancellationError() }
    }

    fileprivate func set() { flag.store(true, ordering: .releasing) }
}
