internal import Domain
internal import Glibc
internal import Operations
internal import Synchronization

/// What a process knows of the state: in memory, and no older than a fifth of a second.
///
/// While the state cannot be read what was known stays in force: no file that is taken away takes a lock off, or an objection.
final class StateFollower<Value: Sendable>: Sendable {
    private struct Known {
        var value: Value
        var version: StateDatabase.Version
        /// Why it could not be read when that was last tried.
        var trouble: String?
    }

    private let state: StateDatabase
    private let what: String
    private let log: Log
    private let onLook: @Sendable (Bool) -> Void
    private let read: @Sendable (_ before: Value?) throws -> Value
    private let known: Mutex<Known>
    /// One looks at a time: an older reading must not come after a newer one.
    private let looking = Mutex(())

    /// Reads it. Blocks.
    /// - Parameters:
    ///   - what: it is, as the log has it: "keys".
    ///   - onLook: told after each reading whether it has failed.
    ///   - read: it from the state; given what was known, to refuse what cannot have become of that.
    /// - Throws: what `read` throws, and `SQLiteError`.
    init(
        _ state: StateDatabase, _ what: String, log: Log,
        onLook: @escaping @Sendable (_ hasFailed: Bool) -> Void = { _ in },
        read: @escaping @Sendable (_ before: Value?) throws -> Value
    ) throws {
        self.state = state
        self.what = what
        self.log = log
        self.onLook = onLook
        self.read = read
        // The version comes first: a change in between is then seen.
        let version = try state.version()
        known = Mutex(Known(value: try read(nil), version: version))
    }

    var value: Value { known.withLock { $0.value } }
    /// Why it cannot be read; nil if it can.
    var trouble: String? { known.withLock { $0.trouble } }

    /// Looks for changes until cancelled.
    func run(_ name: String) async throws {
        try await BlockingWork.run(name) { [self] flag in
            while !flag.isSet {
                usleep(200_000)
                look()
            }
        }
    }

    /// Reads it again if it may be another one. Blocks.
    func look() { looking.withLock { _ in lookAlone() } }

    private func lookAlone() {
        do {
            let version = try state.version()
            let (before, isRead) = known.withLock { ($0.value, $0.version == version && $0.trouble == nil) }
            if isRead { return }
            let value = try read(before)
            let wasTrouble = known.withLock { known in
                defer { known = Known(value: value, version: version) }
                return known.trouble != nil
            }
            onLook(false)
            if wasTrouble { log.info("the \(what) can be read again") } else { log.debug("\(what) read") }
        } catch {
            let reason = (error as? any Fault)?.message ?? "\(error)"
            let isNew = known.withLock { known in
                defer { known.trouble = reason }
                return known.trouble != reason
            }
            onLook(true)
            if isNew { log.warning("the \(what) cannot be read; those known stay in force", ["reason": reason]) }
        }
    }
}
