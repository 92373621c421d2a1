import Foundation

/// Runs blocking work on a thread of its own, so that it never occupies one of the few threads of Swift's cooperative
/// pool.
enum BlockingThread {
    /// Runs `body` on a new thread and suspends until it ends. When the waiting task is cancelled `onCancel` runs, and
    /// is expected to make `body` return soon.
    static func run<R: Sendable>(
        named name: String, onCancel: @escaping @Sendable () -> Void = {}, _ body: @escaping @Sendable () throws -> R
    ) async throws -> R {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                start(named: name) { continuation.resume(with: Result(catching: body)) }
            }
        } onCancel: {
            onCancel()
        }
    }

    static func start(named name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.stackSize = 4 << 20
        thread.start()
    }
}

/// Waits, on a thread that may.
func pause(_ seconds: Double) { Thread.sleep(forTimeInterval: seconds) }
