public import Domain

/// What a deliverer has read and written down to be sent: offsets, messages and the lists of the next digest change in one
/// transaction, so a crash at any instant neither loses nor doubles one of them. All calls block.
public struct DeliveryLedger: Sendable {
    private let state: StateDatabase

    /// The ledger of a state; nothing is opened yet.
    public init(_ state: StateDatabase) { self.state = state }

    /// One partition's step.
    public struct Step: Sendable {
        public var source: String
        /// What the ledger must still hold; nil if it must hold nothing.
        public var from: Int64?
        public var to: Int64

        public init(source: String, from: Int64?, to: Int64) {
            self.source = source
            self.from = from
            self.to = to
        }
    }

    /// A user's newest list, kept for the next digest.
    public struct DigestList: Sendable {
        public var userID: String
        public var generatedAt: Timestamp
        public var document: [UInt8]

        public init(userID: String, generatedAt: Timestamp, document: [UInt8]) {
            self.userID = userID
            self.generatedAt = generatedAt
            self.document = document
        }
    }

    /// Where a consumer goes on, by source.
    public func offsets(of consumer: String) throws -> [String: Int64] {
        try state.read { file in
            var offsets: [String: Int64] = [:]
            for row in try file.rows(
                "SELECT source, next_offset FROM delivery_offsets WHERE consumer = ?", [.text(consumer)])
            {
                offsets[try row.text(0)] = try row.integer(1)
            }
            return offsets
        } ?? [:]
    }

    /// Moves the offsets and writes down what is due to the messages that they pass.
    /// - Parameter lists: take the place of older ones of their users.
    /// - Returns: the source whose offset is not where the step begins; nothing has changed then.
    public func commit(
        _ consumer: String, _ steps: [Step], messages: [Outbox.Draft], lists: [DigestList] = []
    ) throws -> String? {
        try state.write { file in
            if let moved = try Self.move(consumer, steps, in: file) { return moved }
            try Outbox.insert(messages, into: file)
            for list in lists {
                try file.run(
                    "INSERT OR REPLACE INTO digest_lists (user_id, generated_at, document) VALUES (?, ?, ?)",
                    [.text(list.userID), .integer(list.generatedAt.microseconds), .blob(list.document)])
            }
            return nil
        }
    }

    /// Moves the offsets within a transaction that has other parts, too.
    /// - Returns: the source whose offset is not where the step begins; nothing has changed then.
    static func move(_ consumer: String, _ steps: [Step], in file: SQLiteConnection) throws -> String? {
        for step in steps {
            let rows = try file.rows(
                "SELECT next_offset FROM delivery_offsets WHERE consumer = ? AND source = ?",
                [.text(consumer), .text(step.source)])
            guard try rows.first?.integer(0) == step.from else { return step.source }
        }
        for step in steps {
            try file.run(
                "INSERT OR REPLACE INTO delivery_offsets (consumer, source, next_offset) VALUES (?, ?, ?)",
                [.text(consumer), .text(step.source), .integer(step.to)])
        }
        return nil
    }

    // MARK: Marks

    /// A number that was written down under this name.
    public func mark(_ name: String) throws -> Int64? {
        try state.read { try Self.mark(name, $0) } ?? nil
    }

    /// The number under this name; `value` is written down if there is none.
    public func mark(_ name: String, else value: Int64) throws -> Int64 {
        if let known = try mark(name) { return known }
        return try state.write { file in
            if let known = try Self.mark(name, file) { return known }
            try Self.set(name, value, file)
            return value
        }
    }

    /// Moves a mark and writes messages down, both or, if the mark is not at `from` any more, neither.
    /// - Returns: whether it was done.
    @discardableResult
    public func move(
        _ name: String, from: Int64?, to: Int64, messages: [Outbox.Draft] = []
    ) throws -> Bool {
        try state.write { file in
            guard try Self.mark(name, file) == from else { return false }
            try Outbox.insert(messages, into: file)
            try Self.set(name, to, file)
            return true
        }
    }

    private static func mark(_ name: String, _ file: SQLiteConnection) throws -> Int64? {
        try file.rows("SELECT value FROM delivery_marks WHERE name = ?", [.text(name)]).first?.integer(0)
    }

    private static func set(_ name: String, _ value: Int64, _ file: SQLiteConnection) throws {
        try file.run(
            "INSERT OR REPLACE INTO delivery_marks (name, value) VALUES (?, ?)", [.text(name), .integer(value)])
    }

    // MARK: Digests

    /// Closes a digest: its mails are written down, its lists are taken away, and the mark moves to the next one's time; all
    /// of it, or nothing if another process was first.
    /// - Parameter compose: given the newest lists, newest first, one of each user.
    /// - Returns: whether this process closed it.
    @discardableResult
    public func closeDigest(
        _ name: String, from: Int64, to next: Int64, _ compose: ([DigestList]) throws -> [Outbox.Draft]
    ) throws -> Bool {
        try state.write { file in
            guard try Self.mark(name, file) == from else { return false }
            let lists = try file.rows(
                "SELECT user_id, generated_at, document FROM digest_lists ORDER BY generated_at DESC, user_id"
            ).map { row in
                DigestList(
                    userID: try row.text(0), generatedAt: Timestamp(microseconds: try row.integer(1)),
                    document: try row.blob(2))
            }
            try Outbox.insert(try compose(lists), into: file)
            try file.run("DELETE FROM digest_lists")
            try Self.set(name, next, file)
            return true
        }
    }
}
