internal import CSQLite
public import Domain

/// Why a SQLite file could not be used.
public enum SQLiteError: Fault, Equatable {
    /// The file is not there, or may not be opened.
    case cannotOpen(path: String, reason: String)
    /// Another process has held the file for longer than the busy timeout.
    case busy(path: String)
    /// The disk, the quota or the limit on the size of a file is used up. Nothing of the transaction is kept.
    case full(path: String)
    /// The file or its folder may not be written.
    case readOnly(path: String)
    /// The bytes are no SQLite file, or pages of it contradict each other.
    case damaged(path: String, reason: String)
    /// A later version of this program has brought the file to a schema that this one does not know.
    case newerSchema(path: String, version: Int, known: Int)
    /// A rule of the schema forbids the change: a name taken, a table that is only appended to.
    case refused(path: String, reason: String)
    /// The file was taken away, or another has its name, while a process used it that cannot go on without it.
    case gone(path: String)
    /// A column holds something else than the schema says: a file that something else has written to.
    case wrongColumn(path: String, column: Int, expected: String)
    /// Anything else, with SQLite's extended result code.
    case failed(path: String, code: Int, reason: String)

    init(path: String, code: Int32, extended: Int32, reason: String) {
        switch code {
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: self = .cannotOpen(path: path, reason: reason)
        case SQLITE_BUSY, SQLITE_LOCKED: self = .busy(path: path)
        case SQLITE_FULL: self = .full(path: path)
        case SQLITE_READONLY: self = .readOnly(path: path)
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .damaged(path: path, reason: reason)
        case SQLITE_CONSTRAINT: self = .refused(path: path, reason: reason)
        // A write that the system cut short: a disk that is full, or a limit of the shell.
        case SQLITE_IOERR where writeErrors.contains(extended): self = .full(path: path)
        default: self = .failed(path: path, code: Int(extended), reason: reason)
        }
    }

    /// Whether the file is not the one that it was.
    public var isGone: Bool { if case .gone = self { true } else { false } }

    public var code: String {
        switch self {
        case .cannotOpen: "state-not-readable"
        case .busy: "state-busy"
        case .full: "state-full"
        case .readOnly: "state-read-only"
        case .damaged, .wrongColumn: "state-damaged"
        case .newerSchema: "state-newer"
        case .refused: "state-refused"
        case .gone: "state-gone"
        case .failed: "state-failed"
        }
    }

    public var message: String {
        switch self {
        case .cannotOpen(let path, let reason): "Cannot open '\(path)': \(reason)."
        case .busy(let path): "'\(path)' is being written by another process."
        case .full(let path): "There is no room to write '\(path)'."
        case .readOnly(let path): "'\(path)' or its folder may not be written."
        case .damaged(let path, let reason): "'\(path)' is damaged: \(reason)."
        case .newerSchema(let path, let version, let known):
            "'\(path)' has schema \(version); this program knows \(known) and earlier."
        case .gone(let path): "'\(path)' was removed or replaced while it was in use; nothing more is done with it."
        case .refused(let path, let reason): "'\(path)' does not take this change: \(reason)."
        case .wrongColumn(let path, let column, let expected):
            "'\(path)' is damaged: column \(column) of a row is no \(expected)."
        case .failed(let path, let code, let reason): "'\(path)' cannot be used: \(reason) (SQLite code \(code))."
        }
    }

    public var advice: String {
        switch self {
        case .cannotOpen: "Check that its folder exists and that you may read and write it."
        case .busy: "Try again; if it stays, look which process holds it (lsof)."
        case .full: "Make room on the disk, or raise the limit (ulimit -f); nothing was changed."
        case .readOnly: "Check the owner and the permissions; nothing was changed."
        case .damaged, .wrongColumn:
            "Restore it from a backup, or save what can be read with 'sqlite3 FILE .recover'."
        case .newerSchema: "Use the version of marquee that wrote it, or a later one."
        case .refused: ""
        case .gone:
            """
            Put it back and start again. Started without it, a new one is made: what the old one had still to do is not \
            done, and nothing is done twice.
            """
        case .failed: "Look at the disk and the permissions of the file."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .busy, .full, .readOnly, .failed: .unavailable
        case .cannotOpen, .gone: .notFound
        case .damaged, .newerSchema, .wrongColumn: .badData
        case .refused: .usage
        }
    }
}

/// SQLITE_IOERR_WRITE and SQLITE_IOERR_SHMSIZE, macros of several that Swift does not see.
private let writeErrors = [3, 19].map { SQLITE_IOERR | ($0 << 8) }
