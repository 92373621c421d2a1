/// A Parquet file on the local disk, opened for reading.
public final class ParquetFile: Sendable {
    public let path: String
    public var schema: Schema { fatalError() }
    public var rowCount: Int64 { fatalError() }
    public var rowGroupCount: Int { fatalError() }

    public init(path: String) throws { fatalError() }

    /// The rows of one row group. - Parameter columns: nil for all.
    public func read(columns: [String]? = nil, rowGroup: Int) throws -> RecordBatch { fatalError() }
}
