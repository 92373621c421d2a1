import EventIngest
import PostgreSQL

/// Where a sink goes on in each partition: rows of `marquee.offsets`, changed in the transaction that stores the messages.
struct PostgresOffsets {
    /// Whose they are.
    let consumer: String

    /// What a look at the offsets of a commit found, with their rows locked to the end of the transaction.
    enum Finding {
        /// All where the commit begins.
        case asExpected
        /// All where it ends: it was made, and its answer was lost.
        case alreadyMade
        case elsewhere(detail: String)
    }

    /// Keeps other connections that ask from writing for this consumer, as long as this one lasts.
    /// - Returns: false if another has it.
    func reserve(_ connection: PostgresConnection) throws -> Bool {
        // Advisory locks have two numbers: ours for all consumers, and one for each.
        try connection.query("SELECT pg_try_advisory_lock(1296192850, hashtext($1))", [consumer])[0, 0] == "t"
    }

    func all(_ connection: PostgresConnection) throws -> [String: Int64] {
        let rows = try connection.query(
            "SELECT source, next_offset FROM marquee.offsets WHERE consumer = $1 AND next_offset IS NOT NULL",
            [consumer])
        var offsets: [String: Int64] = [:]
        for row in 0..<rows.count { offsets[rows[row, 0] ?? ""] = rows[row, 1].flatMap { Int64($0) } }
        return offsets
    }

    /// Locks the rows, in an order that no two transactions can hold each other up by.
    func lock(_ steps: [OffsetAdvance], _ connection: PostgresConnection) throws -> Finding {
        let sources = PostgresText.array(steps.map(\.appID).sorted())
        // A row that is not there cannot be locked. Who makes the same one waits here until this transaction ends.
        if steps.contains(where: { $0.from == nil }) {
            try connection.query(
                """
                INSERT INTO marquee.offsets (consumer, source)
                SELECT $1, s FROM unnest($2::text[]) AS s ORDER BY s ON CONFLICT DO NOTHING
                """, [consumer, sources])
        }
        let rows = try connection.query(
            """
            SELECT source, next_offset FROM marquee.offsets
            WHERE consumer = $1 AND source = ANY ($2::text[]) ORDER BY source FOR UPDATE
            """, [consumer, sources])
        var stored: [String: Int64] = [:]
        for row in 0..<rows.count { stored[rows[row, 0] ?? ""] = rows[row, 1].flatMap { Int64($0) } }
        if steps.allSatisfy({ stored[$0.appID] == $0.from }) { return .asExpected }
        if steps.allSatisfy({ stored[$0.appID] == $0.to }) { return .alreadyMade }
        let detail = steps.first { stored[$0.appID] != $0.from }.map { step in
            "\(step.appID) is at \(stored[step.appID].map(String.init) ?? "no offset"), not at "
                + (step.from.map(String.init) ?? "none")
        }
        return .elsewhere(detail: detail ?? "")
    }

    /// - Returns: a number that grows with each transaction of the database.
    func advance(_ steps: [OffsetAdvance], _ connection: PostgresConnection) throws -> Int64 {
        let sorted = steps.sorted { $0.appID < $1.appID }
        let rows = try connection.query(
            """
            INSERT INTO marquee.offsets (consumer, source, next_offset, updated_at)
            SELECT $1, s, o, clock_timestamp() FROM unnest($2::text[], $3::bigint[]) AS step (s, o)
            ON CONFLICT (consumer, source) DO UPDATE
            SET next_offset = EXCLUDED.next_offset, updated_at = EXCLUDED.updated_at
            RETURNING pg_current_xact_id()::text
            """,
            [
                consumer, PostgresText.array(sorted.map(\.appID)),
                "{\(sorted.map { "\($0.to)" }.joined(separator: ","))}",
            ])
        return rows[0, 0].flatMap { Int64($0) } ?? 0
    }
}
