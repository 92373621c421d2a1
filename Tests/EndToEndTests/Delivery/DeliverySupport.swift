import Foundation
import PostgreSQL
import PostgresTestSupport
import TestSupport
import Testing

/// A store with films and events, a model of them, and the broker that they came through.
struct TrainedLoop {
    let folder: URL
    let store: String
    let models: String
    /// `--bootstrap-servers …` of the broker that has the events.
    let kafka: [String]
    private let broker: MarqueeProcess

    static let events = 1500

    init(in folder: URL) async throws {
        self.folder = folder
        broker = try MarqueeProcess(["broker"], in: folder)
        kafka = ["--bootstrap-servers", try await broker.line(after: "bootstrap.servers=")]
        store = folder.appending(path: "data").path
        models = folder.appending(path: "models").path
        try await Loop.run(["simulate", "--count", "\(Self.events)", "--days", "30"] + kafka, in: folder)
        try await Loop.run(["ingest", "--until-end", "--store", store] + kafka, in: folder)
        try await Loop.run(
            [
                "train", "--rank", "8", "--epochs", "2", "--promote", "always", "--store", store, "--models", models,
            ], in: folder)
    }

    /// The words of `marquee deliver` to a database.
    func deliver(_ server: PostgresServer, user: String = "postgres", _ kafka: [String]? = nil) -> [String] {
        ["deliver", "--store", store, "--models", models, "--postgres", server.url(user: user)] + (kafka ?? self.kafka)
    }

    /// The words of `marquee deliver` without a database.
    func notify(_ words: [String], _ kafka: [String]? = nil) -> [String] {
        ["deliver", "--store", store, "--models", models] + words + (kafka ?? self.kafka)
    }

    static func migrate(_ server: PostgresServer, in folder: URL) async throws -> String {
        try await Loop.run(["deliver", "--migrate", "--postgres", server.url()], in: folder)
    }
}

/// What must be true of a database at any time, whatever happened.
enum DeliveryTally {
    /// Each finds rows that must not be.
    private static let violations = [
        "an event without a list of its user in the same transaction": """
        SELECT count(*) FROM (SELECT DISTINCT user_id, delivered_at FROM marquee.events) due
        WHERE (SELECT count(DISTINCT r.recommendation_id) FROM marquee.recommendations r
            JOIN marquee.events e ON e.event_id = r.trigger_event_id
            WHERE e.user_id = due.user_id AND e.delivered_at = due.delivered_at) <> 1
        """,
        "a list that is not whole, or there twice": """
        SELECT count(*) FROM (SELECT recommendation_id FROM marquee.recommendations GROUP BY 1
        HAVING count(*) <> 10 OR count(DISTINCT item_id) <> 10 OR min(rank) <> 1 OR max(rank) <> 10
            OR count(DISTINCT trigger_event_id) <> 1 OR count(DISTINCT user_id) <> 1) wrong
        """,
        "a list of another user than its event": """
        SELECT count(*) FROM marquee.recommendations r LEFT JOIN marquee.events e ON e.event_id = r.trigger_event_id
        WHERE e.user_id IS DISTINCT FROM r.user_id
        """,
        "a dead letter there twice": """
        SELECT count(*) FROM (SELECT 1 FROM marquee.dead_letters GROUP BY topic, partition, message_offset
        HAVING count(*) > 1) twice
        """,
        "a part that does not add up": """
        SELECT count(*) FROM marquee.recommendations
        WHERE abs(score - (SELECT sum((p->>'part')::double precision) FROM jsonb_array_elements(reasons) p)) > 1e-5
        """,
    ]

    static func check(_ server: PostgresServer) throws { try check(server.connection()) }

    static func check(_ connection: PostgresConnection) throws {
        for (violation, statement) in violations {
            #expect(try connection.query(statement)[0, 0] == "0", "\(violation)")
        }
    }
}
