public import Columnar
public import Domain

/// The event store: a place that holds the tables of ``TableContract/all``, each in a folder of its name.
///
/// A value: naming a store reads and makes nothing. All calls block.
public struct EventStore: Sendable, CustomStringConvertible {
    /// Where the tables lie.
    public let storage: any Storage

    /// A store in any storage.
    public init(_ storage: any Storage) { self.storage = storage }

    /// A store in a folder of the local disk.
    public init(folder: String) { self.init(LocalStorage(folder)) }

    /// The store that a user names: a folder of the local disk. `StoragePlace` of Platform also knows buckets.
    /// - Throws: ``StoreError/unknownAddress(_:)`` for an address.
    public init(at address: String) throws(StoreError) {
        guard !address.contains("://") else { throw .unknownAddress(address) }
        self.init(folder: address)
    }

    /// What users call the place.
    public var location: String { storage.location }
    public var description: String { location }

    /// What users call a table of it, whether or not there is one.
    public func location(of table: TableContract) -> String { storage.path(of: table.name) }

    /// Whether the place is there, with tables or without.
    public func exists() throws -> Bool { try storage.exists() }

    /// A table that must be there.
    /// - Throws: `ColumnarError.notATable`, or what stands in the way of reading its log.
    public func open(_ table: TableContract) throws -> DeltaTable {
        try DeltaTable.open(storage.folder(table.name))
    }

    /// A table, or nil where there is none yet. A folder that a writer has made before its first commit is none.
    /// - Throws: what stands in the way of reading its log.
    public func openIfPresent(_ table: TableContract) throws -> DeltaTable? {
        do {
            return try open(table)
        } catch ColumnarError.notATable {
            return nil
        }
    }

    /// A table, made by its contract if there is none. One that exists keeps its own partitions and properties; columns of
    /// the contract that may be null and that it lacks are added, and are null in the rows it has.
    /// - Throws: `ColumnarError.schemaMismatch` if it lacks another column or has one in another type.
    public func openOrCreate(_ table: TableContract) throws -> DeltaTable {
        // One that an earlier version of the contract made; what is no such table is refused below as it is.
        if let known = try openIfPresent(table) {
            let columns = try known.snapshot().schema
            let missing = table.schema.fields.filter { columns[$0.name] == nil }
            if !missing.isEmpty, missing.allSatisfy(\.nullable) { try known.addColumns(missing, ifMissing: true) }
        }
        return try DeltaTable.openOrCreate(
            storage.folder(table.name), schema: table.schema, partitionedBy: table.partitionColumns,
            configuration: table.properties)
    }
}
