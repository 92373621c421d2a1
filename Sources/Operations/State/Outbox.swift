public import Domain
internal import Foundation

/// Messages that are to leave this deployment, kept until they are delivered or given up.
///
/// A message is written down before anybody tries to send it, so neither a crash nor a receiver that is away loses it. One
/// process at a time has a message in hand (``claim(for:at:term:)``); one that dies with it gives it back when the term is
/// over, so a receiver may see it twice, under the same id. All calls block.
public struct Outbox: Sendable {
    private let state: StateDatabase
    /// Delivered messages that are remembered; dead ones all are.
    public static let remembered = 1000

    /// The messages of a state; nothing is opened yet.
    public init(_ state: StateDatabase) { self.state = state }

    /// How a message stands.
    public enum Standing: String, Sendable, CaseIterable {
        case pending, delivered, dead
    }

    /// One message to one receiver.
    public struct Message: Sendable {
        /// Stays the same over all attempts.
        public let id: String
        public let endpoint: String
        /// What it is about, such as `training.promoted`.
        public let type: String
        public let body: [UInt8]
        public let createdAt: Timestamp
        public let state: Standing
        /// How often sending was begun.
        public let attempts: Int
        /// Before this nobody tries again.
        public let nextAt: Timestamp
        /// Why the last attempt failed.
        public let reason: String?
        public let endedAt: Timestamp?
    }

    /// A name that no other message has.
    public static func newID() -> String { UUID().uuidString.lowercased() }

    /// Writes a message down.
    public func add(
        _ type: String, to endpoint: String, id: String = Outbox.newID(), body: [UInt8],
        at now: Timestamp = .now
    ) throws {
        try state.write { file in
            try file.run(
                """
                INSERT INTO outbox (id, number, endpoint, type, body, created_at, state, attempts, next_at) VALUES
                (?, (SELECT COALESCE(MAX(number), 0) + 1 FROM outbox), ?, ?, ?, ?, 'pending', 0, ?)
                """,
                [
                    .text(id), .text(endpoint), .text(type), .blob(body), .integer(now.microseconds),
                    .integer(now.microseconds),
                ])
            try file.run(
                """
                DELETE FROM outbox WHERE state = 'delivered' AND number <= (SELECT MAX(number) FROM outbox) - \(Self.remembered)
                """)
        }
    }

    /// Takes the oldest message of an endpoint that is due, and counts the attempt.
    /// - Parameter term: after so long another may take it.
    public func claim(for endpoint: String, at now: Timestamp = .now, term: Duration) throws -> Message? {
        // Most looks find nothing: they need not write.
        guard let due = try next(for: endpoint), due <= now else { return nil }
        return try state.write { file in
            let found = try Self.messages(
                file, "endpoint = ? AND state = 'pending' AND next_at <= ? ORDER BY number LIMIT 1",
                [.text(endpoint), .integer(now.microseconds)])
            guard let message = found.first else { return nil }
            try file.run(
                "UPDATE outbox SET attempts = attempts + 1, next_at = ? WHERE id = ?",
                [.integer(now.advanced(bySeconds: term.inSeconds).microseconds), .text(message.id)])
            return try Self.messages(file, "id = ?", [.text(message.id)]).first
        }
    }

    /// When the next message of an endpoint is due; nil if none waits.
    public func next(for endpoint: String) throws -> Timestamp? {
        try state.read { file -> Timestamp? in
            let rows = try file.rows(
                "SELECT MIN(next_at) FROM outbox WHERE endpoint = ? AND state = 'pending'", [.text(endpoint)])
            guard let row = rows.first, !row.isNull(0) else { return nil }
            return Timestamp(microseconds: try row.integer(0))
        } ?? nil
    }

    /// Notes the end of a message.
    public func end(_ id: String, as standing: Standing, reason: String? = nil, at now: Timestamp = .now) throws {
        try set(id, standing, reason, next: now, ended: now)
    }

    /// Puts a message back, to be tried again.
    public func retry(_ id: String, at next: Timestamp, reason: String?) throws {
        try set(id, .pending, reason, next: next, ended: nil)
    }

    private func set(_ id: String, _ standing: Standing, _ reason: String?, next: Timestamp, ended: Timestamp?) throws {
        _ = try state.write { file in
            try file.run(
                "UPDATE outbox SET state = ?, reason = ?, next_at = ?, ended_at = ? WHERE id = ?",
                [
                    .text(standing.rawValue), SQLiteValue(reason), .integer(next.microseconds),
                    SQLiteValue(ended?.microseconds), .text(id),
                ])
        }
    }

    /// Lets messages that were given up be tried again.
    /// - Parameter id: nil means all.
    /// - Returns: how many they are.
    @discardableResult
    public func revive(_ id: String?, at now: Timestamp = .now) throws -> Int {
        guard state.exists else { return 0 }
        return try state.write { file in
            try file.run(
                """
                UPDATE outbox SET state = 'pending', attempts = 0, next_at = ?1, ended_at = NULL
                WHERE state = 'dead' AND (?2 IS NULL OR id = ?2)
                """, [.integer(now.microseconds), SQLiteValue(id)])
        }
    }

    /// The newest messages, newest first.
    public func messages(_ standing: Standing? = nil, limit: Int = 100) throws -> [Message] {
        try state.read { file in
            try Self.messages(
                file, "?1 IS NULL OR state = ?1 ORDER BY number DESC LIMIT ?2",
                [SQLiteValue(standing?.rawValue), .integer(Int64(limit))])
        } ?? []
    }

    private static func messages(
        _ file: SQLiteConnection, _ which: String, _ values: [SQLiteValue]
    ) throws -> [Message] {
        let columns = "id, endpoint, type, body, created_at, state, attempts, next_at, reason, ended_at"
        return try file.rows("SELECT \(columns) FROM outbox WHERE \(which)", values).map { row in
            Message(
                id: try row.text(0), endpoint: try row.text(1), type: try row.text(2), body: try row.blob(3),
                createdAt: Timestamp(microseconds: try row.integer(4)),
                state: Standing(rawValue: try row.text(5)) ?? .dead, attempts: Int(try row.integer(6)),
                nextAt: Timestamp(microseconds: try row.integer(7)), reason: row.isNull(8) ? nil : try row.text(8),
                endedAt: row.isNull(9) ? nil : Timestamp(microseconds: try row.integer(9)))
        }
    }
}
