internal import Synchronization

/// A value that is made when it is first asked for, once: for what costs seconds or megabytes and few ask for.
final class OnDemand<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let make: @Sendable () throws -> Value

    init(_ make: @escaping @Sendable () throws -> Value) { self.make = make }

    /// Others wait while it is made.
    func get() throws -> Value {
        try value.withLock { value in
            if let value { return value }
            let made = try make()
            value = made
            return made
        }
    }
}
