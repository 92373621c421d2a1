public import Domain

/// One immutable version of a table.
public struct Snapshot: Sendable {
    public let version: Int64
    public let timestamp: Timestamp
    public let schema: Schema
    public let partitionColumns: [String]
    public let configuration: [String: String]
    /// Newest version of each application's progress marker.
    public let transactions: [String: Int64]
    public var files: [DataFile] { fatalError() }

    /// Rows by the files' statistics, or nil if some file has none.
    public var rowCount: Int64? { fatalError() }

    /// The rows, file by file, in a fixed order. Partition columns are filled in.
    /// - Parameter columns: nil for all.
    public func scan(columns: [String]? = nil, where predicate: Predicate? = nil) throws -> Scan { fatalError() }
}

/// One data file of a snapshot.
public struct DataFile: Hashable, Sendable {
    /// Relative to the table, decoded.
    public var path: String
    public var partitionValues: [String: String?]
    public var size: Int64
    public var modified: Timestamp
    public var rowCount: Int64?
}

/// Batches of rows, read as they are asked for: `while let batch = try scan.next()`.
public struct Scan {
    public mutating func next() throws -> RecordBatch? { fatalError() }
}

/// A condition on rows.
public indirect enum Predicate: Hashable, Sendable {
    case compare(column: String, Comparison, Value)
    case isNull(column: String)
    case isIn(column: String, [Value])
    case and([Predicate])
    case or([Predicate])
    case not(Predicate)

    public enum Comparison: Hashable, Sendable { case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual }
}
