internal import Foundation
internal import Synchronization

/// The file that holds what a deployment must not lose and no table holds: its keys, the log of who changed what, what its
/// jobs have done, and what is still to be delivered.
///
/// `marquee.sqlite` in the folder of `--state`. It is made when something is first written, so a server that needs no
/// keys leaves no file behind. Everything that a change does and its entry in the log is one transaction.
public final class StateDatabase: Sendable {
    /// The folder, as messages have it.
    public let folder: String
    private let connection = Mutex<Held>(Held())
    /// Whether there is no file: all is gone with this object.
    private let isInMemory: Bool
    /// Whether the file that was used first is the only one.
    private let mustStay: Bool
    /// Seconds to wait for another process that writes.
    private let patience: Double

    /// `@unchecked Sendable`: the connection is only used under the mutex.
    private struct Held: @unchecked Sendable {
        var connection: SQLiteConnection?
        /// Which file the connection is to: another may take its name.
        var file: FileIdentity?
        /// The file that was used first.
        var first: FileIdentity?
        /// How many connections there were, with this one.
        var number = 0
    }

    /// Names the file; nothing is read or made yet.
    /// - Parameters:
    ///   - mustStay: for a process whose work makes no sense with another file, such as one that knows what it
    ///     has sent by it: once the file was used, all calls throw ``SQLiteError/gone(path:)`` when it is not there any more.
    ///   - patience: seconds to wait for other processes that write. On a disk that syncs in a fifth of a second, a dozen
    ///     commands at once take several; a server that must answer waits less.
    public init(folder: String, mustStay: Bool = false, patience: Double = 60) {
        self.folder = folder
        self.patience = patience
        isInMemory = false
        self.mustStay = mustStay
    }

    /// A state that is kept in memory and ends with this object: for processes that were given no folder.
    public init() {
        folder = "memory"
        patience = 0
        isInMemory = true
        mustStay = false
    }

    /// Whether it outlives this object: it has a folder.
    public var isKept: Bool { !isInMemory }

    /// Where the file lies.
    public var path: String { isInMemory ? SQLiteConnection.memory : folder + "/marquee.sqlite" }

    /// Whether there is a file yet.
    public var exists: Bool { identity != nil }

    /// The file as it is now; nil if there is none.
    private func present(_ held: Held) throws -> FileIdentity? {
        let file = identity
        if mustStay, let first = held.first, first != file { throw SQLiteError.gone(path: path) }
        return file
    }

    private var identity: FileIdentity? { isInMemory ? FileIdentity.memory : FileIdentity(path) }

    /// Reads, or returns nil if there is no file. Blocks.
    public func read<R: Sendable>(_ body: (SQLiteConnection) throws -> R) throws -> R? {
        try connection.withLock { held in
            guard try present(held) != nil else { return nil }
            return try body(open(&held))
        }
    }

