import Dispatch
import Foundation
import Synchronization

/// Calls back at the first SIGINT or SIGTERM; the second one ends the process at once with status 130.
///
/// Only one watch may be open at a time: the disposition of a signal belongs to the whole process. The command line
/// opens it and cancels the task of the running command, which is how everything below hears of it.
///
/// Sendable because the only stored property never changes and Dispatch locks its sources itself.
public final class SignalWatch: @unchecked Sendable {
    private let sources: [any DispatchSourceSignal]

    /// Returns when signals are seen: until then they have their default action, which ends the process.
    /// - Parameter stop: called once, on a private queue.
    public init(stop: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "marquee.signals")
        let count = SignalCount()
        let registered = DispatchSemaphore(value: 0)
        sources = [SIGINT, SIGTERM].map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if count.isFirst() { stop() } else { _exit(130) }
            }
            source.setRegistrationHandler { registered.signal() }
            source.resume()
            return source
        }
        // Dispatch replaces the default action itself. Ignoring the signal before that, as is usual elsewhere, would lose one that
        // comes in between, and with it the wish to stop.
        for _ in sources { registered.wait() }
    }

    /// Gives the signals back their default action.
    public func end() {
        for source in sources { source.cancel() }
        signal(SIGINT, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
    }
}

/// Calls back at every SIGHUP, by which an operator asks a server to read its files again.
///
/// Sendable because the only stored property never changes and Dispatch locks its source itself.
public final class HangupWatch: @unchecked Sendable {
    private let source: any DispatchSourceSignal

    /// Returns when the signal is seen: until then it ends the process.
    /// - Parameter heard: called on a private queue, once at a time; signals that come meanwhile count as one.
    public init(heard: @escaping @Sendable () -> Void) {
        source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: DispatchQueue(label: "marquee.hangup"))
        let registered = DispatchSemaphore(value: 0)
        source.setEventHandler(handler: heard)
        source.setRegistrationHandler { registered.signal() }
        source.resume()
        registered.wait()
    }

    /// Gives the signal back its default action.
    public func end() {
        source.cancel()
        signal(SIGHUP, SIG_DFL)
    }
}

private final class SignalCount: Sendable {
    private let seen = Atomic<Int>(0)

    func isFirst() -> Bool { seen.wrappingAdd(1, ordering: .relaxed).oldValue == 0 }
}
