public import PostgreSQL

/// The schema `marquee` of a database: made and brought up to date by numbered steps, and looked at before anything is
/// written.
public enum DeliverySchema {
    /// The version that this program writes.
    public static var version: Int { Migration.all.last?.version ?? 0 }

    /// Makes the schema, or brings it up to ``version``. All of it happens, or nothing; of several at once one does it.
    /// - Returns: the steps that were made, by name; none if all were.
    /// - Throws: ``DeliveryError/newerSchema(server:version:known:)``, ``DeliveryError/wrongEncoding(server:encoding:)``,
    ///   `PostgresError`.
    @discardableResult
    public static func migrate(_ connection: PostgresConnection) throws -> [String] {
        try checkEncoding(connection)
        let steps = try connection.transaction { () -> [String]? in
            try connection.query("SELECT pg_advisory_xact_lock(hashtext('marquee.schema_version'))")
            // Asked first: to make what is there needs a right that it does not take to change it.
            if try connection.query("SELECT to_regnamespace('marquee')::text")[0, 0] == nil {
                try connection.query("CREATE SCHEMA marquee")
            }
            if try connection.query("SELECT to_regclass('marquee.schema_version')::text")[0, 0] == nil {
                try connection.run(
                    script: """
                        CREATE TABLE marquee.schema_version (
                            version bigint PRIMARY KEY, name text NOT NULL,
                            applied_at timestamptz NOT NULL DEFAULT now(), applied_by text NOT NULL DEFAULT current_user
                        );
                        COMMENT ON TABLE marquee.schema_version IS 'The steps that made this schema.';
                        """)
            }
            let current = try current(connection) ?? 0
            try refuseNewer(current, connection)
            let missing = Migration.all.filter { $0.version > current }
            for step in missing {
                try connection.run(script: step.script)
                try connection.query(
                    "INSERT INTO marquee.schema_version (version, name) VALUES ($1::bigint, $2)",
                    ["\(step.version)", step.name])
            }
            return missing.map(\.name)
        }
        return steps ?? []
    }

    private static func checkEncoding(_ connection: PostgresConnection) throws {
        let encoding = try connection.query("SHOW server_encoding")[0, 0] ?? ""
        guard encoding == "UTF8" else {
            throw DeliveryError.wrongEncoding(server: connection.server, encoding: encoding)
        }
    }

    /// Looks whether this program can write there.
    /// - Throws: ``DeliveryError`` for another version, a column that is another one than was made, or an encoding that
    ///   does not hold every text; `PostgresError`.
    public static func check(_ connection: PostgresConnection) throws {
        try checkEncoding(connection)
        guard try connection.query("SELECT to_regclass('marquee.schema_version')::text")[0, 0] != nil,
            let current = try current(connection)
        else { throw DeliveryError.olderSchema(server: connection.server, version: 0, known: version) }
        try refuseNewer(current, connection)
        guard current == version else {
            throw DeliveryError.olderSchema(server: connection.server, version: current, known: version)
        }
        let found = try connection.query(
            """
            SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            WHERE c.relnamespace = to_regnamespace('marquee') AND c.relkind IN ('r', 'p') AND a.attnum > 0
                AND NOT a.attisdropped
            """)
        var types: [String: String] = [:]
        for row in 0..<found.count { types["\(found[row, 0] ?? "").\(found[row, 1] ?? "")"] = found[row, 2] }
        for (table, columns) in DeliveredTable.columns.sorted(by: { $0.key < $1.key }) {
            for (column, type) in columns where types["\(table).\(column)"] != type {
                throw DeliveryError.alteredTable(
                    server: connection.server, column: "marquee.\(table).\(column)", expected: type,
                    found: types["\(table).\(column)"])
            }
        }
    }

    private static func current(_ connection: PostgresConnection) throws -> Int? {
        try connection.query("SELECT max(version) FROM marquee.schema_version")[0, 0].flatMap { Int($0) }
    }

    private static func refuseNewer(_ found: Int, _ connection: PostgresConnection) throws {
        guard found <= version else {
            throw DeliveryError.newerSchema(server: connection.server, version: found, known: version)
        }
    }
}

/// The columns that are written, and their types as the server calls them.
enum DeliveredTable {
    static let columns: [String: [(name: String, type: String)]] = [
        "events": [
            ("event_id", "text"), ("user_id", "text"), ("item_id", "text"), ("kind", "text"),
            ("value", "double precision"), ("review_text", "text"), ("at", "timestamp with time zone"),
            ("source", "text"), ("topic", "text"), ("partition", "bigint"), ("message_offset", "bigint"),
            ("delivered_at", "timestamp with time zone"),
        ],
        "recommendations": [
            ("user_id", "text"), ("rank", "bigint"), ("item_id", "text"), ("title", "text"),
            ("score", "double precision"), ("reasons", "jsonb"), ("model_id", "text"), ("recommendation_id", "text"),
            ("generated_at", "timestamp with time zone"), ("trigger_event_id", "text"),
        ],
        "films": [("item_id", "text"), ("title", "text"), ("year", "bigint"), ("genres", "text[]")],
        "dead_letters": [
            ("topic", "text"), ("partition", "bigint"), ("message_offset", "bigint"),
            ("at", "timestamp with time zone"), ("reason", "text"), ("payload", "bytea"), ("key", "bytea"),
        ],
        "offsets": [
            ("consumer", "text"), ("source", "text"), ("next_offset", "bigint"),
            ("updated_at", "timestamp with time zone"),
        ],
    ]

    /// The names of a table's columns, for a statement.
    static func names(_ table: String) -> String { (columns[table] ?? []).map(\.name).joined(separator: ", ") }

    /// The columns of a temporary table like it.
    static func declarations(_ table: String) -> String {
        (columns[table] ?? []).map { "\($0.name) \($0.type)" }.joined(separator: ", ")
    }
}
