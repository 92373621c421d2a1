public import Domain
import Foundation
import Synchronization

/// A Delta Lake table (protocol 1, 2). Every call blocks; the caller chooses the thread. Threads and processes may use
/// one table at once.
public final class DeltaTable: Sendable {
    public let storage: any Storage
    let log: LogReader
    /// The newest state seen, from which later ones are reached by reading only what was added.
    private let newest: Mutex<TableState?>

    /// Where the table is, as given.
    public var path: String { storage.location }

    init(storage: any Storage, state: TableState?) {
        self.storage = storage
        log = LogReader(storage: storage)
        newest = Mutex(state)
    }

    /// - Throws: ``ColumnarError/notATable(path:)`` and whatever makes the newest version unreadable.
    public static func open(at path: String) throws -> DeltaTable { try open(LocalStorage(path)) }

    public static func open(_ storage: any Storage) throws -> DeltaTable {
        let state = try LogReader(storage: storage).load(nil)
        _ = try Snapshot(state, storage)
        return DeltaTable(storage: storage, state: state)
    }

    /// Makes an empty table.
    /// - Parameter configuration: such as `delta.appendOnly`.
    /// - Throws: ``ColumnarError/tableExists(path:)``
    public static func create(
        at path: String, schema: Schema, partitionedBy partitionColumns: [String] = [],
        configuration: [String: String] = [:]
    ) throws -> DeltaTable {
        try LocalFolder.make("\(path)/\(LogName.folder)")
        return try create(
            LocalStorage(path), schema: schema, partitionedBy: partitionColumns, configuration: configuration)
    }

    public static func create(
        _ storage: any Storage, schema: Schema, partitionedBy partitionColumns: [String] = [],
        configuration: [String: String] = [:]
    ) throws -> DeltaTable {
        try check(schema, partitionColumns)
        let now = SystemClock.now.milliseconds
        let metadata = MetadataAction(
            id: UUID().uuidString.lowercased(), schemaString: try SchemaJSON.text(of: schema),
            partitionColumns: partitionColumns, configuration: configuration, createdTime: now)
        let parameters = JSON.object([
            "partitionBy": .string(JSON.array(partitionColumns.map { .string($0) }).text)
        ])
        let actions: [Action] = [
            .commitInfo(CommitInfo(operation: "CREATE TABLE", parameters: parameters, isBlindAppend: true).json),
            .protocolVersion(ProtocolAction(minReaderVersion: 1, minWriterVersion: 2)), .metadata(metadata),
        ]
        guard try storage.putIfAbsent(LogName.commitPath(0), Commit.bytes(of: actions)) else {
            throw ColumnarError.tableExists(path: storage.location)
        }
        return try open(storage)
    }

    /// Opens the table, or makes it if there is none. An existing table may have more columns than `schema`.
    /// - Throws: ``ColumnarError/schemaMismatch(reason:)`` if a column of `schema` is missing or of another type.
    public static func openOrCreate(
        at path: String, schema: Schema, partitionedBy partitionColumns: [String] = [],
        configuration: [String: String] = [:]
    ) throws -> DeltaTable {
        do {
            return try create(
                at: path, schema: schema, partitionedBy: partitionColumns, configuration: configuration)
        } catch ColumnarError.tableExists {
            let table = try open(at: path)
            let existing = try table.snapshot().schema
            for field in schema.fields {
                guard let found = existing[field.name] else {
                    throw ColumnarError.schemaMismatch(reason: "the table at \(path) has no column \(field.name)")
                }
                guard found.type == field.type else {
                    throw ColumnarError.schemaMismatch(
                        reason: "column \(field.name) of \(path) is \(found.type), not \(field.type)")
                }
            }
            return table
        }
    }

