internal import Synchronization

/// A value that is made when it is first asked for, once: for what costs seconds or megabytes and few ask for.
///
///     let order = OnDemand { films.sorted() }
///     order.get()                              // sorts; later calls do not
public final class OnDemand<Value: Sendable, Failure: Error>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let make: @Sendable () throws(Failure) -> Value

    /// - Parameter make: called until it succeeds once, on the thread of whoever asks.
    public init(_ make: @escaping @Sendable () throws(Failure) -> Value) { self.make = make }

    /// Whether asking costs nothing: it has been made. False while somebody makes it; nobody waits.
    public var isReady: Bool { value.withLockIfAvailable { $0 != nil } ?? false }

    /// The value. Others wait while it is made.
    /// - Throws: what making it throws; the next to ask tries again.
    public func get() throws(Failure) -> Value {
        try value.withLock { (value) throws(Failure) -> Value in
            if let value { return value }
            let made = try make()
            value = made
            return made
        }
    }
}
