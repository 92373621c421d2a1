public import Domain

/// Whose data must be kept for a legal claim (GDPR, Art. 17(3)(e) and 18): neither retention nor an erasure removes any of it
/// until the hold is released.
///
/// The identifier stands in the state's file as long as the hold lasts, unlike choices: what is to be kept must be found, also
/// inside of messages. All calls block.
///
/// Holding and removing never mix. An erasure asks before the first thing that it removes (``beginRemoval(of:at:)``): either it
/// finds the hold, or no hold can be placed until it is complete. Retention takes its lease before it reads the holds, and
/// none is placed while it has it.
public struct LegalHolds: Sendable {
    private let state: StateDatabase
    private let leases: Leases
    /// The name of the lease that retention has.
    public static let retention = "retention"

    /// The holds of a state; nothing is opened yet.
    public init(_ state: StateDatabase) {
        self.state = state
        leases = Leases(state)
    }

    /// One user's.
    public struct Hold: Sendable, Equatable {
        public var user: String
        public var since: Timestamp
        /// Who wrote it down: see ``AuditedChange/who``.
        public var who: String
        /// Such as the number of a case; may be empty.
        public var reason: String
    }

    /// From now on nothing of a user is removed.
    /// - Parameter reason: where there is a hold, the same or none.
    /// - Returns: whether that is new; a hold that is there stays as it is.
    /// - Throws: ``HoldError``
    @discardableResult
    public func place(_ user: String, by who: String, reason: String = "", at: Timestamp = .now) throws -> Bool {
        try state.write { file in
            let bytes = SQLiteValue.blob(Array(user.utf8))
            if let known = try file.rows("\(Self.columns) WHERE user = ?", [bytes]).first.map(Self.hold) {
                guard reason.isEmpty || reason == known.reason else {
                    throw HoldError.heldForAnotherReason(since: known.since, who: known.who, reason: known.reason)
                }
                return false
            }
            let subject = try PersonalRegister.subject(of: user, in: file)
            if let begun = try file.rows("SELECT since FROM removals WHERE subject = ?", [.blob(subject.bytes)]).first {
                throw HoldError.beingRemoved(since: Timestamp(microseconds: try begun.integer(0)))
            }
            if let holder = try leases.living(holderOf: Self.retention, in: file) {
                throw HoldError.retentionUnderWay(holder: "\(holder)")
            }
            try file.run(
                "INSERT INTO holds (user, since, who, reason) VALUES (?, ?, ?, ?)",
                [bytes, .integer(at.microseconds), .text(who), .text(reason)])
            return true
        }
    }

    /// Who removes what is too old at this moment; nil if nobody does. Of a holder on another machine that died it is known
    /// after ``Leases/patience``, if the same object is asked again.
    public func retentionUnderWay() throws -> Leases.Holder? { try leases.holder(of: Self.retention) }

    /// Notes that what there is of a user begins to be removed, unless a hold keeps it: from then on none can be placed, until
    /// ``PersonalRegister/forget(_:)``.
    /// - Returns: the hold that keeps it; nil if removing may begin.
    public func beginRemoval(of user: String, at: Timestamp = .now) throws -> Hold? {
        try state.write { file in
            let hold = try file.rows("\(Self.columns) WHERE user = ?", [.blob(Array(user.utf8))]).first
            if let hold { return try Self.hold(hold) }
            let subject = try PersonalRegister.subject(of: user, in: file)
            try file.run(
                "INSERT OR IGNORE INTO removals (subject, since) VALUES (?, ?)",
                [.blob(subject.bytes), .integer(at.microseconds)])
            return nil
        }
    }

    /// Ends a user's hold, and takes the identifier out of the file.
    /// - Returns: whether there was one.
    @discardableResult
    public func release(_ user: String) throws -> Bool {
        guard try hold(of: user) != nil else { return false }
        let count = try state.write { file in
            try file.run("DELETE FROM holds WHERE user = ?", [.blob(Array(user.utf8))])
        }
        try state.forgetRemoved()
        return count > 0
    }

    /// The hold of a user; nil if there is none.
    public func hold(of user: String) throws -> Hold? {
        try state.read { file in
            try file.rows("\(Self.columns) WHERE user = ?", [.blob(Array(user.utf8))]).first.map(Self.hold)
        } ?? nil
    }

    /// All of them, oldest first.
    public func all() throws -> [Hold] {
        try state.read { try $0.rows("\(Self.columns) ORDER BY since, user").map(Self.hold) } ?? []
    }

    private static let columns = "SELECT user, since, who, reason FROM holds"

    private static func hold(_ row: SQLiteRow) throws -> Hold {
        Hold(
            user: String(decoding: try row.blob(0), as: UTF8.self), since: Timestamp(microseconds: try row.integer(1)),
            who: try row.text(2), reason: try row.text(3))
    }
}
