public import Columnar

/// What those who write a table and those who read it agree on.
///
/// A table that exists may have more columns than its contract. Of those of the contract it may lack some that may be null,
/// which readers take as null and the first writer adds; see ``EventStore/openOrCreate(_:)``.
public struct TableContract: Hashable, Sendable {
    /// Of the table's folder in a store; what messages and metrics call it.
    public let name: String
    /// The columns, in order.
    public let schema: Schema
    /// The columns by which rows lie apart; of ``schema``.
    public let partitionColumns: [String]
    /// Delta's table properties, and ours, that the table is made with.
    public let properties: [String: String]

    /// - Parameters:
    ///   - clusterColumn: of days, which files follow without a folder for each; for a table without partitions.
    /// - Precondition: the partition columns, those with Bloom filters and that of days are columns of the schema.
    public init(
        name: String, schema: Schema, partitionedBy partitionColumns: [String] = [],
        clusteredBy clusterColumn: String? = nil, bloomFiltersOn bloomFilterColumns: [String] = [],
        properties: [String: String] = [:]
    ) {
        for column in partitionColumns + bloomFilterColumns + (clusterColumn.map { [$0] } ?? []) {
            precondition(schema[column] != nil, "\(column) is a column of \(name)")
        }
        self.name = name
        self.schema = schema
        self.partitionColumns = partitionColumns
        var properties = properties
        if !bloomFilterColumns.isEmpty {
            properties[Self.bloomFilterProperty] = bloomFilterColumns.joined(separator: ",")
        }
        if let clusterColumn { properties[Self.clusterProperty] = clusterColumn }
        self.properties = properties
    }

    /// The columns but those that say which message of Kafka a row came from.
    public var contents: Schema { Schema(schema.fields.filter { !OriginColumn.all.contains($0.name) }) }

    /// The same table, but made so that its older versions stay readable for so many seconds, instead of Delta's own 30
    /// days of log and 7 days of files.
    public func keeping(history seconds: Int64) -> TableContract {
        let interval = "interval \(seconds) seconds"
        return with([
            "delta.logRetentionDuration": interval, "delta.deletedFileRetentionDuration": interval,
        ])
    }

    /// The same table, made with further properties.
    func with(_ further: [String: String]) -> TableContract {
        TableContract(
            name: name, schema: schema, partitionedBy: partitionColumns,
            properties: properties.merging(further) { $1 })
    }

    private static let bloomFilterProperty = "marquee.bloomFilterColumns"
    private static let clusterProperty = "marquee.clusterBy"

    /// The tables of a store.
    public static let all = [events, movies, impressions, deadLetters, quality, filmStatistics]
}

/// Columns that say which message of Kafka a row came from, in every table that ingestion writes.
public enum OriginColumn {
    /// All three.
    public static let all = [topic, partition, offset]
    /// The topic's name.
    public static let topic = "topic"
    /// The partition of the topic, `0…`.
    public static let partition = "partition"
    /// The message's place in the partition, `0…`.
    public static let offset = "offset"
}
