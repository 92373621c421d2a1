/// Decides by the log alone whether a file can have a row that a predicate holds for.
struct FilePruner {
    let schema: Schema
    let partitionColumns: [String]
    let mapping: ColumnMapping
    let table: String

    /// False only if no row can match.
    func mayMatch(_ predicate: Predicate, _ add: Add) throws -> Bool {
        var facts: [String: ColumnFacts] = [:]
        let bounds = FileBounds(add)
        for column in Set(predicate.columns) {
            guard let type = schema[column]?.type else { continue }
            if partitionColumns.contains(column) {
                let value = try PartitionValue.value(
                    of: add.partitionValues[mapping[column]] ?? nil, type: type, column: column, file: table)
                facts[column] = ColumnFacts(
                    minimum: value == .null ? nil : value, maximum: value == .null ? nil : value,
                    hasNulls: value == .null, hasValues: value != .null)
            } else {
                let nulls = bounds.nullCount(mapping[column])
                facts[column] = ColumnFacts(
                    minimum: bounds.minimum(mapping[column], type), maximum: bounds.maximum(mapping[column], type),
                    hasNulls: nulls != 0,
                    hasValues: nulls == nil || bounds.storedRowCount == nil || nulls != bounds.storedRowCount)
            }
        }
        return predicate.mayHold(facts)
    }
}
