public import Domain
internal import Foundation

/// What persons have chosen, and who is being erased: kept without an identifier, each under a keyed digest of it.
///
/// The key is made with the first entry and lies in the same file, so whoever has the file and guesses an identifier can tell
/// whether it is there; nobody reads one out of it. All calls block.
public struct PersonalRegister: Sendable {
    let state: StateDatabase

    /// The register of a state; nothing is opened yet.
    public init(_ state: StateDatabase) { self.state = state }

    /// One change of a choice.
    public struct Consent: Sendable, Equatable {
        public var purpose: PersonalChoice.Purpose
        public var isAllowed: Bool
        public var at: Timestamp
        /// Who wrote it down: see ``AuditedChange/who``.
        public var who: String
    }

    /// Writes down what a user says of some purposes, and who says so, in one transaction.
    /// - Returns: what holds from now on.
    @discardableResult
    public func set(
        _ choices: [PersonalChoice.Purpose: Bool], of user: String, by who: String, at: Timestamp = .now
    ) throws -> PersonalChoice {
        try state.write { file in
            let subject = try Self.key(in: file).subject(user)
            for (purpose, isAllowed) in choices.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                try file.run(
                    "INSERT INTO consents (subject, purpose, allowed, at, who) VALUES (?, ?, ?, ?, ?)",
                    [
                        .blob(subject.bytes), .text(purpose.rawValue), .integer(isAllowed ? 1 : 0),
                        .integer(at.microseconds), .text(who),
                    ])
            }
            return try Self.table(of: file)?.choice(of: subject) ?? .everything
        }
    }

    /// Everything that a user ever said, oldest first.
    public func history(of user: String) throws -> [Consent] {
        try state.read { file -> [Consent] in
            guard let key = try Self.knownKey(in: file) else { return [] }
            return try file.rows(
                "SELECT purpose, allowed, at, who FROM consents WHERE subject = ? ORDER BY at, number",
                [.blob(key.subject(user).bytes)]
            ).compactMap { row in
                try PersonalChoice.Purpose(rawValue: row.text(0)).map { purpose in
                    Consent(
                        purpose: purpose, isAllowed: try row.integer(1) != 0,
                        at: Timestamp(microseconds: try row.integer(2)), who: try row.text(3))
                }
            }
        } ?? []
    }

    /// From now on nothing of a user is used.
    public func suppress(_ user: String, at: Timestamp = .now) throws {
        try state.write { file in
            _ = try file.run(
                "INSERT OR IGNORE INTO suppressions (subject, since) VALUES (?, ?)",
                [.blob(Self.key(in: file).subject(user).bytes), .integer(at.microseconds)])
        }
    }

    /// Forgets a user: what they chose, and that they were being erased and removed.
    /// - Returns: how many choices were forgotten.
    @discardableResult
    public func forget(_ user: String) throws -> Int {
        guard state.exists else { return 0 }
        return try state.write { file in
            guard let key = try Self.knownKey(in: file) else { return 0 }
            let subject = SQLiteValue.blob(key.subject(user).bytes)
            try file.run("DELETE FROM suppressions WHERE subject = ?", [subject])
            try file.run("DELETE FROM removals WHERE subject = ?", [subject])
            return try file.run("DELETE FROM consents WHERE subject = ?", [subject])
        }
    }

    /// The digest under which a user stands here, made with the state's own key.
    public func subject(of user: String) throws -> SHA256Digest {
        try state.write { try Self.subject(of: user, in: $0) }
    }

    /// The same within a transaction that has other parts, too.
    static func subject(of user: String, in file: SQLiteConnection) throws -> SHA256Digest {
        try key(in: file).subject(user)
    }

    /// All choices that are in force.
    public func table() throws -> Table {
        try state.read { try Self.table(of: $0) ?? Table() } ?? Table()
    }

    /// All choices in force at one moment, in memory.
    public struct Table: PersonalChoices {
        fileprivate var key: Key?
        fileprivate var choices: [SHA256Digest: PersonalChoice] = [:]

        /// Nobody has chosen anything.
        public init() {}

        /// Made with the table: it is asked for every user.
        public fileprivate(set) var revision = 0

        /// Whether what became of `before` can be this: a register keeps its key.
        public func isOfRegister(of before: Table) -> Bool {
            before.key == nil || key?.bytes == before.key?.bytes
        }

        public func choice(of user: String) -> PersonalChoice {
            // As a rule nobody has, and then there is nothing to compute.
            guard !choices.isEmpty, let key else { return .everything }
            return choice(of: key.subject(user))
        }

        fileprivate func choice(of subject: SHA256Digest) -> PersonalChoice { choices[subject] ?? .everything }

        /// How many users do not allow it.
        public func count(objectingTo purpose: PersonalChoice.Purpose) -> Int {
            choices.values.count { !$0.allows(purpose) }
        }
    }

    struct Key: Sendable {
        let bytes: [UInt8]

        func subject(_ user: String) -> SHA256Digest { Digest.hmacSHA256(Array(user.utf8), key: bytes) }
    }

    static func knownKey(in file: SQLiteConnection) throws -> Key? {
        try file.rows("SELECT key FROM privacy_key").first.map { Key(bytes: try $0.blob(0)) }
    }

    static func key(in file: SQLiteConnection) throws -> Key {
        if let key = try knownKey(in: file) { return key }
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
        try file.run("INSERT INTO privacy_key (number, key) VALUES (1, ?)", [.blob(bytes)])
        return Key(bytes: bytes)
    }

    private static func table(of file: SQLiteConnection) throws -> Table? {
        guard let key = try knownKey(in: file) else { return nil }
        var table = Table()
        table.key = key
        // The newest word on each purpose holds, however late it came.
        for row in try file.rows(
            """
            SELECT subject, purpose FROM consents AS said WHERE allowed = 0 AND NOT EXISTS
                (SELECT 1 FROM consents AS later WHERE later.subject = said.subject AND later.purpose = said.purpose
                    AND (later.at > said.at OR (later.at = said.at AND later.number > said.number)))
            """)
        {
            guard let purpose = PersonalChoice.Purpose(rawValue: try row.text(1)) else { continue }
            table.choices[SHA256Digest(bytes: try row.blob(0)), default: .everything].objections.insert(purpose)
        }
        for row in try file.rows("SELECT subject FROM suppressions") {
            table.choices[SHA256Digest(bytes: try row.blob(0)), default: .everything].isBeingErased = true
        }
        if !table.choices.isEmpty { table.revision = table.choices.hashValue | 1 }
        return table
    }
}
