internal import Columnar
internal import Domain
internal import EventIngest
public import Operations
public import Store

/// Gives the users of a deployment other pseudonyms, or their first ones: in the tables, and in the state.
///
/// Nobody can turn a pseudonym back, so the new key is applied to the old pseudonyms: whoever maps an identifier from then on
/// applies both. The tables change one after the other, each in one commit; killed at any moment it is made again and does
/// the rest.
public struct Rekeying: Sendable {
    /// What became of one table.
    public struct Outcome: Codable, Sendable, Hashable {
        public var table: String
        /// Files written anew; 0 where the table had the keys already.
        public var files: Int
        public var bytes: Int
    }

    /// What was done.
    public struct Report: Codable, Sendable, Hashable {
        /// Tells the keys from now on.
        public var key: String
        public var tables: [Outcome] = []
        /// Users whose choices were carried over.
        public var choices = 0
        /// Users who have chosen something and no rows: nobody can tell what they are called now.
        public var lost = 0
    }

    private let store: EventStore
    private let state: StateDatabase
    private let change: PseudonymChange

    /// - Parameters:
    ///   - earlier: of the tables as they are; nil for identifiers as they are.
    ///   - keys: these, and further ones.
    /// - Throws: ``PrivacyError/notTheNextKeys``.
    public init(
        _ store: EventStore, state: StateDatabase, from earlier: PseudonymKeys?, to keys: PseudonymKeys
    ) throws {
        guard let change = PseudonymChange(from: earlier, to: keys) else { throw PrivacyError.notTheNextKeys }
        self.store = store
        self.state = state
        self.change = change
    }

    /// Looks whether tables and state have one of these keys, before anything is changed or made. Blocks.
    /// - Parameters:
    ///   - earlier: the keys that were named; nil for identifiers as they are.
    ///   - keys: those that are there already where this is done again; nil if there are none.
    /// - Throws: `StoreError.otherPseudonymKey`, `OperationsError.otherPseudonymKey`.
    public static func check(
        _ store: EventStore, state: StateDatabase, from earlier: PseudonymKeys?, to keys: PseudonymKeys?
    ) throws {
        let known = [earlier?.keyID] + (keys.map { [$0.keyID] } ?? [])
        for table in PersonalTable.all(of: store) { try table.checkKey(in: known) }
        try PersonalRegister(state).check(keyIn: known)
    }

    /// Does what is left to do.
    /// - Throws: ``PrivacyError/erasuresUnderWay``; as ``check(_:state:from:to:)``.
    public func run(by who: String, reason: String = "") async throws -> Report {
        try await BlockingWork.run("rekey") { flag in
            guard try ErasureLedger(state).open().isEmpty else { throw PrivacyError.erasuresUnderWay }
            try Self.check(store, state: state, from: change.earlier, to: change.keys)
            var report = Report(key: change.keys.keyID)
            try AuditLog(state).record(by: who, "privacy.rekey", of: change.keys.keyID, reason: reason) {
                let register = PersonalRegister(state)
                // Before the tables: afterwards nobody knows who was called what.
                let before = try register.count()
                // Of a run that was killed the tables that are done name nobody as before.
                let isBegun = try PersonalTable.all(of: store).contains { try $0.pseudonymKey() == change.keys.keyID }
                let users = try users { try flag.check() }
                report.choices = try register.carry(users)
                report.lost = users.isEmpty || isBegun ? 0 : max(0, before - report.choices)
                try register.adopt(key: change.keys.keyID) { change.user($0) }
                for table in PersonalTable.all(of: store) {
                    guard let done = try table.rekey(change, check: { try flag.check() }) else { continue }
                    report.tables.append(
                        Outcome(
                            table: table.declaration.name, files: done.filesAdded, bytes: Int(done.bytesAdded)))
                }
            }
            return report
        }
    }

    /// Everybody in the tables, with what they are called before and after.
    private func users(check: () throws -> Void) throws -> [(old: String, new: String)] {
        var found: Set<String> = []
        for table in PersonalTable.all(of: store) {
            try table.users(before: change) { users in
                try check()
                found.formUnion(users)
            }
        }
        return found.map { ($0, change.user($0)) }
    }
}
