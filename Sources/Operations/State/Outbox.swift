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
    /// The receiver of all mails, as it stands here: which server takes them may change.
    public static let mail = "mail"

    /// The messages of a state; nothing is opened yet.
    public init(_ state: StateDatabase) { self.state = state }

    /// How a message stands.
    public enum Standing: String, Sendable, CaseIterable {
        case pending
        /// Handed over by a process that still waits for the answer. It is not stored: it is a dead one with a living holder.
        case sending
        case delivered, dead
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
        public internal(set) var attempts: Int
        /// Before this nobody tries again.
        public let nextAt: Timestamp
        /// Why the last attempt failed.
        public let reason: String?
        public let endedAt: Timestamp?
    }

    /// A name that no other message has.
    public static func newID() -> String { UUID().uuidString.lowercased() }

    /// A message before it is in the outbox.
    public struct Draft: Sendable {
        public var type: String
        public var endpoint: String
        public var id: String
        public var body: [UInt8]

        /// A message of this type to one receiver.
        public init(_ type: String, to endpoint: String, id: String = Outbox.newID(), body: [UInt8]) {
            self.type = type
            self.endpoint = endpoint
            self.id = id
            self.body = body
        }
    }

    /// Writes messages down, all or none.
    public func add(_ drafts: [Draft], at now: Timestamp = .now) throws {
        try state.write { try Self.insert(drafts, into: $0, at: now) }
    }

    /// Writes messages down in a transaction that has other parts, too.
    static func insert(_ drafts: [Draft], into file: SQLiteConnection, at now: Timestamp = .now) throws {
        guard !drafts.isEmpty else { return }
        for draft in drafts {
            try file.run(
                """
                INSERT INTO outbox (id, number, endpoint, type, body, created_at, state, attempts, next_at) VALUES
                (?, (SELECT COALESCE(MAX(number), 0) + 1 FROM outbox), ?, ?, ?, ?, 'pending', 0, ?)
                """,
                [
                    .text(draft.id), .text(draft.endpoint), .text(draft.type), .blob(draft.body),
                    .integer(now.microseconds), .integer(now.microseconds),
                ])
        }
        try file.run(
            """
            DELETE FROM outbox WHERE state = 'delivered' AND number <= (SELECT MAX(number) FROM outbox) - \(Self.remembered)
            """)
    }

    /// Takes the oldest messages of an endpoint that are due, and counts the attempt.
    /// - Parameter term: after so long another may take them; at once after ``reclaim()``, if this process has died.
    public func claim(
        for endpoint: String, at now: Timestamp = .now, limit: Int = 1, term: Duration
    ) throws -> [Message] {
        // Most looks find nothing: they need not write.
        guard let due = try next(for: endpoint), due <= now else { return [] }
        return try state.write { file in
            let found = try Self.messages(
                file, "endpoint = ? AND state = 'pending' AND next_at <= ? ORDER BY next_at, number LIMIT ?",
                [.text(endpoint), .integer(now.microseconds), .integer(Int64(limit))])
            return try found.map { message in
                try file.run(
                    "UPDATE outbox SET attempts = attempts + 1, next_at = ?, holder = ? WHERE id = ?",
                    [
                        .integer(now.advanced(bySeconds: term.inSeconds).microseconds),
                        .text(ProcessIdentity.current.text), .text(message.id),
                    ])
                var message = message
                message.attempts += 1
                return message
            }
        }
    }

    /// Lets what dead processes had in hand be taken at once; their attempts do not count.
    public func reclaim(at now: Timestamp = .now) throws {
        let holders =
            try state.read { file in
                try file.rows("SELECT DISTINCT holder FROM outbox WHERE holder IS NOT NULL AND state = 'pending'")
                    .map { try $0.text(0) }
            } ?? []
        let dead = holders.filter { ProcessIdentity(text: $0)?.isAlive == false }
        guard !dead.isEmpty else { return }
        try state.write { file in
            for holder in dead {
                try file.run(
                    """
                    UPDATE outbox SET next_at = ?, attempts = MAX(0, attempts - 1), holder = NULL
                    WHERE holder = ? AND state = 'pending'
                    """, [.integer(now.microseconds), .text(holder)])
            }
        }
    }

    /// Notes that a message in hand is about to reach its receiver for good: until ``settle(_:at:)`` says otherwise it counts
    /// as given up, so that nobody sends it a second time if this process dies before the answer is known.
    /// - Returns: whether this process still had it in hand; if not, it must not be sent.
    public func handOver(_ id: String, reason: String, at now: Timestamp = .now) throws -> Bool {
        try state.write { file in
            try file.run(
                """
                UPDATE outbox SET state = 'dead', reason = ?, ended_at = ? WHERE id = ? AND state = 'pending' AND holder = ?
                """,
                [.text(reason), .integer(now.microseconds), .text(id), .text(ProcessIdentity.current.text)])
        } == 1
    }

    /// What processes that died had handed over without knowing the answer: each is told once, and stays given up.
    public func doubtful(for endpoint: String) throws -> [String] {
        let left =
            try state.read { file in
                try file.rows(
                    "SELECT id, holder FROM outbox WHERE holder IS NOT NULL AND state = 'dead' AND endpoint = ?",
                    [.text(endpoint)]
                ).map { (id: try $0.text(0), holder: try $0.text(1)) }
            } ?? []
        let dead = left.filter { ProcessIdentity(text: $0.holder)?.isAlive == false }
        guard !dead.isEmpty else { return [] }
        return try state.write { file in
            try dead.filter {
                try file.run(
                    "UPDATE outbox SET holder = NULL WHERE id = ? AND holder = ? AND state = 'dead'",
                    [.text($0.id), .text($0.holder)]) == 1
            }.map(\.id)
        }
    }

    /// Removes a message that nobody wants any more.
    public func withdraw(_ id: String) throws {
        _ = try state.write { try $0.run("DELETE FROM outbox WHERE id = ?", [.text(id)]) }
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

    /// What became of a message that somebody had in hand.
    public enum Verdict: Sendable {
        case delivered
        /// It is tried again at this time.
        case again(at: Timestamp, reason: String)
        case dead(reason: String)
        /// It goes back, and the attempt does not count.
        case unsent(until: Timestamp, reason: String)
    }

    /// Notes what became of messages, all in one step.
    public func settle(_ verdicts: [(id: String, verdict: Verdict)], at now: Timestamp = .now) throws {
        guard !verdicts.isEmpty else { return }
        try state.write { file in
            for (id, verdict) in verdicts {
                let (standing, reason, next, uncounted): (Standing, String?, Timestamp, Int64) =
                    switch verdict {
                    case .delivered: (.delivered, nil, now, 0)
                    case .again(let time, let reason): (.pending, reason, time, 0)
                    case .dead(let reason): (.dead, reason, now, 0)
                    case .unsent(let time, let reason): (.pending, reason, time, 1)
                    }
                try file.run(
                    """
                    UPDATE outbox SET state = ?, reason = ?, next_at = ?, ended_at = ?, holder = NULL,
                        attempts = MAX(0, attempts - ?)
                    WHERE id = ?
                    """,
                    [
                        .text(standing.rawValue), SQLiteValue(reason), .integer(next.microseconds),
                        SQLiteValue(standing == .pending ? nil : now.microseconds), .integer(uncounted), .text(id),
                    ])
            }
        }
    }

    /// How many messages of these receivers wait or are being tried.
    public func waiting(for endpoints: [String]) throws -> Int {
        try state.read { file in
            try endpoints.reduce(0) { sum, endpoint in
                let rows = try file.rows(
                    "SELECT COUNT(*) FROM outbox WHERE endpoint = ? AND state = 'pending'", [.text(endpoint)])
                return try sum + Int(rows.first?.integer(0) ?? 0)
            }
        } ?? 0
    }

    /// Lets messages that were given up be tried again.
    /// - Parameters:
    ///   - id: nil means all.
    ///   - kind: which of them.
    /// - Returns: how many they are. One that a living process is handing over is left to it.
    @discardableResult
    public func revive(_ id: String?, of kind: Kind = .all, at now: Timestamp = .now) throws -> Int {
        guard state.exists else { return 0 }
        return try state.write { file in
            let found = try file.rows(
                "SELECT id, holder FROM outbox WHERE state = 'dead' AND (?1 IS NULL OR id = ?1) AND \(kind.condition)",
                [SQLiteValue(id)])
            let free = try found.filter { row in
                try row.isNull(1) || ProcessIdentity(text: row.text(1))?.isAlive != true
            }
            for row in free {
                try file.run(
                    """
                    UPDATE outbox SET state = 'pending', attempts = 0, next_at = ?, ended_at = NULL, holder = NULL
                    WHERE id = ?
                    """, [.integer(now.microseconds), .text(try row.text(0))])
            }
            return free.count
        }
    }

    /// What a message leaves by.
    public enum Kind: Sendable {
        case all, webhooks, mails

        fileprivate var condition: String {
            switch self {
            case .all: "1"
            case .webhooks: "endpoint <> '\(Outbox.mail)'"
            case .mails: "endpoint = '\(Outbox.mail)'"
            }
        }
    }

    /// The newest messages, newest first.
    public func messages(
        _ standing: Standing? = nil, of kind: Kind = .all, limit: Int = 100, at now: Timestamp = .now
    ) throws -> [Message] {
        try state.read { file in
            let sending = try Self.sending(file, at: now)
            // One parameter for each.
            let ids = sending.sorted()
            let names = ids.indices.map { "?\($0 + 3)" }.joined(separator: ", ")
            return try Self.messages(
                file,
                """
                (?1 IS NULL OR ?1 = CASE WHEN id IN (\(names)) THEN 'sending' ELSE state END) AND \(kind.condition)
                ORDER BY number DESC LIMIT ?2
                """, [SQLiteValue(standing?.rawValue), .integer(Int64(limit))] + ids.map { .text($0) }, sending: sending
            )
        } ?? []
    }

    /// How the messages stand whose ids begin so.
    public func standings(ofIDs start: String, of kind: Kind = .all, at now: Timestamp = .now) throws -> [Standing] {
        try state.read { file in
            let sending = try Self.sending(file, at: now)
            return try Self.messages(
                file, "substr(id, 1, length(?1)) = ?1 AND \(kind.condition)", [.text(start)], sending: sending
            ).map(\.state)
        } ?? []
    }

    /// The ids of those that are handed over and whose answer may still come: their holder lives, or cannot be looked at and
    /// has had no more time than it asked for.
    private static func sending(_ file: SQLiteConnection, at now: Timestamp) throws -> Set<String> {
        var ids: Set<String> = []
        for row in try file.rows(
            "SELECT id, holder, next_at FROM outbox WHERE holder IS NOT NULL AND state = 'dead'")
        {
            let isAlive = ProcessIdentity(text: try row.text(1))?.isAlive
            if try isAlive ?? (row.integer(2) > now.microseconds) { ids.insert(try row.text(0)) }
        }
        return ids
    }

    private static func messages(
        _ file: SQLiteConnection, _ which: String, _ values: [SQLiteValue], sending: Set<String> = []
    ) throws -> [Message] {
        let columns = "id, endpoint, type, body, created_at, state, attempts, next_at, reason, ended_at"
        return try file.rows("SELECT \(columns) FROM outbox WHERE \(which)", values).map { row in
            let id = try row.text(0)
            return Message(
                id: id, endpoint: try row.text(1), type: try row.text(2), body: try row.blob(3),
                createdAt: Timestamp(microseconds: try row.integer(4)),
                state: sending.contains(id) ? .sending : Standing(rawValue: try row.text(5)) ?? .dead,
                attempts: Int(try row.integer(6)),
                nextAt: Timestamp(microseconds: try row.integer(7)), reason: row.isNull(8) ? nil : try row.text(8),
                endedAt: row.isNull(9) ? nil : Timestamp(microseconds: try row.integer(9)))
        }
    }
}