    /// What every schema of a table must hold.
    static func check(_ schema: Schema, _ partitionColumns: [String]) throws {
        var names: Set<String> = []
        for field in schema.fields {
            guard names.insert(field.name.lowercased()).inserted else {
                throw ColumnarError.schemaMismatch(reason: "two columns are called \(field.name)")
            }
            guard !field.name.isEmpty, !field.name.contains(where: { " ,;{}()\n\t=".contains($0) }) else {
                throw ColumnarError.schemaMismatch(reason: "“\(field.name)” is no column name for a table")
            }
        }
        for column in partitionColumns {
            guard let field = schema[column] else {
                throw ColumnarError.noSuchColumn(name: column, available: schema.names)
            }
            guard field.type.isPrimitive, field.type != .binary else {
                throw ColumnarError.schemaMismatch(reason: "\(column) is \(field.type) and cannot partition a table")
            }
        }
        guard partitionColumns.count < schema.fields.count else {
            throw ColumnarError.schemaMismatch(reason: "a table needs a column besides its partition columns")
        }
    }

    /// The table at a version or at a time; the newest if neither is given.
    /// - Throws: ``ColumnarError/noSuchVersion(table:version:earliest:latest:)``,
    ///   ``ColumnarError/noVersionAt(table:time:earliest:)``
    public func snapshot(version: Int64? = nil, asOf: Timestamp? = nil) throws -> Snapshot {
        if let version { return try Snapshot(try log.load(version), storage) }
        if let asOf { return try Snapshot(try log.load(try self.version(at: asOf)), storage) }
        return try Snapshot(try refresh(), storage)
    }

    /// The newest version at or before a time, by the times of the commit files. Times are made to rise with the
    /// versions, as clocks may have gone back.
    private func version(at time: Timestamp) throws -> Int64 {
        let commits = try log.list().commits
        var found: Int64?
        var last = Timestamp(microseconds: .min)
        for commit in commits {
            let adjusted = max(commit.modified, Timestamp(microseconds: last.microseconds &+ 1000))
            last = last.microseconds == .min ? commit.modified : adjusted
            if last <= time { found = commit.version }
        }
        guard let found else {
            guard let first = commits.first else { throw ColumnarError.notATable(path: path) }
            throw ColumnarError.noVersionAt(table: path, time: time, earliest: first.modified)
        }
        return found
    }

    /// The newest state.
    func refresh() throws -> TableState {
        let known = newest.withLock { $0 }
        let state = try known.map { try log.update($0) } ?? log.load(nil)
        remember(state)
        return state
    }

    func remember(_ state: TableState) {
        newest.withLock { if ($0?.version ?? -1) < state.version { $0 = state } }
    }

    /// The commits, newest first.
    public func history(limit: Int? = nil) throws -> [CommitRecord] {
        let commits = try log.list().commits
        return try commits.reversed().prefix(limit ?? .max).map { commit in
            CommitRecord(
                version: commit.version, modified: commit.modified, actions: try log.actions(of: commit.version))
        }
    }
}

/// An application's own progress marker, stored in the same commit as the rows it stands for.
public struct Transaction: Hashable, Sendable {
    public var appID: String
    public var version: Int64

    public init(appID: String, version: Int64) {
        self.appID = appID
        self.version = version
    }
}

/// One commit of a table's history.
public struct CommitRecord: Hashable, Sendable {
    public let version: Int64
    public let timestamp: Timestamp
    /// Nil if the commit does not say.
    public let operation: String?
    public let operationParameters: [String: String]
    public let operationMetrics: [String: String]
    public let engine: String?
    public let filesAdded: Int
    public let filesRemoved: Int

    init(version: Int64, modified: Timestamp, actions: [Action]) {
        var info = JSON.object([])
        var added = 0
        var removed = 0
        for action in actions {
            switch action {
            case .commitInfo(let json): info = json
            case .add: added += 1
            case .remove: removed += 1
            default: break
            }
        }
        self.version = version
        timestamp = info["timestamp"]?.int.map { Timestamp(milliseconds: $0) } ?? modified
        operation = info["operation"]?.string
        operationParameters = (info["operationParameters"]?.stringMap ?? [:]).compactMapValues { $0 }
        operationMetrics = (info["operationMetrics"]?.stringMap ?? [:]).compactMapValues { $0 }
        engine = info["engineInfo"]?.string
        filesAdded = added
        filesRemoved = removed
    }
}
