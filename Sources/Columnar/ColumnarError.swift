public import Domain

/// What can go wrong with a Parquet file or a Delta table. What the storage below refuses is a `StorageError`.
public enum ColumnarError: Fault, Hashable {
    /// Bytes that break the format. The file is left alone.
    case malformed(file: String, reason: String)
    /// A legal file that uses something this module does not read. It is refused rather than misread.
    case unsupported(file: String, feature: String)
    case notATable(path: String)
    case tableExists(path: String)
    case noSuchVersion(table: String, version: Int64, earliest: Int64, latest: Int64)
    /// No commit is as old as the time asked for.
    case noVersionAt(table: String, time: Timestamp, earliest: Timestamp)
    /// The version of that time is not kept any more; those before and after it are.
    case versionNotKept(table: String, time: Timestamp, before: Int64, after: Int64)
    /// A commit file is missing between others.
    case logGap(table: String, missing: Int64)
    case noSuchColumn(name: String, available: [String])
    /// A batch does not fit the schema it is written to.
    case schemaMismatch(reason: String)
    /// The text of a condition on rows that is none.
    case invalidPredicate(text: String, reason: String)
    /// The table's configuration forbids the operation.
    case forbidden(table: String, reason: String)
    /// Other writers won every one of many attempts in a row.
    case tooManyConflicts(table: String, attempts: Int)
    /// Another writer changed what this operation had read.
    case conflict(table: String, version: Int64, reason: String)

    public var code: String {
        switch self {
        case .malformed: "file-malformed"
        case .unsupported: "format-unsupported"
        case .notATable: "not-a-table"
        case .tableExists: "table-exists"
        case .noSuchVersion, .noVersionAt, .versionNotKept: "no-such-version"
        case .logGap: "log-gap"
        case .noSuchColumn: "no-such-column"
        case .schemaMismatch: "schema-mismatch"
        case .invalidPredicate: "invalid-condition"
        case .forbidden: "table-forbids"
        case .tooManyConflicts, .conflict: "commit-conflict"
        }
    }

    public var message: String {
        switch self {
        case .malformed(let file, let reason): "\(file) is damaged: \(reason)."
        case .unsupported(let file, let feature): "\(file) uses \(feature), which is not supported."
        case .notATable(let path): "\(path) is not a Delta table: it has no _delta_log with commits."
        case .tableExists(let path): "There is already a table at \(path)."
        case .noSuchVersion(let table, let version, let earliest, let latest):
            "\(table) has no version \(version); it has \(earliest) to \(latest)."
        case .noVersionAt(let table, let time, let earliest):
            "\(table) had no version at \(time); the earliest that is kept is of \(earliest)."
        case .versionNotKept(let table, let time, let before, let after):
            "\(table) no longer has the version of \(time); of those around it \(before) and \(after) are kept."
        case .logGap(let table, let missing):
            "The log of \(table) has a gap: \(table)/\(LogName.commit(missing)) is missing."
        case .noSuchColumn(let name, let available):
            "There is no column \(name); there are \(available.joined(separator: ", "))."
        case .schemaMismatch(let reason): "The rows do not fit the schema: \(reason)."
        case .invalidPredicate(let text, let reason): "The condition [\(text)] cannot be used: \(reason)."
        case .forbidden(let table, let reason): "\(table) does not allow this: \(reason)."
        case .tooManyConflicts(let table, let attempts):
            "Could not commit to \(table): other writers won \(attempts) times in a row."
        case .conflict(let table, let version, let reason):
            "Could not commit to \(table): version \(version), written meanwhile, \(reason)."
        }
    }

    public var advice: String {
        switch self {
        case .noSuchVersion, .noVersionAt, .noSuchColumn: ""
        case .versionNotKept: "Name one of them with --version, or keep more with `marquee ingest --history`."
        case .malformed: "Restore it from a backup, or write it again from its source."
        case .unsupported: "Write it again without that feature, or read it with another engine."
        case .notATable:
            """
            Check the path; `marquee ingest` or `marquee import` creates tables. Where rows lie and the log is lost, put the \
            log back from a backup.
            """
        case .tableExists: "Open it, or choose another folder."
        case .logGap: "Restore the missing commit file from a backup."
        case .schemaMismatch: "Columns may be added, if nullable; types and names may not change."
        case .invalidPredicate: "Write it like: user_id = 'u17' and at < '2026-11-20' and kind in ('view', 'like')."
        case .forbidden: "See the table's configuration with `marquee store show`."
        case .tooManyConflicts: "Run it again when fewer writers are busy."
        case .conflict: "Nothing was written; run it again on the new version."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .tooManyConflicts, .conflict: .unavailable
        case .notATable, .noSuchVersion, .noVersionAt, .versionNotKept: .notFound
        case .malformed, .unsupported, .logGap: .badData
        case .tableExists, .noSuchColumn, .schemaMismatch, .invalidPredicate, .forbidden: .usage
        }
    }
}
