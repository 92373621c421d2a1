import Domain
import Foundation
import PostgreSQL
import PostgresTestSupport
import TestSupport
import Testing

/// The room against a real server.
@Suite struct PostgresConnectionTests {
    @Test(.enabled(if: PostgresServer.isAvailable, "\(PostgresServer.needed)"))
    func statementsCopiesAndErrors() async throws {
        try await PostgresServer.with { server in
            let connection = try server.connection()
            try statements(connection)
            try transactions(connection)
            try copies(connection)
            try refusals(server)
            try await comesBack(server)
        }
    }

    private func statements(_ connection: PostgresConnection) throws {
        let rows = try connection.query(
            "SELECT $1::text, $2::bigint + 1, $3::text[] FROM generate_series(1, 2)",
            ["it's; DROP TABLE x --", "41", PostgresText.array(["a,b", #"q"\u"#, ""])])
        #expect(rows.count == 2 && rows.tag == "SELECT 2")
        #expect(rows[0, 0] == "it's; DROP TABLE x --" && rows[1, 1] == "42" && rows[0, 2] == #"{"a,b","q\"\\u",""}"#)
        #expect(try connection.query("SELECT NULL")[0, 0] == nil)
        // A statement that fails leaves the connection as it was.
        let error = #expect(throws: PostgresError.self) { try connection.query("SELECT * FROM nowhere") }
        #expect(error?.sqlState == "42P01" && error?.isTransient == false)
        #expect(try connection.query("SHOW client_encoding")[0, 0] == "UTF8")
    }

    private func transactions(_ connection: PostgresConnection) throws {
        try connection.run(script: "CREATE TABLE kept (n bigint PRIMARY KEY); INSERT INTO kept VALUES (1)")
        #expect(throws: PostgresError.self) {
            try connection.transaction { () -> Int? in
                try connection.query("INSERT INTO kept VALUES (2)")
                try connection.query("INSERT INTO kept VALUES (1)")
                return 1
            }
        }
        let undone = try connection.transaction { () -> Int? in
            try connection.query("INSERT INTO kept VALUES (3)")
            return nil
        }
        #expect(undone == nil)
        #expect(try connection.query("SELECT array_agg(n) FROM kept")[0, 0] == "{1}")
        #expect(try connection.transaction { try connection.query("INSERT INTO kept VALUES (4)").changed } == 1)
        #expect(try connection.query("SELECT count(*) FROM kept")[0, 0] == "2")
    }

    private func copies(_ connection: PostgresConnection) throws {
        try connection.run(
            script: """
                CREATE TABLE copied (n bigint, x double precision, t text, at timestamptz, j jsonb, b bytea, g text[]);
                CREATE TABLE narrow (n integer)
                """)
        let at = Timestamp(microseconds: 1_764_417_600_123_456)
        let count = try connection.copy(into: "copied (n, x, t, at, j, b, g)") { copy in
            for n in 0..<20_000 {
                copy.row(fields: 7)
                copy.bigint(n == 0 ? .min : Int64(n))
                copy.double(n == 1 ? -0.1 : .pi)
                if n == 2 { copy.null() } else { copy.text("ü\0\(n)") }
                copy.timestamp(at)
                copy.jsonb(Array(#"{"t":"a\u0000b\\u0000"}"#.utf8))
                copy.bytes([0, 255])
                copy.texts(n == 3 ? [] : ["Drama", "a \"b\""])
            }
        }
        #expect(count == 20_000)
        let rows = try connection.query(
            """
            SELECT n, x, t, at AT TIME ZONE 'UTC', j->>'t', b, g, (SELECT count(*) FROM copied)
            FROM copied ORDER BY n LIMIT 4
            """)
        #expect(rows[0, 0] == "\(Int64.min)" && rows[1, 1] == "-0.1" && rows[2, 2] == nil)
        #expect(
            rows[0, 1] == "\(Double.pi)" && rows[0, 2] == "ü\u{FFFD}0" && rows[0, 3] == "2025-11-29 12:00:00.123456")
        #expect(rows[0, 4] == #"a\#u{FFFD}b\u0000"#)
        #expect(rows[0, 5] == #"\x00ff"# && rows[0, 6] == #"{Drama,"a \"b\""}"# && rows[3, 6] == "{}")
        #expect(rows[0, 7] == "20000")
        // A column of another width refuses what is not of its form, and the connection goes on.
        let error = #expect(throws: PostgresError.self) {
            try connection.copy(into: "narrow (n)") { copy in
                copy.row(fields: 1)
                copy.bigint(4_294_967_301)
            }
        }
        #expect(error?.sqlState == "22P03", "\(String(describing: error))")
        struct Mine: Error {}
        #expect(throws: Mine.self) { try connection.copy(into: "narrow (n)") { _ in throw Mine() } }
        #expect(try connection.query("SELECT count(*) FROM narrow")[0, 0] == "0")
    }

    private func refusals(_ server: PostgresServer) throws {
        func refusal(_ url: String) throws -> PostgresError {
            let address = try PostgresAddress(url)
            let error = #expect(throws: PostgresError.self) { try PostgresConnection(address) }
            return try #require(error)
        }
        let wrong = try refusal(server.url(password: "wrong-secret"))
        #expect(wrong.sqlState == "28P01" && !wrong.isTransient && wrong.category == .unavailable, "\(wrong)")
        #expect(!wrong.description.contains("secret") && wrong.advice.contains(".pgpass"))
        #expect(try refusal(server.url(database: "nowhere")).sqlState == "3D000")
        let closed = try refusal("postgresql://x:hidden-secret@127.0.0.1:1/db")
        #expect(closed.code == "postgres-unreachable" && closed.isTransient, "\(closed)")
        #expect(closed.message.contains("127.0.0.1:1/db") && !closed.description.contains("secret"))
    }

    private func comesBack(_ server: PostgresServer) async throws {
        let troubles = Troubles()
        let session = PostgresSession(
            try PostgresAddress(server.url()), onTrouble: { error, _ in troubles.codes.append(error.code) })
        #expect(try session.run { try $0.query("SELECT 1")[0, 0] } == "1")
        try await server.stop()
        try await server.start()
        #expect(try session.run { try $0.query("SELECT 2")[0, 0] } == "2")
        #expect(troubles.codes == ["postgres-gone"])
        // What does not pass is thrown at once.
        #expect(throws: PostgresError.self) { try session.run { try $0.query("SELECT wrong") } }
        #expect(troubles.codes.count == 1)
        // While nobody wants it any more it does not wait for a server that is away.
        server.kill()
        let unwanted = PostgresSession(try PostgresAddress(server.url()), isUnwanted: { true })
        #expect(throws: CancellationError.self) { try unwanted.run { try $0.query("SELECT 3") } }
    }

    private final class Troubles { var codes: [String] = [] }

    @Test(arguments: [
        "nonsense", "postgresql://u:p#a%zz@h/d", "http://h/d", "postgresql://u:p#a/x@127.0.0.1:5432/d",
        "postgresql://u:p#a@x@127.0.0.1/d", "host=h port=p#a",
    ])
    func whatIsNoAddressIsRefusedWithoutRepeatingIt(text: String) throws {
        let error = #expect(throws: PostgresError.self) { try PostgresAddress(text) }
        #expect(error == .badAddress && error?.category == .usage)
        #expect(error?.description.contains("p#a") == false)
    }

    /// Nothing is asked of a server: the port is nobody's.
    @Test(arguments: [
        "sslmode=bogus", "sslmode=verify-ca&sslrootcert=/nowhere/ca.pem", "target_session_attrs=bogus", "service=bogus",
        "channel_binding=bogus",
    ])
    func settingsThatLibpqRefusesAreNoOutage(setting: String) throws {
        let error = #expect(throws: PostgresError.self) {
            _ = try PostgresConnection(try PostgresAddress("postgresql://127.0.0.1:1/films?\(setting)"))
        }
        #expect(error?.code == "postgres-settings" && error?.category == .usage, "\(String(describing: error))")
        #expect(error?.isTransient == false)
    }

    @Test func anAddressPrintsWithoutItsSecrets() throws {
        let address = try PostgresAddress("postgresql://bob:top-secret@db.example:6000,db2/films?sslmode=verify-full")
        #expect(address.password == "top-secret")
        #expect("\(address)".hasPrefix("db.example"))
        var dumped = ""
        dump(address, to: &dumped)
        #expect(!dumped.contains("top-secret") && !"\(address)".contains("secret") && !"\(address)".contains("bob"))
    }
}
