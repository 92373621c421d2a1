extension ParquetFile {
    /// False only if the statistics of the row group show that no row of it can satisfy `predicate`.
    func mayMatch(_ predicate: Predicate, rowGroup: Int) -> Bool {
        let group = metadata.rowGroups[rowGroup]
        var facts: [String: ColumnFacts] = [:]
        for name in Set(predicate.columns) {
            guard let column = columns.first(where: { $0.name == name }),
                case .supported(_, .leaf(let leaf, _)) = column.content
            else { continue }
            let bounds = BoundValues(
                chunk: group.columns[leaf.index], leaf: leaf, trusted: metadata.hasColumnOrders)
            facts[name] = ColumnFacts(
                minimum: bounds.minimum, maximum: bounds.maximum, hasNulls: bounds.nullCount != 0,
                hasValues: bounds.nullCount == nil || bounds.nullCount != group.rowCount)
        }
        return predicate.mayHold(facts)
    }
}
