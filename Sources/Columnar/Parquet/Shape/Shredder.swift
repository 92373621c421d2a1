/// The rows of one leaf as Dremel sees them: levels, and which values of the leaf's column are there.
struct LeafSlice {
    /// One entry a value or null; nil where the maximum is 0 or all are at the maximum.
    var definitions: [UInt8]?
    var repetitions: [UInt8]?
    /// The leaf's own column.
    var column: Column
    /// Positions in ``column`` of the values that are there; nil for all of them in order.
    var positions: RowPositions?
    var entryCount: Int
}

/// Takes a column apart into the level streams and values of its leaves.
struct Shredder {
    /// Entry by entry: definition level reached, repetition level, and the row of the current column, −1 once ended.
    private struct Entries {
        var definitions: [UInt8]
        var repetitions: [UInt8]
        var positions: [Int32]
    }

    /// - Parameter rows: of the column; nil for all of them.
    static func slices(of column: Column, _ node: SchemaNode, rows: RowPositions? = nil) -> [LeafSlice] {
        if case .leaf(_, let levels) = node, levels.repetition == 0, levels.present <= 1 {
            return [rows.map { flat(column, $0) } ?? flat(column)]
        }
        let column = rows.map { column.gathered($0.values) } ?? column
        let count = column.count
        let entries = Entries(
            definitions: [UInt8](repeating: 0, count: count), repetitions: [UInt8](repeating: 0, count: count),
            positions: (0..<Int32(count)).map { $0 })
        var slices: [LeafSlice] = []
        descend(column, node, entries, parentPresent: 0, into: &slices)
        return slices
    }

    private static func flat(_ column: Column) -> LeafSlice {
        guard let validity = column.validity, validity.contains(false) else {
            return LeafSlice(column: column, entryCount: column.count)
        }
        var positions: [Int32] = []
        positions.reserveCapacity(validity.count)
        for (row, valid) in validity.enumerated() where valid { positions.append(Int32(row)) }
        return LeafSlice(
            definitions: validity.map { $0 ? 1 : 0 }, column: column, positions: RowPositions(positions),
            entryCount: column.count)
    }

    private static func flat(_ column: Column, _ rows: RowPositions) -> LeafSlice {
        let validity = column.validity
        guard let validity, rows.values.contains(where: { !validity[Int($0)] }) else {
            return LeafSlice(column: column, positions: rows, entryCount: rows.count)
        }
        return LeafSlice(
            definitions: rows.values.map { validity[Int($0)] ? 1 : 0 }, column: column,
            positions: RowPositions(rows.values.filter { validity[Int($0)] }), entryCount: rows.count)
    }

    private static func descend(
        _ column: Column, _ node: SchemaNode, _ entries: Entries, parentPresent: Int, into slices: inout [LeafSlice]
    ) {
        var entries = entries
        let levels = node.levels
        if levels.present > parentPresent {
            let validity = column.validity
            for i in entries.positions.indices where entries.positions[i] >= 0 {
                if validity.map({ $0[Int(entries.positions[i])] }) ?? true {
                    entries.definitions[i] = UInt8(levels.present)
                } else {
                    entries.positions[i] = -1
                }
            }
        }
        switch (node, column) {
        case (.leaf(let leaf, _), _):
            slices.append(
                LeafSlice(
                    definitions: leaf.maxDefinition > 0 ? entries.definitions : nil,
                    repetitions: leaf.maxRepetition > 0 ? entries.repetitions : nil,
                    column: column, positions: RowPositions(entries.positions.filter { $0 >= 0 }),
                    entryCount: entries.definitions.count))
        case (.structure(let children, _), .structure(let c)):
            for (child, inner) in zip(children, c.children) {
                descend(inner, child, entries, parentPresent: levels.present, into: &slices)
            }
        case (.list(let element, _), .list(let c)):
            let inner = expand(entries, c.offsets, element.levels)
            descend(c.elements, element, inner, parentPresent: element.levels.slot, into: &slices)
        case (.map(let key, let value, _), .map(let c)):
            let inner = expand(entries, c.offsets, key.levels)
            descend(c.keys, key, inner, parentPresent: key.levels.slot, into: &slices)
            descend(c.values, value, inner, parentPresent: value.levels.slot, into: &slices)
        default: preconditionFailure("the batch was checked against the schema")
        }
    }

    /// One entry for each element; a null or empty list keeps its one entry.
    private static func expand(_ entries: Entries, _ offsets: [Int32], _ element: NodeLevels) -> Entries {
        var result = Entries(definitions: [], repetitions: [], positions: [])
        for i in entries.positions.indices {
            let position = Int(entries.positions[i])
            let range = position < 0 ? 0..<0 : offsets[position]..<offsets[position + 1]
            if range.isEmpty {
                result.definitions.append(entries.definitions[i])
                result.repetitions.append(entries.repetitions[i])
                result.positions.append(-1)
            }
            for k in range {
                result.definitions.append(UInt8(element.slot))
                result.repetitions.append(k == range.lowerBound ? entries.repetitions[i] : UInt8(element.repetition))
                result.positions.append(k)
            }
        }
        return result
    }
}
