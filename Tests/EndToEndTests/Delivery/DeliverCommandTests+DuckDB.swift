import Domain
import Foundation
import Kafka
import KafkaTestSupport
import PostgreSQL
import PostgresTestSupport
import TestSupport
import Testing

/// docs/sql over the tables of a store shows what the views of the database show.
extension DeliverCommandTests {
    /// A question to both, and how many columns its answer has.
    private struct Selection {
        var sql: String
        var width: Int
    }

    private static let selections = [
        Selection(
            sql: "SELECT hour::text, item_id, title, events, users, rank FROM marquee.trending_by_hour ORDER BY 1, 6",
            width: 6),
        Selection(
            sql: "SELECT genre, item_id, title, users, events, (stars * 1000)::bigint, rank "
                + "FROM marquee.top_films_by_genre ORDER BY 1, 7",
            width: 7),
        Selection(
            sql: "SELECT user_id, events, views, likes, reviews, films FROM marquee.user_activity ORDER BY 1", width: 6),
        Selection(
            sql: """
                SELECT user_id, rank, item_id, title, model_id, recommendation_id, \(seconds("generated_at"))
                FROM marquee.current_recommendations ORDER BY 1, 2
                """, width: 7),
        Selection(
            sql: """
                SELECT recommendation_id, rank, item_id, title, \(seconds("watched_at")), (hours_later * 1000)::bigint
                FROM marquee.recommended_and_watched WHERE watched_at IS NOT NULL ORDER BY 1, 2
                """, width: 6),
        Selection(
            sql: """
                SELECT \(seconds("newest_event_at")), \(seconds("newest_list_at")),
                    seconds_since_delivery BETWEEN -60 AND 3600 FROM marquee.freshness
                """, width: 3),
        Selection(
            sql: """
                SELECT model_id, \(seconds("first_list_at")), \(seconds("last_list_at")), lists, users, films
                FROM marquee.model_history ORDER BY 1
                """, width: 6),
    ]

    /// As a number a time has no zone. One of the two counts in floating point: whole seconds are the same in both.
    private static func seconds(_ column: String) -> String { "floor(extract(epoch FROM \(column)))::bigint" }

    func duckDBShowsTheSame(_ loop: TrainedLoop, _ server: PostgresServer) async throws {
        guard Checkout.python != nil else { return }
        let connection = try server.connection()
        let store = loop.folder.appending(path: "duckdb").path
        try FileManager.default.copyItem(atPath: loop.store, toPath: store)
        // No event of the loop is later than the lists, and none may be to come: the lists are made older for a while, and some
        // of their films watched.
        try connection.run(
            script: "UPDATE marquee.recommendations SET generated_at = generated_at - interval '10 days'")
        try await reportLists(loop, connection, into: store)
        let planted = try connection.query(
            """
            INSERT INTO marquee.events
            SELECT 'planted ' || user_id, user_id, item_id, 'view', 1, NULL,
                date_trunc('second', generated_at) + interval '90 minutes', 'test', 'movie-views', 0, 0, now()
            FROM marquee.current_recommendations WHERE rank = 3
            RETURNING concat_ws(',', event_id, user_id, item_id, extract(epoch FROM at)::bigint)
            """)
        let file = loop.folder.appending(path: "planted.csv")
        let lines = (0..<planted.count).compactMap { planted[$0, 0] }
        try Data((["event,user,item,at"] + lines).joined(separator: "\n").utf8).write(to: file)
        try await Loop.run(
            ["import", "csv", file.path, "--kind", "view", "--store", store]
                + ["--map", "event=event,user=user,item=item,at=at"], in: loop.folder)
        let code = """
            import sys, duckdb, deltalake
            store, folder, *statements = sys.argv[1:]
            for table in ("events", "movies", "impressions"):
                files = deltalake.DeltaTable(f"{store}/{table}").file_uris()
                duckdb.sql(f"CREATE VIEW {table} AS SELECT * FROM read_parquet({files})")
            duckdb.sql(open(f"{folder}/views.sql").read())
            duckdb.sql(open(f"{folder}/lists.sql").read())
            for statement in statements:
                rows = duckdb.sql(statement).fetchall()
                print(f"{len(rows)} rows")
                for row in rows:
                    print("|".join("t" if v is True else "f" if v is False else "" if v is None else str(v) for v in row))
            """
        let folder = Checkout.root.appending(path: "docs/sql").path
        let (status, output) = try await runPython(code, [store, folder] + Self.selections.map(\.sql))
        #expect(status == 0, "\(output)")
        var expected: [String] = []
        for selection in Self.selections {
            let rows = try connection.query(selection.sql)
            #expect(rows.count > 0, "\(selection.sql)")
            expected.append("\(rows.count) rows")
            for row in 0..<rows.count {
                expected.append((0..<selection.width).map { rows[row, $0] ?? "" }.joined(separator: "|"))
            }
        }
        let found = output.split(separator: "\n").map(String.init)
        #expect(found.count > 100 && found.count == expected.count)
        for (a, b) in zip(found, expected) where a != b {
            Issue.record("DuckDB: \(a); PostgreSQL: \(b)")
            break
        }
        try connection.run(
            script: """
                DELETE FROM marquee.events WHERE source = 'test';
                UPDATE marquee.recommendations SET generated_at = generated_at + interval '10 days'
                """)
    }

    /// The lists of the database as impressions of answers, through the topic into the store.
    private func reportLists(
        _ loop: TrainedLoop, _ connection: PostgresConnection, into store: String
    ) async throws {
        let rows = try connection.query(
            """
            SELECT jsonb_build_object('impression_id', recommendation_id || '/' || rank,
                'recommendation_id', recommendation_id, 'user_id', user_id, 'item_id', item_id, 'position', rank,
                'model_id', model_id, 'source', 'answer',
                'at', to_char(generated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
            FROM marquee.recommendations
            """)
        let properties = KafkaProperties(["bootstrap.servers": loop.kafka[1]])
        try produce((0..<rows.count).compactMap { rows[$0, 0] }, to: Topics.impressions, of: properties)
        try await Loop.run(["ingest", "--until-end", "--store", store] + loop.kafka, in: loop.folder)
    }
}
