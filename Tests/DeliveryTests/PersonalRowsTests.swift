import Delivery
import Domain
import PostgreSQL
import PostgresTestSupport
import Testing

/// What a database knows of persons.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: PostgresServer.isAvailable, "\(PostgresServer.needed)"))
struct PersonalRowsTests {
    /// PostgreSQL cannot hold a NUL, and its C interface ends a parameter at one: the rows of another person would be meant.
    @Test func anIdentifierWithNULIsNotTheOneBeforeIt() async throws {
        try await PostgresServer.with { server in
            let connection = try server.connection()
            try connection.run(
                script: """
                    CREATE SCHEMA marquee;
                    CREATE TABLE marquee.events (event_id text PRIMARY KEY, user_id text);
                    INSERT INTO marquee.events VALUES ('a', 'user-1'), ('b', 'user-1\u{FFFD}x'), ('c', 'user-1x');
                    """)
            let rows = PersonalRows(try PostgresAddress(server.url()))
            let person = "user-1\u{0}x"
            #expect(try await rows.find(person) == 1)
            var exported: [JSONValue] = []
            try await rows.export(person) { exported += $0 }
            #expect(exported.map { $0["row"]?["event_id"] } == ["b"])
            #expect(try await rows.erase(person).removed == 1)
            #expect(try await rows.verify(person) == [])
            for other in ["user-1", "user-1x"] { #expect(try await rows.find(other) == 1) }
        }
    }
}