    /// Changes what is in the file, all of it or nothing, and makes folder and file if need be. Blocks.
    public func write<R: Sendable>(_ body: (SQLiteConnection) throws -> R) throws -> R {
        try connection.withLock { held in
            if try present(held) == nil {
                do {
                    try FileManager.default.createDirectory(
                        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                } catch {
                    throw SQLiteError.cannotOpen(path: path, reason: "its folder cannot be made")
                }
            }
            let connection = try open(&held)
            return try connection.transaction { try body(connection) }
        }
    }

    /// Does something with the files themselves, which must not be opened while a connection of this process is: closing them
    /// would take its locks away. Blocks.
    public func whileClosed<R: Sendable>(_ body: () throws -> R) rethrows -> R {
        try connection.withLock { held in
            if !isInMemory { held = Held(first: held.first, number: held.number) }
            return try body()
        }
    }

    /// Writes the log into the file and empties it, so that no earlier state of what was removed is left in either. Others
    /// that read meanwhile may keep it from that for a moment: it is tried as long as a writer would wait. Blocks.
    public func forgetRemoved() throws {
        try connection.withLock { held in
            guard try present(held) != nil else { return }
            _ = try open(&held).rows("PRAGMA wal_checkpoint(TRUNCATE)")
        }
    }

    /// A value that is another one after the file was changed, by whomever, replaced or taken away.
    public func version() throws -> Version {
        try connection.withLock { held in
            guard let file = try present(held) else { return Version(file: nil, connection: 0, others: 0, own: 0) }
            let connection = try open(&held)
            return try Version(
                file: file, connection: held.number, others: connection.dataVersion(), own: connection.ownChanges())
        }
    }

    /// See ``version()``.
    public struct Version: Equatable, Sendable {
        fileprivate let file: FileIdentity?
        /// Which connection: the numbers are one's own.
        fileprivate let connection: Int
        fileprivate let others: Int64
        fileprivate let own: Int64
    }

    private func open(_ held: inout Held) throws -> SQLiteConnection {
        let file = identity
        if let connection = held.connection, held.file == file { return connection }
        held.connection = nil
        let connection = try SQLiteConnection(path: path, migrations: Self.migrations, busySeconds: patience)
        let found = identity
        held = Held(connection: connection, file: found, first: held.first ?? found, number: held.number + 1)
        return connection
    }

    /// The schema, in the order it came to be.
    private static let migrations = [
        """
        CREATE TABLE keys (
            id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, hash BLOB NOT NULL CHECK (length(hash) = 32),
            scopes TEXT NOT NULL, rate REAL, created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER
        ) STRICT;
        CREATE TABLE audit (
            number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
            target TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, request_id TEXT NOT NULL,
            hash BLOB NOT NULL CHECK (length(hash) = 32)
        ) STRICT;
        CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END;
        CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END;
        """,
        """
        CREATE TABLE leases (
            name TEXT PRIMARY KEY, holder TEXT NOT NULL, host TEXT NOT NULL, boot TEXT NOT NULL,
            processes TEXT NOT NULL, process INTEGER NOT NULL, started INTEGER NOT NULL, beat INTEGER NOT NULL,
            taken_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE job_states (job TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
        CREATE TABLE job_runs (
            id TEXT PRIMARY KEY, job TEXT NOT NULL, number INTEGER NOT NULL UNIQUE, is_over INTEGER NOT NULL,
            key TEXT, request BLOB, document TEXT NOT NULL, UNIQUE (job, key)
        ) STRICT;
        CREATE TABLE outbox (
            id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, endpoint TEXT NOT NULL, type TEXT NOT NULL,
            body BLOB NOT NULL, created_at INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
            next_at INTEGER NOT NULL, reason TEXT, ended_at INTEGER
        ) STRICT;
        CREATE INDEX outbox_by_time ON outbox (state, next_at);
        """,
        """
        ALTER TABLE outbox ADD COLUMN holder TEXT;
        DROP INDEX outbox_by_time;
        CREATE INDEX outbox_by_endpoint ON outbox (endpoint, state, next_at, number);
        CREATE INDEX outbox_by_standing ON outbox (state, number);
        CREATE INDEX outbox_by_holder ON outbox (holder) WHERE holder IS NOT NULL;
        CREATE TABLE delivery_offsets (
            consumer TEXT NOT NULL, source TEXT NOT NULL, next_offset INTEGER NOT NULL, PRIMARY KEY (consumer, source)
        ) STRICT;
        CREATE TABLE delivery_marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
        """,
        """
        CREATE TABLE privacy_key (number INTEGER PRIMARY KEY CHECK (number = 1), key BLOB NOT NULL) STRICT;
        CREATE TABLE suppressions (subject BLOB PRIMARY KEY, since INTEGER NOT NULL) STRICT;
        CREATE TABLE consents (
            number INTEGER PRIMARY KEY AUTOINCREMENT, subject BLOB NOT NULL, purpose TEXT NOT NULL,
            allowed INTEGER NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL
        ) STRICT;
        CREATE INDEX consents_by_subject ON consents (subject, purpose, number);
        """,
        """
        CREATE TABLE mail_subscriptions (
            user_id TEXT PRIMARY KEY, address TEXT NOT NULL, token TEXT NOT NULL UNIQUE, since INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE digest_lists (
            user_id TEXT PRIMARY KEY, generated_at INTEGER NOT NULL, document BLOB NOT NULL
        ) STRICT;
        """,
        """
        CREATE TABLE holds (
            user BLOB PRIMARY KEY, since INTEGER NOT NULL, who TEXT NOT NULL, reason TEXT NOT NULL
        ) STRICT;
        """,
        """
        CREATE TABLE removals (subject BLOB PRIMARY KEY, since INTEGER NOT NULL) STRICT;
        """,
        """
        ALTER TABLE consents ADD COLUMN event BLOB;
        CREATE UNIQUE INDEX consents_by_event ON consents (subject, event, purpose) WHERE event IS NOT NULL;
        CREATE TABLE pseudonym_key (number INTEGER PRIMARY KEY CHECK (number = 1), key TEXT NOT NULL) STRICT;
        """,
    ]
}

/// Which file a path leads to: a new one of the same name is another.
private struct FileIdentity: Equatable, Sendable {
    let device: UInt64
    let number: UInt64

    /// What no file has.
    static let memory = FileIdentity(device: .max, number: .max)

    private init(device: UInt64, number: UInt64) {
        self.device = device
        self.number = number
    }

    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
    }
}
