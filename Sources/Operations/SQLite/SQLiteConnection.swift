internal import CSQLite
internal import Domain
internal import Glibc

/// A connection to one SQLite file: statements, transactions, and a schema that is brought up to date when it is opened.
///
///     let file = try SQLiteConnection(path: "state/marquee.sqlite", migrations: ["CREATE TABLE keys (name TEXT PRIMARY KEY)"])
///     try file.transaction {
///         try file.run("INSERT INTO keys VALUES (?)", ["dashboard"])
///     }
///     let names = try file.rows("SELECT name FROM keys").map { try $0.text(0) }
///
/// The file is in WAL mode, so that readers and one writer do not wait for each other, and every commit is synced. Any
/// number of processes may have it open. Calls block: on the disk, and for up to the busy timeout on another writer.
/// A connection belongs to one thread at a time: whoever shares it holds it in a mutex.
public final class SQLiteConnection {
    /// Where the file lies.
    public let path: String
    /// `nonisolated` use is by the owner alone; closed in `deinit`, when no statement is left.
    let pointer: OpaquePointer?

    /// The path of no file: a database in memory that ends with its connection.
    public static let memory = ":memory:"

    /// Opens the file, or makes it, readable by its owner alone, and runs the migrations that it has not seen yet.
    /// - Parameters:
    ///   - migrations: scripts in the order they came to be. How many were run is the file's `user_version`; a script that
    ///     has been released is never changed.
    ///   - busySeconds: how long to wait for another process that writes.
    /// - Throws: ``SQLiteError``; a file that is no SQLite file, or has a newer schema, is left as it is.
    public init(path: String, migrations: [String], busySeconds: Double = 5) throws(SQLiteError) {
        self.path = path
        if path != Self.memory {
            // SQLite would make it readable by all; its companions get the rights of the file.
            Self.make(path)
        }
        var pointer: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let status = sqlite3_open_v2(path, &pointer, flags, nil)
        self.pointer = pointer
        try check(status)
        try check(sqlite3_busy_timeout(pointer, Int32(busySeconds * 1000)))
        try check(marquee_sqlite_defend(pointer))
        try useLog(within: busySeconds)
        try execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF")
        // What is deleted is overwritten: it may have been about somebody.
        _ = try rows("PRAGMA secure_delete = ON")
        try migrate(migrations)
    }

    deinit { sqlite3_close_v2(pointer) }

    /// Makes an empty file of its owner alone, if there is none. Never opens one that is there: closing it would take from
    /// this process all locks that SQLite has on it, and another process would remove the log that is being written.
    private static func make(_ path: String) {
        guard access(path, F_OK) != 0 else { return }
        var name = Array("\(path).new-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0 else { return }
        // It has its name only when it is closed. If another has made one meanwhile, that one stays.
        close(descriptor)
        _ = link(name, path)
        unlink(name)
    }

    /// Puts the file into WAL mode, if it is not.
    ///
    /// Where two connections ask for this at once of a file that is not, each may hold what the other needs. SQLite then
    /// refuses one at once, whatever the busy timeout. Whoever was refused lets go and asks again, after a pause that is
    /// another one for each.
    private func useLog(within seconds: Double) throws(SQLiteError) {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            do {
                _ = try rows("PRAGMA journal_mode = WAL")
                return
            } catch {
                guard case .busy = error, ContinuousClock.now < deadline else { throw error }
                usleep(.random(in: 2000...30_000))
            }
        }
    }

    /// Runs a script of statements without values.
    public func execute(_ script: String) throws(SQLiteError) {
        var rest = Substring(script)
        while !rest.isEmpty {
            guard let statement = try SQLiteStatement(&rest, on: self) else { continue }
            while try statement.step() {}
        }
    }

    /// Runs one statement.
    /// - Returns: how many rows it changed.
    /// - Precondition: a value for each `?`.
    @discardableResult
    public func run(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteError) -> Int {
        _ = try rows(sql, values)
        return Int(sqlite3_changes64(pointer))
    }

    /// The rows of a question, all of them.
    /// - Precondition: a value for each `?`.
    public func rows(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteError) -> [SQLiteRow] {
        var rest = Substring(sql)
        guard let statement = try SQLiteStatement(&rest, on: self) else { return [] }
        try statement.bind(values)
        var rows: [SQLiteRow] = []
        while try statement.step() { rows.append(statement.row()) }
        return rows
    }

    /// Runs `body` as one transaction that holds the right to write from its beginning: all of it is kept, synced, or
    /// nothing. Transactions do not nest.
    public func transaction<R>(_ body: () throws -> R) throws -> R {
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // A failed commit may have ended it already: then there is nothing to roll back, and that fails.
            try? execute("ROLLBACK")
            throw error
        }
    }

    /// A number that is another one after another connection, of this process or a different one, has changed the file.
    public func dataVersion() throws(SQLiteError) -> Int64 {
        try rows("PRAGMA data_version").first?.integer(0) ?? 0
    }

    /// How many rows this connection has changed: ``dataVersion()`` does not tell of these.
    public func ownChanges() throws(SQLiteError) -> Int64 {
        try rows("SELECT total_changes()").first?.integer(0) ?? 0
    }

    private func migrate(_ migrations: [String]) throws(SQLiteError) {
        func version() throws(SQLiteError) -> Int {
            Int(try rows("PRAGMA user_version").first?.integer(0) ?? 0)
        }
        guard try version() != migrations.count else { return }
        do {
            try transaction {
                // Asked again: another process may have been faster.
                let found = try version()
                guard found <= migrations.count else {
                    throw SQLiteError.newerSchema(path: path, version: found, known: migrations.count)
                }
                for script in migrations.dropFirst(found) { try execute(script) }
                try execute("PRAGMA user_version = \(migrations.count)")
            }
        } catch let error as SQLiteError {
            throw error
        } catch {
            throw .failed(path: path, code: -1, reason: "\(error)")
        }
    }

    func check(_ status: Int32) throws(SQLiteError) {
        guard status == SQLITE_OK else { throw failure(status) }
    }

    /// What SQLite says of the call that failed last.
    func failure(_ status: Int32) -> SQLiteError {
        let reason =
            status & 0xFF == SQLITE_CANTOPEN
            ? SystemError(sqlite3_system_errno(pointer)).clause : String(cString: sqlite3_errmsg(pointer))
        return SQLiteError(path: path, code: status & 0xFF, extended: status, reason: reason)
    }
}
