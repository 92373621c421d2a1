/// What a state keeps to tell one person, or others about them: messages of the outbox that have their list, lists for the
/// next digest, and where their mail goes. All calls block.
public struct PersonalMessages: Sendable {
    private let state: StateDatabase

    /// The messages of a state; nothing is opened yet.
    public init(_ state: StateDatabase) { self.state = state }

    /// Messages about one user name them there.
    private static let isAbout =
        "json_valid(CAST(body AS TEXT)) AND json_extract(CAST(body AS TEXT), '$.data.user_id') = ?1"

    /// The body of any message: SQLite does not say in which order it looks at conditions.
    private static let document =
        "CASE WHEN json_valid(CAST(outbox.body AS TEXT)) THEN CAST(outbox.body AS TEXT) ELSE '{}' END"

    /// The lists in a digest of many, each with its user.
    private static let listed = """
        outbox, json_each(\(document), '$.data.lists') AS list
        WHERE outbox.endpoint = '\(Outbox.mail)' AND json_extract(\(document), '$.data.user_id') IS NULL
            AND json_extract(list.value, '$.user_id') = ?1
        """

    /// Everything about a user, as JSON; messages that left are remembered for a while, too. Of a digest of many users
    /// only this one's list.
    public func all(about user: String) throws -> [[UInt8]] {
        try state.read { file in
            try [
                "SELECT body FROM outbox WHERE \(Self.isAbout)",
                "SELECT CAST(list.value AS BLOB) FROM \(Self.listed)",
                "SELECT document FROM digest_lists WHERE user_id = ?1",
                """
                SELECT CAST(json_object('mail_subscription', address, 'since_microseconds', since) AS BLOB)
                FROM mail_subscriptions WHERE user_id = ?1
                """,
            ].flatMap { try file.rows($0, [.text(user)]).map { try $0.blob(0) } }
        } ?? []
    }

    /// Removes them, and what the file and its log still have of their bytes. A digest of many users keeps the others.
    /// - Returns: how many there were.
    public func remove(about user: String) throws -> Int {
        let count = try all(about: user).count
        guard count > 0 else { return 0 }
        try state.write { file in
            for statement in [
                "DELETE FROM outbox WHERE \(Self.isAbout)",
                """
                UPDATE outbox SET body = CAST(json_set(CAST(body AS TEXT), '$.data.lists', json((
                    SELECT json_group_array(json(other.value)) FROM json_each(CAST(body AS TEXT), '$.data.lists') AS other
                    WHERE json_extract(other.value, '$.user_id') <> ?1))) AS BLOB)
                WHERE id IN (SELECT outbox.id FROM \(Self.listed))
                """,
                "DELETE FROM digest_lists WHERE user_id = ?1", "DELETE FROM mail_subscriptions WHERE user_id = ?1",
            ] { try file.run(statement, [.text(user)]) }
        }
        try state.forgetRemoved()
        return count
    }
}
