public import Domain
internal import Foundation
internal import Synchronization

/// The right to do something that one process at a time may do, as long as it lives: a row of the state.
///
///     switch try Leases(state).take("training of models") {
///     case .taken(let lease): defer { lease.release() } …
///     case .held(let holder): print(holder)
///     }
///
/// Of a holder that died it is known at once where its process can be looked at: on this machine, by number, start time
/// and boot. A holder of another machine or container beats (``Lease/beat()``); when its beats have not changed for
/// ``Leases/patience``, measured by the clock of who looks, it counts as dead. No time of day is compared, so clocks that
/// jump or differ change nothing.
public final class Leases: Sendable {
    private let state: StateDatabase
    /// Beats of others as they were first seen, and when.
    private let seen = Mutex<[String: (holder: String, beat: Int64, since: ContinuousClock.Instant)]>([:])
    /// How long a holder that cannot be looked at may go without a beat.
    public static let patience = Duration.seconds(60)
    /// How often a holder beats.
    public static let rhythm = Duration.seconds(10)

    private let patience: Duration

    /// The leases of a state; nothing is opened yet.
    public convenience init(_ state: StateDatabase) { self.init(state, patience: Self.patience) }

    init(_ state: StateDatabase, patience: Duration) {
        self.state = state
        self.patience = patience
    }

    /// Who has a lease.
    public struct Holder: Sendable, CustomStringConvertible {
        /// The token of the holding.
        public let id: String
        public let host: String
        public let process: Int64
        public let takenAt: Timestamp
        /// Whether its process can be looked at from here.
        public let isNear: Bool

        public var description: String { "process \(process) on \(host), since \(takenAt)" }
    }

    /// What became of the wish.
    public enum Outcome: Sendable {
        case taken(Lease)
        case held(by: Holder)
    }

    /// Takes a lease, also from a holder that is dead. Blocks for as long as SQLite does.
    /// - Throws: ``SQLiteError``.
    public func take(_ name: String) throws -> Outcome {
        let lease = Lease(name: name, state: state)
        let me = ProcessIdentity.current
        return try state.write { file in
            if let (holder, isDead) = try holder(of: name, in: file) {
                guard isDead else { return .held(by: holder) }
            }
            try file.run(
                """
                INSERT OR REPLACE INTO leases (name, holder, host, boot, processes, process, started, beat, taken_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)
                """,
                [
                    .text(name), .text(lease.id), .text(me.host), .text(me.boot), .text(me.processes),
                    .integer(me.number), .integer(me.started), .integer(Timestamp.now.microseconds),
                ])
            return .taken(lease)
        }
    }

    /// Who has it and is not known to be dead; nil if nobody does.
    public func holder(of name: String) throws -> Holder? {
        try state.read { try living(holderOf: name, in: $0) } ?? nil
    }

    /// The same within a transaction that has other parts, too.
    func living(holderOf name: String, in file: SQLiteConnection) throws -> Holder? {
        guard let (holder, isDead) = try holder(of: name, in: file), !isDead else { return nil }
        return holder
    }

    private func holder(of name: String, in file: SQLiteConnection) throws -> (Holder, isDead: Bool)? {
        let rows = try file.rows(
            "SELECT holder, host, boot, processes, process, started, beat, taken_at FROM leases WHERE name = ?",
            [.text(name)])
        guard let row = rows.first else { return nil }
        let identity = ProcessIdentity(
            host: try row.text(1), boot: try row.text(2), processes: try row.text(3), number: try row.integer(4),
            started: try row.integer(5))
        let isAlive = identity.isAlive
        let holder = Holder(
            id: try row.text(0), host: identity.host, process: identity.number,
            takenAt: Timestamp(microseconds: try row.integer(7)), isNear: isAlive != nil)
        if let isAlive { return (holder, !isAlive) }
        let beat = try row.integer(6)
        let now = ContinuousClock.now
        let isDead = seen.withLock { seen in
            if let before = seen[name], before.holder == holder.id, before.beat == beat {
                return now - before.since >= patience
            }
            seen[name] = (holder.id, beat, now)
            return false
        }
        return (holder, isDead)
    }
}

/// A lease that this process has.
public struct Lease: Sendable {
    /// The token of this holding.
    public let id = UUID().uuidString.lowercased()
    let name: String
    let state: StateDatabase

    /// Says that the holder lives. Blocks.
    /// - Returns: whether the lease is still this one's: who was taken for dead has lost it.
    @discardableResult
    public func beat() throws -> Bool {
        try state.write { file in
            try file.run("UPDATE leases SET beat = beat + 1 WHERE name = ? AND holder = ?", [.text(name), .text(id)])
                > 0
        }
    }

    /// Lets go. What cannot be written is left to those who see that this process has ended.
    public func release() {
        do {
            _ = try state.write { file in
                try file.run("DELETE FROM leases WHERE name = ? AND holder = ?", [.text(name), .text(id)])
            }
        } catch {
            Log("lease").warning("a lease could not be given back", ["lease": name, "why": "\(error)"])
        }
    }
}
