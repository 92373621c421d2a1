import Domain
import Foundation
import KafkaTestSupport
import PostgreSQL
import PostgresTestSupport
import TestSupport
import Testing

/// `marquee deliver` against a real PostgreSQL server.
@Suite(.serialized) struct DeliverCommandTests {
    @Test(.enabled(if: PostgresServer.isAvailable, "\(PostgresServer.needed)"))
    func eventsAndListsAreDelivered() async throws {
        try await withTemporaryFolder { folder in
            let loop = try await TrainedLoop(in: folder)
            try await PostgresServer.with { server in
                try await refusals(loop, server)
                #expect(try await TrainedLoop.migrate(server, in: folder).contains("made tables, views"))
                #expect(try await TrainedLoop.migrate(server, in: folder).contains("nothing to do"))
                try await deliverWithFewRights(loop, server)
                try await duckDBShowsTheSame(loop, server)
                try views(server)
                try await onePersonIsErased(loop, server)
                try await twoAtOnce(loop, server)
                try await nothingIsLostWhileTheServerIsAway(loop, server)
                try await eventsAreMirrored(loop, server)
                try await tablesThatWereAltered(loop, server)
                try await whatIsThereIsPassedOver(loop, server)
                try await schemasOfLaterVersions(loop, server)
            }
        }
    }

    private func refusals(_ loop: TrainedLoop, _ server: PostgresServer) async throws {
        try await Loop.refused(
            loop.deliver(server), in: loop.folder, status: 65, saying: ["no schema marquee", "--migrate"])
        let wrong = loop.deliver(server).map { $0.replacing(PostgresServer.password, with: "wrong-secret") }
        let result = try await MarqueeProcess.run(wrong, in: loop.folder)
        #expect(result.status == 69 && result.errors.contains("SQLSTATE 28P01"), "\(result.errors)")
        #expect(!result.errors.contains("wrong-secret"))
        // Also from the environment, and for an address that answers nothing.
        try await Loop.refused(
            ["deliver", "--migrate"], in: loop.folder,
            environment: ["MARQUEE_POSTGRES": "postgresql://x:hidden@127.0.0.1:1/db"], status: 69,
            saying: ["127.0.0.1:1/db cannot be reached"])
        try await Loop.refused(
            ["deliver", "--migrate", "--postgres", "films"], in: loop.folder, status: 64, saying: ["postgresql://"])
        // Nothing is made where nothing could be delivered to.
        try server.connection().query(
            "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        try await Loop.refused(
            ["deliver", "--migrate", "--postgres", server.url(database: "latin")], in: loop.folder, status: 65,
            saying: ["LATIN1"])
        let made = try server.connection(database: "latin").query("SELECT to_regnamespace('marquee')::text")
        #expect(made[0, 0] == nil)
    }

