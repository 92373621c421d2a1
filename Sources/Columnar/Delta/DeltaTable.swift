public import Domain

/// An application's own progress marker, stored in the same commit as the rows it stands for.
public struct Transaction: Hashable, Sendable {
    public var appID: String
    public var version: Int64

    public init(appID: String, version: Int64) {
        self.appID = appID
        self.version = version
    }
}

/// How a commit ended. Losing a race for good is an expected outcome, not an error.
public enum CommitOutcome: Hashable, Sendable {
    case committed(version: Int64)
    /// Every transaction of the commit is in the table already, at the same or a higher version: nothing was written.
    case alreadyCommitted(version: Int64)
    /// The commit of `version` is at odds with this one; nothing was written.
    case conflict(version: Int64, reason: String)
}

/// A Delta Lake table in a folder. Every call blocks; the caller chooses the thread.
public final class DeltaTable: Sendable {
    public let path: String

    init(path: String) { self.path = path }

    public static func open(at path: String) throws -> DeltaTable { fatalError() }

    public static func create(
        at path: String, schema: Schema, partitionedBy partitionColumns: [String] = [],
        configuration: [String: String] = [:]
    ) throws -> DeltaTable { fatalError() }

    public static func openOrCreate(
        at path: String, schema: Schema, partitionedBy partitionColumns: [String] = [],
        configuration: [String: String] = [:]
    ) throws -> DeltaTable { fatalError() }

    /// The table at a version or at a time; the newest if neither is given.
    public func snapshot(version: Int64? = nil, asOf: Timestamp? = nil) throws -> Snapshot { fatalError() }

    /// Writes the rows, split by partition, and commits them together with `transactions`.
    public func append(
        _ batches: [RecordBatch], transactions: [Transaction] = [], operation: String = "WRITE"
    ) throws -> CommitOutcome { fatalError() }

    /// The commits, newest first.
    public func history(limit: Int? = nil) throws -> [CommitRecord] { fatalError() }
}

/// One line of a table's history.
public struct CommitRecord: Hashable, Sendable {
    public var version: Int64
    public var timestamp: Timestamp
    public var operation: String?
    public var operationParameters: [String: String]
    public var operationMetrics: [String: String]
    public var engine: String?
}
