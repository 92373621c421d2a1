import Foundation
import Synchronization

/// The door for calls that block: C libraries, files, long computations. Each runs on a thread of its own, never on one
/// of the few threads of Swift's cooperative pool.
public enum BlockingWork {
    /// Runs `body` on a new thread and suspends until it ends.
    /// - Parameter body: given a flag that is set when the waiting task is cancelled; it should then return or throw
    ///   `CancellationError` soon.
    public static func run<R: Sendable>(
        _ name: String, _ body: @escaping @Sendable (CancellationFlag) throws -> R
    ) async throws -> R {
        let flag = CancellationFlag()
        return try await run(name, onCancel: { flag.set() }) { try body(flag) }
    }

    /// Runs `body` on a new thread and suspends until it ends.
    /// - Parameter onCancel: called when the waiting task is cancelled, and expected to make `body` return soon.
    public static func run<R: Sendable>(
        _ name: String, onCancel: @escaping @Sendable () -> Void, _ body: @escaping @Sendable () throws -> R
    ) async throws -> R {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                start(name) { continuation.resume(with: Result(catching: body)) }
            }
        } onCancel: {
            onCancel()
        }
    }

    /// Runs `body` on a new thread and does not wait for it.
    public static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        // As much as the main thread has: BLAS kernels and deep recursions are made for that.
        thread.stackSize = 8 << 20
        thread.start()
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
