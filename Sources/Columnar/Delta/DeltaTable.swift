public import Domain
import Foundation
import Synchronization

/// A Delta Lake table in a folder. Every call blocks; the caller chooses the thread. Several threads and processes may
/// use a table at once.
public final class DeltaTable: Sendable {
    public let path: String
    let storage: any Storage
    let reader: LogReader
    /// The newest state seen, so that the next call reads only what came since.
    private let known = Mutex<LogState?>(nil)

    init(storage: any Storage) {
        path = storage.location
        self.storage = storage
        reader = LogReader(storage: storage)
    }

    /// - Throws: ``ColumnarError/notATable(path:)``, or what stands in the way of reading its log.
    public static func open(at path: String) throws -> DeltaTable { try open(LocalStorage(path)) }

    /// The table in a storage of another kind than the local disk.
    public static func open(_ storage: any Storage) throws -> DeltaTable {
        let table = DeltaTable(storage: storage)
        _ = try table.snapshot()
        return table
    }

    /// Makes a table without rows.
    /// - Parameter configuration: Delta's table properties, such as `delta.appendOnly`, and
    ///   `marquee.bloomFilterColumns`; see ``ParquetOptions/bloomFilterColumns``.
    /// - Throws: ``ColumnarError/tableExists(path:)``, ``ColumnarError/schemaMismatch(reason:)``
    public static func create(
        at path: String, schema: Schema, partitionedBy partitionColumns: [String] = [],
        configuration: [String: String] = [:]
    ) throws -> DeltaTable {
        try create(
            LocalStorage(path), schema: schema, partitionedBy: partitionColumns, configuration: configuration)
    }

    /// Makes a table in a storage of another kind than the local disk.
    public static func create(
        _ storage: any Storage, schema: Schema, partitionedBy partitionColumns: [String] = [],
        configuration: [String: String] = [:]
    ) throws -> DeltaTable {
        try schema.checkForTable(partitionedBy: partitionColumns)
        let now = Timestamp.now.milliseconds
        let metaData = MetaData(
            id: UUID().uuidString.lowercased(), schemaString: SchemaString.text(of: schema),
            partitionColumns: partitionColumns, configuration: configuration, createdTime: now)
        try ProtocolAction().checkWritable(metaData, table: storage.location)
        let commit = PendingCommit(
            operation: "CREATE TABLE",
            parameters: [
                "partitionBy": JSON.strings(partitionColumns).text, "properties": JSON.object(configuration).text,
            ],
            actions: [.versions(ProtocolAction()), .metaData(metaData)], isBlindAppend: true)
        let table = DeltaTable(storage: storage)
        // A table whose first commits were cleaned up has no version 0 either.
        guard try table.reader.listing().latest == nil,
            try storage.putIfAbsent(LogName.commit(0), commit.bytes(readVersion: nil, now: now))
        else { throw ColumnarError.tableExists(path: storage.location) }
        return table
    }

    /// The table at `path`, made if there is none. One that exists may have more columns.
    /// - Throws: ``ColumnarError/schemaMismatch(reason:)`` if it lacks one or has it in another type.
    public static func openOrCreate(
        at path: String, schema: Schema, partitionedBy partitionColumns: [String] = [],
        configuration: [String: String] = [:]
    ) throws -> DeltaTable {
        try openOrCreate(
            LocalStorage(path), schema: schema, partitionedBy: partitionColumns, configuration: configuration)
    }

    /// The table in a storage of another kind than the local disk, made if there is none.
    /// - Throws: as ``openOrCreate(at:schema:partitionedBy:configuration:)``
    public static func openOrCreate(
        _ storage: any Storage, schema: Schema, partitionedBy partitionColumns: [String] = [],
        configuration: [String: String] = [:]
    ) throws -> DeltaTable {
        let table: DeltaTable
        do {
            table = try open(storage)
        } catch ColumnarError.notATable {
            do {
                return try create(
                    storage, schema: schema, partitionedBy: partitionColumns, configuration: configuration)
            } catch ColumnarError.tableExists {
                // Another process made it in between.
                table = try open(storage)
            }
        }
        let existing = try table.snapshot().schema
        for field in schema.fields where existing[field.name]?.type != field.type {
            let found = existing[field.name].map { "is \($0.type)" } ?? "is not there"
            throw ColumnarError.schemaMismatch(
                reason: "column \(field.name) of \(storage.location) \(found), where \(field.type) is needed")
        }
        return table
    }

    /// The table at a version or at a time; the newest if neither is given.
    /// - Parameter asOf: the newest version that was committed at or before it.
    /// - Throws: ``ColumnarError/noSuchVersion(table:version:earliest:latest:)``,
    ///   ``ColumnarError/noVersionAt(table:time:earliest:)``, ``ColumnarError/logGap(table:missing:)``
    public func snapshot(version: Int64? = nil, asOf: Timestamp? = nil) throws -> Snapshot {
        if let version { return try Snapshot(storage: storage, state: reader.load(version: version)) }
        if let asOf { return try Snapshot(storage: storage, state: reader.load(version: reader.version(asOf: asOf))) }
        return try Snapshot(storage: storage, state: newestState())
    }

    /// The newest state there is.
    func newestState() throws -> LogState {
        // Read outside of the lock: a slow disk must not stop other threads.
        let old = known.withLock { $0 }
        let state = try old.flatMap { try reader.update($0) } ?? reader.load()
        remember(state, insteadOf: old)
        return state
    }

    /// Keeps `state` unless another thread saw a newer one.
    func remember(_ state: LogState, insteadOf old: LogState?) {
        known.withLock { current in
            if let current, current.version > state.version, current.version != old?.version { return }
            current = state
        }
    }
}

extension Schema {
    /// - Throws: ``ColumnarError/schemaMismatch(reason:)`` if a Delta table cannot have this schema.
    func checkForTable(partitionedBy partitionColumns: [String]) throws {
        var seen: Set<String> = []
        for field in fields {
            // Engines differ in case sensitivity, so Delta forbids names that differ in case only.
            guard seen.insert(field.name.lowercased()).inserted else {
                throw ColumnarError.schemaMismatch(reason: "the column name \(field.name) is used twice")
            }
            guard !field.name.isEmpty, !field.name.contains(where: { " ,;{}()\n\t=".contains($0) }) else {
                throw ColumnarError.schemaMismatch(
                    reason: "the column name '\(field.name)' is empty or has a character of ' ,;{}()=' in it")
            }
            if case .localTimestamp = field.type {
                throw ColumnarError.schemaMismatch(reason: "column \(field.name) is a timestamp without a zone")
            }
        }
        guard Set(partitionColumns).count == partitionColumns.count else {
            throw ColumnarError.schemaMismatch(reason: "a partition column is named twice")
        }
        for field in try selecting(partitionColumns).fields where !PartitionValue.supports(field.type) {
            throw ColumnarError.schemaMismatch(
                reason: "a table cannot be partitioned by \(field.name), a \(field.type)")
        }
        guard partitionColumns.count < fields.count else {
            throw ColumnarError.schemaMismatch(reason: "a table needs a column that it is not partitioned by")
        }
    }
}
