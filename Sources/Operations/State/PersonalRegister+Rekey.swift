internal import Foundation

extension PersonalRegister {
    /// Writes down what users chose under the names that they are about to get.
    ///
    /// Choices stand under a digest of a user's name there. When users get other names, what they chose moves under those.
    /// - Returns: how many of them have chosen something.
    public func carry(_ users: [(old: String, new: String)]) throws -> Int {
        guard state.exists, !users.isEmpty else { return 0 }
        return try state.write { file in
            guard let key = try Self.knownKey(in: file) else { return 0 }
            var carried = 0
            for (old, new) in users {
                let names = [new, old].map { SQLiteValue.blob(key.subject($0).bytes) }
                var count = 0
                for (table, columns, order) in Self.tables {
                    // Once, however often it is tried.
                    try file.run(
                        """
                        INSERT INTO \(table) (subject, \(columns)) SELECT ?, \(columns) FROM \(table) WHERE subject = ?
                            AND NOT EXISTS (SELECT 1 FROM \(table) WHERE subject = ?) ORDER BY \(order)
                        """, names + [names[0]])
                    try file.run("DELETE FROM \(table) WHERE subject = ?", [names[1]])
                    let found = try file.rows("SELECT 1 FROM \(table) WHERE subject = ? LIMIT 1", [names[0]])
                    count += found.count
                }
                if count > 0 { carried += 1 }
            }
            return carried
        }
    }

    /// How many users have chosen something, as far as digests tell.
    public func count() throws -> Int {
        try state.read { file in
            Int(
                try file.rows(
                    "SELECT COUNT(*) FROM (SELECT subject FROM consents UNION SELECT subject FROM suppressions)"
                )
                .first?.integer(0) ?? 0)
        } ?? 0
    }

    /// Renames users where the state has them by name: legal holds and subscriptions to mail. Once for each key, however
    /// often it is called.
    /// - Parameter key: tells the key from now on.
    public func adopt(key: String, _ name: (String) -> String) throws {
        guard state.exists else { return }
        try state.write { file in
            guard try Self.pseudonymKey(in: file) != key else { return }
            for row in try file.rows("SELECT user FROM holds") {
                let user = String(decoding: try row.blob(0), as: UTF8.self)
                try file.run(
                    "UPDATE holds SET user = ? WHERE user = ?",
                    [.blob(Array(name(user).utf8)), .blob(Array(user.utf8))])
            }
            for row in try file.rows("SELECT user_id FROM mail_subscriptions") {
                let user = try row.text(0)
                try file.run(
                    "UPDATE mail_subscriptions SET user_id = ? WHERE user_id = ?", [.text(name(user)), .text(user)])
            }
            // Each user's next list makes them anew.
            try file.run("DELETE FROM digest_lists", [])
            try file.run("INSERT OR REPLACE INTO pseudonym_key (number, key) VALUES (1, ?)", [.text(key)])
        }
        try state.forgetRemoved()
    }

    /// Looks whether users are called here as the key calls them, and writes the key down where there is none yet: what was
    /// chosen under another name would never be found. Blocks.
    /// - Parameter key: its digest; nil for identifiers as they are.
    /// - Throws: ``OperationsError/otherPseudonymKey(stored:given:)``.
    public func settle(key: String?) throws {
        try check(keyIn: [key])
        guard let key else { return }
        try state.write { file in
            guard try Self.pseudonymKey(in: file) == nil else { return }
            try file.run("INSERT INTO pseudonym_key (number, key) VALUES (1, ?)", [.text(key)])
        }
    }

    /// - Parameter keys: digests; nil stands for identifiers as they are.
    /// - Throws: ``OperationsError/otherPseudonymKey(stored:given:)`` where the state has another key than these.
    public func check(keyIn keys: [String?]) throws {
        guard let stored = try state.read({ try Self.pseudonymKey(in: $0) }) ?? nil, !keys.contains(stored) else {
            return
        }
        throw OperationsError.otherPseudonymKey(stored: stored, given: keys.first ?? nil)
    }

    private static func pseudonymKey(in file: SQLiteConnection) throws -> String? {
        try file.rows("SELECT key FROM pseudonym_key").first?.text(0)
    }

    private static let tables = [
        ("consents", "purpose, allowed, at, who, event", "number"), ("suppressions", "since", "since"),
        ("removals", "since", "since"),
    ]
}
