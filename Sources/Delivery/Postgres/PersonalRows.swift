public import Domain
internal import Operations
public import PostgreSQL

/// What the schema `marquee` of a database knows of persons: events, lists, and messages that are no events.
public struct PersonalRows: PersonalStore {
    public let declaration = PersonalDeclaration(
        name: "postgresql", holds: "delivered events, and the lists made for each user",
        purpose: "reports and other programs that ask a database", kept: "until somebody deletes them",
        covers: ["events", "recommendations", "dead_letters"],
        fields: [
            .init("events", "each view, like and review, as the event store has it"),
            .init("recommendations", "each list, with its reasons and the event it is due to"),
            .init("dead_letters", "messages that are no events, whole"),
        ])
    private let address: PostgresAddress
    private static let ownTables = ["events", "recommendations"]

    /// The rows of a database; nothing is asked yet.
    public init(_ address: PostgresAddress) { self.address = address }

    public func find(_ user: String) async throws -> Int {
        let stored = Self.stored(user)
        return try await connected { connection in
            try Self.tables(connection).reduce(0) { sum, table in
                sum + (Int(try connection.query("SELECT count(*) \(Self.condition(table))", [stored])[0, 0] ?? "") ?? 0)
            }
        }
    }

    public func erase(_ user: String) async throws -> PersonalErasure {
        let user = Self.stored(user)
        return try await connected { connection in
            let tables = try Self.tables(connection)
            let removed =
                try connection.transaction { () -> [String: Int]? in
                    var removed: [String: Int] = [:]
                    for table in tables {
                        removed["\(table)_removed"] =
                            try connection.query("DELETE \(Self.condition(table))", [user]).changed
                    }
                    return removed
                } ?? [:]
            let count = removed.values.reduce(0, +)
            // Takes the right of an owner; without it the server's own vacuum comes later.
            if count > 0 { for table in tables { _ = try? connection.query("VACUUM marquee.\(table)") } }
            return PersonalErasure(removed: count, counts: removed)
        }
    }

    public func verify(_ user: String) async throws -> [String] {
        let user = Self.stored(user)
        return try await connected { connection in
            try Self.tables(connection).compactMap { table in
                let count = try connection.query("SELECT count(*) \(Self.condition(table))", [user])[0, 0] ?? "0"
                return count == "0" ? nil : "marquee.\(table): \(count) rows"
            }
        }
    }

    public func export(_ user: String, _ body: ([JSONValue]) throws -> Void) async throws {
        let user = Self.stored(user)
        let records = try await connected { connection in
            try Self.tables(connection).flatMap { table -> [JSONValue] in
                let rows = try connection.query("SELECT row_to_json(t)::text \(Self.condition(table))", [user])
                return try (0..<rows.count).map { row in
                    .object([
                        .init(name: "table", value: .text(table)),
                        .init(name: "row", value: try JSONValue(parsing: Array((rows[row, 0] ?? "null").utf8))),
                    ])
                }
            }
        }
        try body(records)
    }

    /// An identifier as the database has it: see `PostgresCopy.text(utf8:)`. As a parameter it would end at a NUL, and be another
    /// person's.
    private static func stored(_ user: String) -> String {
        String(decoding: user.utf8.flatMap { $0 == 0 ? Array("\u{FFFD}".utf8) : [$0] }, as: UTF8.self)
    }

    /// Those that there are: a database may be older, or have no schema yet.
    private static func tables(_ connection: PostgresConnection) throws -> [String] {
        try (ownTables + ["dead_letters"]).filter { table in
            try connection.query("SELECT to_regclass($1)::text", ["marquee.\(table)"])[0, 0] != nil
        }
    }

    /// Messages are a user's if their key is, or a value in them between quotes.
    private static func condition(_ table: String) -> String {
        if ownTables.contains(table) { return "FROM marquee.\(table) t WHERE user_id = $1" }
        return """
            FROM marquee.\(table) t WHERE key = convert_to($1, 'UTF8')
                OR position(convert_to(to_json($1::text)::text, 'UTF8') IN payload) > 0
            """
    }

    private func connected<R: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> R
    ) async throws -> R {
        try await BlockingWork.run("privacy") { [address] flag in
            try body(try PostgresConnection(address, isUnwanted: { flag.isSet }))
        }
    }
}
