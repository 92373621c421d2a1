internal import CPostgres

/// One connection to a PostgreSQL server. One thread owns it; every call blocks.
///
///     let connection = try PostgresConnection(PostgresAddress("postgresql:///films"))
///     let rows = try connection.query("SELECT title FROM films WHERE year = $1::int", ["1979"])
///
/// Texts are UTF-8. A server that is gone without a word is noticed within half a minute, by keep-alives.
public final class PostgresConnection {
    /// Where it leads to: host, port and database.
    public let server: String
    private let handle: OpaquePointer

    /// Connects. TLS and certificates are as the address and the environment say (`sslmode`, `sslrootcert` …).
    /// - Parameters:
    ///   - application: what the server lists the connection as.
    ///   - isUnwanted: asked ten times a second; connecting is given up once it is true.
    /// - Throws: ``PostgresError/badSettings(server:reason:)``, ``PostgresError/cannotConnect(server:reason:)``,
    ///   ``PostgresError/refused(server:sqlState:reason:)``.
    public init(
        _ address: PostgresAddress, application: String = "marquee", isUnwanted: () -> Bool = { false }
    ) throws(PostgresError) {
        server = address.description
        // What stands before `dbname` the address may override; what stands behind it holds.
        let settings = [
            ("fallback_application_name", application), ("keepalives_idle", "15"), ("keepalives_interval", "5"),
            ("keepalives_count", "3"), ("tcp_user_timeout", "30000"), ("dbname", address.text),
            ("client_encoding", "UTF8"),
        ]
        let keywords = CStrings(settings.map(\.0))
        let values = CStrings(settings.map(\.1))
        guard let handle = PQconnectStartParams(keywords.pointers, values.pointers, 1) else {
            throw .cannotConnect(server: server, reason: "there is no memory for a connection")
        }
        self.handle = handle
        // With it, what the server says when it does not let us in has its SQLSTATE.
        PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        marquee_pg_silence(handle)
        let end = ContinuousClock.now + .seconds(address.timeout)
        var progress = PGRES_POLLING_WRITING
        while progress != PGRES_POLLING_OK {
            guard PQstatus(handle) != CONNECTION_BAD, progress != PGRES_POLLING_FAILED else {
                throw Self.refusal(handle, server)
            }
            guard ContinuousClock.now < end, !isUnwanted() else {
                throw .cannotConnect(server: server, reason: "no answer within \(Int(address.timeout)) seconds")
            }
            if marquee_pg_wait(handle, progress == PGRES_POLLING_READING ? 1 : 0, 100) == 0 { continue }
            progress = PQconnectPoll(handle)
        }
        PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
    }

    deinit { PQfinish(handle) }

