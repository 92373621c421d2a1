extension ParquetFile {
    /// Reads the whole file: every checksum, every value, and whether the statistics of the row groups are true.
    /// - Returns: what is wrong; empty if nothing is.
    public func verify() throws -> [String] {
        var problems: [String] = []
        for group in 0..<rowGroupCount {
            let batch: RecordBatch
            do {
                batch = try read(columns: schema.names, rowGroup: group)
            } catch let error as ColumnarError {
                problems.append("row group \(group): \(error.message)")
                continue
            }
            for (field, values) in zip(batch.schema.fields, batch.columns) {
                guard let column = columns.first(where: { $0.name == field.name }),
                    case .supported(_, .leaf(let leaf, _)) = column.content
                else { continue }
                let bounds = BoundValues(
                    chunk: metadata.rowGroups[group].columns[leaf.index], leaf: leaf,
                    trusted: metadata.hasColumnOrders)
                if let nulls = bounds.nullCount, nulls != values.nullCount {
                    problems.append(
                        "row group \(group): \(field.name) has \(values.nullCount) nulls, the footer states \(nulls)")
                }
                if !values.lies(between: bounds.minimum, and: bounds.maximum, field.type) {
                    problems.append("row group \(group): \(field.name) has values outside of its stated bounds")
                }
            }
        }
        return problems
    }
}

extension Column {
    /// Whether all values that are there, NaN aside, lie within the bounds that are given.
    fileprivate func lies(between low: Value?, and high: Value?, _ type: ColumnType) -> Bool {
        if low == nil, high == nil { return true }
        for row in 0..<count where !isNull(at: row) {
            let value = value(at: row, type: type)
            if let low, ValueOrder.precedes(value, low) { return false }
            if let high, ValueOrder.precedes(high, value) { return false }
        }
        return true
    }
}
