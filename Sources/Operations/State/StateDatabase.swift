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

    /// `@unchecked Sendable`: the connection is only used under the mutex.
    private struct Held: @unchecked Sendable {
        var connection: SQLiteConnection?
        /// Which file the connection is to: another may take its name.
        var file: FileIdentity?
    }

    /// Names the file; nothing is read or made yet.
    public init(folder: String) {
        self.folder = folder
        isInMemory = false
    }

    /// A state that is kept in memory and ends with this object: for processes that were given no folder.
    public init() {
        folder = "memory"
        isInMemory = true
    }

    /// Where the file lies.
    public var path: String { isInMemory ? SQLiteConnection.memory : folder + "/marquee.sqlite" }

    /// Whether there is a file yet.
    public var exists: Bool { identity != nil }

    private var identity: FileIdentity? { isInMemory ? FileIdentity.memory : FileIdentity(path) }

    /// Reads, or returns nil if there is no file. Blocks.
    public func read<R: Sendable>(_ body: (SQLiteConnection) throws -> R) throws -> R? {
        try connection.withLock { held in
            guard identity != nil else { return nil }
            return try body(open(&held))
        }
    }

    /// Changes what is in the file, all of it or nothing, and makes folder and file if need be. Blocks.
    public func write<R: Sendable>(_ body: (SQLiteConnection) throws -> R) throws -> R {
        try connection.withLock { held in
            if identity == nil {
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

    /// A value that is another one after somebody else has changed the file, replaced it or taken it away.
    public func version() throws -> Version {
        try connection.withLock { held in
            guard let file = identity else { return Version(file: nil, data: 0) }
            return try Version(file: file, data: open(&held).dataVersion())
        }
    }

    /// See ``version()``.
    public struct Version: Equatable, Sendable {
        fileprivate let file: FileIdentity?
        fileprivate let data: Int64
    }

    private func open(_ held: inout Held) throws -> SQLiteConnection {
        let file = identity
        if let connection = held.connection, held.file == file { return connection }
        held.connection = nil
        let connection = try SQLiteConnection(path: path, migrations: Self.migrations)
        held = Held(connection: connection, file: identity)
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
