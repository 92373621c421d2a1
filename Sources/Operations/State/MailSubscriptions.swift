public import Domain
internal import Foundation

/// Which users have asked for digests by mail, and where to. All calls block.
public struct MailSubscriptions: Sendable {
    private let state: StateDatabase

    /// The subscriptions of a state; nothing is opened yet.
    public init(_ state: StateDatabase) { self.state = state }

    /// One user's wish.
    public struct Subscription: Sendable, Equatable {
        public let userID: String
        public let address: String
        /// Names it in a link to get out by: nobody can guess it.
        public let token: String
        public let since: Timestamp
    }

    private static let columns = "SELECT user_id, address, token, since FROM mail_subscriptions"

    /// Writes down that a user wants their digest there; it takes the place of what was before.
    /// - Parameter address: must have been checked.
    public func add(_ user: String, address: String, at now: Timestamp = .now) throws {
        let token = UUID().uuidString.replacing("-", with: "").lowercased()
        _ = try state.write { file in
            try file.run(
                """
                INSERT INTO mail_subscriptions (user_id, address, token, since) VALUES (?, ?, ?, ?)
                ON CONFLICT (user_id) DO UPDATE SET address = excluded.address, since = excluded.since
                """, [.text(user), .text(address), .text(token), .integer(now.microseconds)])
        }
    }

    /// A user gets no more of them; what waits for the next digest, or for the server, goes too.
    /// - Returns: whether there was a subscription.
    public func remove(_ user: String) throws -> Bool {
        guard state.exists else { return false }
        return try state.write { file in
            try file.run(
                """
                DELETE FROM outbox WHERE endpoint = '\(Outbox.mail)' AND state <> 'delivered'
                    AND json_valid(CAST(body AS TEXT)) AND json_extract(CAST(body AS TEXT), '$.data.user_id') = ?
                """, [.text(user)])
            return try file.run("DELETE FROM mail_subscriptions WHERE user_id = ?", [.text(user)]) > 0
        }
    }

    /// Whose token it is; nil if it is nobody's.
    public func user(of token: String) throws -> String? {
        try state.read { file in
            try file.rows("SELECT user_id FROM mail_subscriptions WHERE token = ?", [.text(token)]).first?.text(0)
        } ?? nil
    }

    /// Those of these users that there are.
    public func of(_ users: [String]) throws -> [ExactText: Subscription] {
        try state.read { file in
            var found: [ExactText: Subscription] = [:]
            for user in users {
                let rows = try file.rows("\(Self.columns) WHERE user_id = ?", [.text(user)])
                found[ExactText(user)] = try rows.first.map(Self.read)
            }
            return found
        } ?? [:]
    }

    /// All, by user.
    public func all() throws -> [Subscription] {
        try state.read { file in try file.rows("\(Self.columns) ORDER BY user_id").map(Self.read) } ?? []
    }

    private static func read(_ row: SQLiteRow) throws -> Subscription {
        Subscription(
            userID: try row.text(0), address: try row.text(1), token: try row.text(2),
            since: Timestamp(microseconds: try row.integer(3)))
    }
}
