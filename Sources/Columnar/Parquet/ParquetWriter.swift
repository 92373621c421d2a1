public enum Compression: String, CaseIterable, Sendable { case none, snappy, gzip, zstd, lz4 }

public struct ParquetOptions: Sendable {
    public var compression = Compression.zstd
    public init() {}
}

/// Writes one Parquet file, a row group at a time.
public final class ParquetWriter {
    public init(path: String, schema: Schema, options: ParquetOptions = .init()) throws { fatalError() }
    public func write(_ batch: RecordBatch) throws { fatalError() }
    /// Writes the footer and makes the file durable.
    public func finish() throws { fatalError() }
}
