/// What a finished file holds.
public struct FileSummary: Sendable {
    public let rowCount: Int64
    public let size: Int64
    public let rowGroupCount: Int
    /// Of the flat top-level columns, in the order of the schema.
    public let columns: [ColumnSummary]

    /// What is known of one column over all row groups: what Delta's log keeps of it, so that a scan may skip the file.
    public struct ColumnSummary: Sendable {
        public let name: String
        public let type: ColumnType
        public let nullCount: Int64
        /// Smallest and largest value; nil if there is none, or none that could be bounded. Long strings are cut, the
        /// maximum rounded up.
        public let minimum: Value?
        public let maximum: Value?
    }

    init(schema: Schema, leaves: [SchemaNode], metadata: FileMetadata, size: Int64) {
        rowCount = metadata.rowCount
        self.size = size
        rowGroupCount = metadata.rowGroups.count
        columns = zip(schema.fields, leaves).compactMap { field, node in
            guard case .leaf(let leaf, _) = node else { return nil }
            let chunks = metadata.rowGroups.map { $0.columns[leaf.index] }
            let bounds = chunks.map { BoundValues(chunk: $0, leaf: leaf, trusted: true) }
            // A group whose values have no bounds (all NaN, or nothing to round up to) leaves the file unbounded.
            let bounded = zip(chunks, bounds).filter { $0.statistics?.nullCount != $0.valueCount || $1.minimum != nil }
            let known = bounded.allSatisfy { $0.1.minimum != nil && $0.1.maximum != nil }
            return ColumnSummary(
                name: field.name, type: field.type,
                nullCount: chunks.reduce(0) { $0 + ($1.statistics?.nullCount ?? 0) },
                minimum: known ? bounded.compactMap(\.1.minimum).min { ValueOrder.precedes($0, $1) } : nil,
                maximum: known ? bounded.compactMap(\.1.maximum).max { ValueOrder.precedes($0, $1) } : nil)
        }
    }
}