    /// As the role that docs/delivery-postgresql.md describes.
    private func deliverWithFewRights(_ loop: TrainedLoop, _ server: PostgresServer) async throws {
        let document = try String(
            contentsOf: Checkout.root.appending(path: "docs/delivery-postgresql.md"), encoding: .utf8)
        let grants = try #require(document.firstMatch(of: /```sql\n(CREATE ROLE marquee_deliver[^`]*)```/)?.1)
        try server.connection().run(script: String(grants).replacing("'…'", with: "'\(PostgresServer.password)'"))
        let output = try await Loop.run(
            loop.deliver(server, user: "marquee_deliver") + ["--until-end"], in: loop.folder)
        #expect(output.contains("stored \(TrainedLoop.events.formatted) rows"), "\(output)")
        #expect(try server.value("SELECT count(*) FROM marquee.events") == "\(TrainedLoop.events)")
        #expect(try server.value("SELECT count(*) FROM marquee.recommendations WHERE title IS NULL") == "0")
        try DeliveryTally.check(server)
        // The newest event of each user is what its list is due to.
        #expect(try server.value("SELECT count(*) > 100 FROM marquee.current_recommendations") == "t")
        let tooMuch = #expect(throws: PostgresError.self) {
            try PostgresConnection(PostgresAddress(server.url(user: "marquee_deliver")))
                .query("DELETE FROM marquee.events")
        }
        #expect(tooMuch?.sqlState == "42501")
    }

    /// While the server is away the erasure waits for it.
    private func onePersonIsErased(_ loop: TrainedLoop, _ server: PostgresServer) async throws {
        let user = try #require(try server.value("SELECT min(user_id) FROM marquee.recommendations"))
        let tables = ["events", "recommendations"]
        func count(_ condition: String) throws -> Int {
            try tables.reduce(0) {
                $0 + (Int(try server.value("SELECT count(*) FROM marquee.\($1) WHERE \(condition)") ?? "") ?? 0)
            }
        }
        let (own, others) = (try count("user_id = '\(user)'"), try count("user_id <> '\(user)'"))
        #expect(own > 10)
        let elsewhere = loop.folder.appending(path: "elsewhere").path
        for name in ["models", "store"] {
            try FileManager.default.createDirectory(
                atPath: "\(elsewhere)/\(name)", withIntermediateDirectories: true)
        }
        func privacy(_ words: [String], at address: String) async throws -> MarqueeProcess.Result {
            try await MarqueeProcess.run(
                ["privacy"] + words + [
                    "--store", elsewhere + "/store", "--models", elsewhere + "/models", "--state", elsewhere + "/state",
                    "--postgres",
                    address,
                ], in: loop.folder)
        }
        let export = try await privacy(["export", user], at: server.url())
        let records = try export.output.split(separator: "\n").map { try Loop.json(String($0)) }
        #expect(records.count == own && records.allSatisfy { $0["place"] as? String == "postgresql" })
        let away = try await privacy(["erase", user], at: "postgresql://127.0.0.1:1/films")
        #expect(away.status == 75, "\(away.errors)")
        #expect(try count("user_id = '\(user)'") == own)
        let done = try await privacy(["erase", "--format", "json"], at: server.url())
        #expect(done.status == 0, "\(done.errors)")
        let erasure = try #require(try Loop.json(done.output)["erasure"] as? [String: Any])
        let steps = try #require(erasure["steps"] as? [[String: Any]])
        #expect(steps.first { $0["store"] as? String == "postgresql" }?["removed"] as? Int == own)
        #expect(try await privacy(["verify", user], at: server.url()).status == 0)
        #expect(try count("user_id = '\(user)'") == 0 && count("user_id <> '\(user)'") == others)
    }

    private func views(_ server: PostgresServer) throws {
        let connection = try server.connection()
        let views = try connection.query(
            """
            SELECT relname, obj_description(oid, 'pg_class') FROM pg_class
            WHERE relnamespace = 'marquee'::regnamespace AND relkind = 'v' ORDER BY 1
            """)
        let names = (0..<views.count).compactMap { views[$0, 0] }
        #expect(
            names == [
                "current_recommendations", "freshness", "model_history", "recommended_and_watched",
                "top_films_by_genre", "trending_by_hour", "user_activity",
            ])
        for row in 0..<views.count { #expect(views[row, 1] != nil, "\(names[row]) has no comment") }
        for name in names {
            #expect(try connection.query("SELECT * FROM marquee.\(name)").count > 0, "\(name) shows nothing")
        }
        #expect(try server.value("SELECT sum(events) FROM marquee.user_activity") == "\(TrainedLoop.events)")
        #expect(
            try server.value(
                """
                SELECT (SELECT sum(events) FROM marquee.trending_by_hour) <= (SELECT count(*) FROM marquee.events)
                """) == "t")
        // What is watched after it was recommended shows.
        try connection.run(
            script: """
                INSERT INTO marquee.events SELECT 'planted', user_id, item_id, 'view', 1, NULL,
                    generated_at + interval '90 minutes', 'test', 'movie-views', 0, 0, now()
                FROM marquee.current_recommendations WHERE rank = 3 ORDER BY user_id LIMIT 1
                """)
        let watched = try connection.query(
            "SELECT rank, hours_later::double precision FROM marquee.recommended_and_watched WHERE watched_at IS NOT NULL"
        )
        #expect(watched.count == 1 && watched[0, 0] == "3" && watched[0, 1] == "1.5")
        try connection.run(script: "DELETE FROM marquee.events WHERE event_id = 'planted'")
    }

    /// One delivers, the other waits for it: it finds nothing to do, or ends with a clear line.
    private func twoAtOnce(_ loop: TrainedLoop, _ server: PostgresServer) async throws {
        try server.connection().run(
            script: "TRUNCATE marquee.events, marquee.recommendations, marquee.offsets, marquee.dead_letters")
        let words = loop.deliver(server) + ["--until-end", "--commit-rows", "50"]
        let both = try [MarqueeProcess(words, in: loop.folder), MarqueeProcess(words, in: loop.folder)]
        var statuses: [Int32] = []
        for process in both {
            let result = try await process.result()
            statuses.append(result.status)
            if result.status != 0 { #expect(result.errors.contains("Another deliverer"), "\(result.errors)") }
        }
        #expect(statuses.allSatisfy { [0, 69].contains($0) } && statuses.contains(0), "\(statuses)")
        #expect(try server.value("SELECT count(*) FROM marquee.events") == "\(TrainedLoop.events)")
        try DeliveryTally.check(server)
    }

    /// Events that the table has are not stored again and bring no list; the others of their batch are and do.
    private func whatIsThereIsPassedOver(_ loop: TrainedLoop, _ server: PostgresServer) async throws {
        let deliver = loop.deliver(server) + ["--until-end", "--commit-rows", "200"]
        try await Loop.run(deliver, in: loop.folder)
        let count = "SELECT count(*) FROM marquee.events"
        let all = try server.value(count)
        try server.connection().run(
            script: """
                CREATE TABLE missing AS SELECT DISTINCT user_id FROM marquee.events ORDER BY user_id LIMIT 20;
                DELETE FROM marquee.events WHERE user_id IN (SELECT user_id FROM missing);
                TRUNCATE marquee.recommendations, marquee.offsets, marquee.dead_letters
                """)
        #expect(try server.value(count) != all)
        try await Loop.run(deliver, in: loop.folder)
        #expect(try server.value(count) == all)
        let users = "SELECT count(DISTINCT user_id) FROM marquee.recommendations"
        #expect(try server.value(users) == "20")
        #expect(try server.value("\(users) WHERE user_id NOT IN (SELECT user_id FROM missing)") == "0")
    }

    private func nothingIsLostWhileTheServerIsAway(_ loop: TrainedLoop, _ server: PostgresServer) async throws {
        let process = try MarqueeProcess(loop.deliver(server), in: loop.folder)
        try await Loop.run(["simulate", "--count", "50", "--seed", "4"] + loop.kafka, in: loop.folder)
        try await eventually("it delivers") {
            try server.value("SELECT count(*) FROM marquee.events") == "\(TrainedLoop.events + 50)"
        }
        try await server.stop()
        try await Loop.run(["simulate", "--count", "150", "--seed", "5"] + loop.kafka, in: loop.folder)
        try await eventually("it says so") { process.errors.contains("PostgreSQL does not take part") }
        try await server.start()
        try await eventually("all is there") {
            try server.value("SELECT count(*) FROM marquee.events") == "\(TrainedLoop.events + 200)"
        }
        // So it is with a full disk.
        try server.connection().run(
            script: """
                CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
                CREATE TRIGGER full_disk BEFORE INSERT ON marquee.events EXECUTE FUNCTION full_disk();
                """)
        try await Loop.run(["simulate", "--count", "20", "--seed", "8"] + loop.kafka, in: loop.folder)
        try await eventually("it says so") { process.errors.contains("SQLSTATE 53100") }
        try server.connection().run(script: "DROP FUNCTION full_disk CASCADE")
        try await eventually("all is there") {
            try server.value("SELECT count(*) FROM marquee.events") == "\(TrainedLoop.events + 220)"
        }
        // A table that is altered while it runs ends it with one line, and nothing of the batch is stored.
        try server.connection().run(script: "ALTER TABLE marquee.recommendations RENAME score TO points")
        try await Loop.run(["simulate", "--count", "100", "--seed", "6"] + loop.kafka, in: loop.folder)
        let result = try await process.result()
        #expect(result.status == 65 && result.errors.contains("SQLSTATE"), "\(result.errors)")
        #expect(!result.errors.contains(PostgresServer.password))
        #expect(try server.value("SELECT count(*) FROM marquee.events") == "\(TrainedLoop.events + 220)")
        try server.connection().run(script: "ALTER TABLE marquee.recommendations RENAME points TO score")
    }

    /// Into a database of their own: who delivers would find the events there and make no list.
    private func eventsAreMirrored(_ loop: TrainedLoop, _ server: PostgresServer) async throws {
        try server.connection().run(script: "CREATE DATABASE mirror")
        let url = server.url(database: "mirror")
        try await Loop.run(["deliver", "--migrate", "--postgres", url], in: loop.folder)
        // The second store begins anew where the mirror has all: as after a crash between the two.
        for store in ["mirrored", "anew"] {
            let path = loop.folder.appending(path: store).path
            try await Loop.run(
                ["ingest", "--until-end", "--store", path, "--mirror-postgres", url] + loop.kafka, in: loop.folder)
            let count = try await Loop.run(["store", "count", "\(path)/events"], in: loop.folder)
            #expect(count.filter { $0.isNumber }.contains("1820"), "\(count)")
            let mirrored = try server.connection(database: "mirror").query("SELECT count(*) FROM marquee.events")
            #expect(mirrored[0, 0] == "1820")
        }
    }

    private func tablesThatWereAltered(_ loop: TrainedLoop, _ server: PostgresServer) async throws {
        try server.connection().run(script: "ALTER TABLE marquee.recommendations RENAME score TO points")
        try await Loop.refused(
            loop.deliver(server), in: loop.folder, status: 65,
            saying: ["marquee.recommendations.score must be double precision and is not there"])
        try server.connection().run(script: "ALTER TABLE marquee.recommendations RENAME points TO score")
        try await Loop.run(loop.deliver(server) + ["--until-end"], in: loop.folder)
        #expect(try server.value("SELECT count(*) FROM marquee.events") == "\(TrainedLoop.events + 320)")
        try DeliveryTally.check(server)
    }

    private func schemasOfLaterVersions(_ loop: TrainedLoop, _ server: PostgresServer) async throws {
        try server.connection().run(script: "INSERT INTO marquee.schema_version (version, name) VALUES (99, 'later')")
        for words in [loop.deliver(server), ["deliver", "--migrate", "--postgres", server.url()]] {
            try await Loop.refused(words, in: loop.folder, status: 65, saying: ["has schema 99"])
        }
    }
}