    /// What libpq says of a connection that did not come about.
    private static func refusal(_ handle: OpaquePointer, _ server: String) -> PostgresError {
        let text = String(cString: PQerrorMessage(handle))
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("LOCATION:") && !$0.hasPrefix("DETAIL:") }
        // `…failed: FATAL:  28P01: password authentication failed for user "x"`
        for line in lines {
            let parts = line.split(separator: ": ", omittingEmptySubsequences: false).map {
                $0.drop { $0 == " " }
            }
            if let place = parts.firstIndex(where: { part in
                part.utf8.count == 5
                    && part.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) }
                    && part.utf8.contains { (48...57).contains($0) }
            }), place + 1 < parts.count {
                return .refused(
                    server: server, sqlState: String(parts[place]),
                    reason: parts[(place + 1)...].joined(separator: ": "))
            }
        }
        if PQconnectionNeedsPassword(handle) == 1 {
            return .refused(server: server, sqlState: "28P01", reason: "it wants a password, and none was given")
        }
        if let setting = lines.lazy.compactMap(Self.setting).first {
            return .badSettings(server: server, reason: Self.sentence(setting))
        }
        return .cannotConnect(server: server, reason: lines.first.map(Self.sentence) ?? "libpq does not say why")
    }

    /// What libpq says of a setting or a file that it needs; nil for what it says of the server or the way there.
    private static func setting(_ line: Substring) -> Substring? {
        var text = line
        // `connection to server at "db", port 5432 failed: root certificate file "x" does not exist`
        if text.hasPrefix("connection to server"), let end = text.firstRange(of: " failed: ") {
            text = text[end.upperBound...]
        }
        let begins = ["invalid ", "could not match ", "weak sslmode "]
        let contains = [
            "root certificate file", "certificate file", "private key file", "service file", "definition of service",
            "sslmode value",
        ]
        return begins.contains { text.hasPrefix($0) } || contains.contains { text.contains($0) } ? text : nil
    }

    private static func sentence(_ text: Substring) -> String {
        String(text.last == "." ? text.dropLast() : text)
    }

    // MARK: Statements

    /// Runs one statement. Parameters go beside it, never into it: `$1`, `$2` … in text form, nil for null.
    /// - Throws: ``PostgresError/failed(server:sqlState:reason:)``,
    ///   ``PostgresError/connectionLost(server:reason:)``.
    @discardableResult
    public func query(_ statement: String, _ parameters: [String?] = []) throws(PostgresError) -> PostgresRows {
        let values = CStrings(parameters)
        return try rows(
            of: PQexecParams(handle, statement, Int32(parameters.count), nil, values.pointers, nil, nil, 0))
    }

    /// Runs several statements separated by semicolons, none of which takes parameters.
    public func run(script: String) throws(PostgresError) { _ = try rows(of: PQexec(handle, script)) }

    /// Runs `body` in a transaction of its own: all of it is done, durable, or nothing.
    /// - Parameters:
    ///   - willCommit: called when everything is done but the commit. From here to the end a broken connection leaves
    ///     it open whether it was committed.
    ///   - body: returns nil to undo what it did.
    public func transaction<R>(willCommit: () -> Void = {}, _ body: () throws -> R?) throws -> R? {
        try query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        let result: R?
        do {
            result = try body()
        } catch {
            // A connection that is gone has undone it by itself.
            _ = try? query("ROLLBACK")
            throw error
        }
        guard let result else {
            try query("ROLLBACK")
            return nil
        }
        willCommit()
        // A transaction that failed unnoticed is "committed" without an error, by undoing it.
        guard try query("COMMIT").tag == "COMMIT" else {
            throw PostgresError.unexpected(server: server, what: "a commit was turned into a rollback")
        }
        return result
    }

    /// Does `body` in the open transaction, and undoes it alone if it fails with one of these SQLSTATEs.
    /// - Returns: nil if it was undone.
    public func attempt<R>(undoneBy states: Set<String>, _ body: () throws -> R) throws -> R? {
        try query("SAVEPOINT attempt")
        do {
            let result = try body()
            try query("RELEASE SAVEPOINT attempt")
            return result
        } catch PostgresError.failed(_, let state, _) where states.contains(state) {
            try run(script: "ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt")
            return nil
        }
    }

    /// Copies rows into a table: the fastest way in. The server checks each value's form, not its meaning.
    /// - Parameter target: the table and its columns: `films (id, title)`.
    /// - Returns: how many rows were copied.
    @discardableResult
    public func copy(into target: String, _ write: (inout PostgresCopy) throws -> Void) throws -> Int {
        let begun = PQexec(handle, "COPY \(target) FROM STDIN (FORMAT binary)")
        guard PQresultStatus(begun) == PGRES_COPY_IN else {
            _ = try rows(of: begun)
            throw PostgresError.unexpected(server: server, what: "COPY did not begin")
        }
        PQclear(begun)
        var copy = PostgresCopy(handle)
        do {
            try write(&copy)
            copy.finish()
        } catch {
            PQputCopyEnd(handle, "given up")
            while let result = PQgetResult(handle) { PQclear(result) }
            throw error
        }
        // What stands in the way, also of the data sent before, is said here.
        PQputCopyEnd(handle, nil)
        var failure: PostgresError?
        var isFirst = true
        while let result = PQgetResult(handle) {
            do { _ = try rows(of: result) } catch { if failure == nil { failure = error } }
            isFirst = false
        }
        if let failure { throw failure }
        if isFirst { throw lost() }
        return copy.count
    }

    private func lost() -> PostgresError {
        let text = String(cString: PQerrorMessage(handle)).split(separator: "\n").first ?? "it was closed"
        return .connectionLost(server: server, reason: Self.sentence(text))
    }

    private func rows(of result: OpaquePointer?) throws(PostgresError) -> PostgresRows {
        guard let result else { throw lost() }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return PostgresRows(result)
        default:
            defer { PQclear(result) }
            guard let state = marquee_pg_sqlstate(result).map({ String(cString: $0) }) else { throw lost() }
            let message = marquee_pg_message(result).map { String(cString: $0) } ?? "it does not say why"
            // The server's last words come with a broken connection.
            if PQstatus(handle) == CONNECTION_BAD || state.hasPrefix("57P0") {
                throw .connectionLost(server: server, reason: "\(message) (SQLSTATE \(state))")
            }
            throw .failed(server: server, sqlState: state, reason: message)
        }
    }
}

/// Texts as C wants them, for as long as this lives.
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafePointer<CChar>?>
    private let count: Int

    init(_ texts: [String?]) {
        count = texts.count
        pointers = .allocate(capacity: texts.count + 1)
        for (place, text) in texts.enumerated() {
            pointers[place] = text.map { text in
                let bytes = text.utf8CString
                let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
                for (i, byte) in bytes.enumerated() { copy[i] = byte }
                return UnsafePointer(copy)
            }
        }
        pointers[count] = nil
    }

    deinit {
        for place in 0..<count { pointers[place]?.deallocate() }
        pointers.deallocate()
    }
}
