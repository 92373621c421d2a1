/// Puts columns together from the levels and values of their leaves: the inverse of ``Shredder``.
struct Assembler {
    /// By the position of the leaf in the file.
    let leaves: [Int: DecodedLeaf]

    func column(_ node: SchemaNode, rowCount: Int) throws -> Column {
        let column = try build(node)
        guard column.count == rowCount else {
            throw DecodingFault.malformed(
                "column \(node.firstLeaf.path[0]) has \(column.count) rows in a row group of \(rowCount)")
        }
        return column
    }

    private func decoded(_ node: SchemaNode) throws -> DecodedLeaf {
        guard let leaf = leaves[node.firstLeaf.index] else { throw DecodingFault.malformed("a column is missing") }
        return leaf
    }

    private func build(_ node: SchemaNode) throws -> Column {
        switch node {
        case .leaf(let leaf, let levels): return try buildLeaf(leaf, levels, try decoded(node))
        case .structure(let children, let levels):
            let (validity, count) = shape(try decoded(node), levels)
            let columns = try children.map(build)
            guard columns.allSatisfy({ $0.count == count }) else {
                throw DecodingFault.malformed("the fields of a struct differ in length")
            }
            return .structure(StructColumn(children: columns, count: count, validity: validity))
        case .list(let element, let levels):
            let (offsets, validity) = try lists(try decoded(node), levels, element.levels)
            let elements = try build(element)
            guard Int(offsets[offsets.count - 1]) == elements.count else {
                throw DecodingFault.malformed("the levels of a list do not fit its elements")
            }
            return .list(ListColumn(offsets: offsets, elements: elements, validity: validity))
        case .map(let key, let value, let levels):
            let (offsets, validity) = try lists(try decoded(node), levels, key.levels)
            let keys = try build(key)
            let values = try build(value)
            guard Int(offsets[offsets.count - 1]) == keys.count, keys.count == values.count else {
                throw DecodingFault.malformed("the levels of a map do not fit its entries")
            }
            return .map(MapColumn(offsets: offsets, keys: keys, values: values, validity: validity))
        }
    }

    /// Whether entry `i` of the level streams belongs to a node.
    @inline(__always)
    private func isSlot(_ leaf: DecodedLeaf, _ levels: NodeLevels, _ i: Int) -> Bool {
        (leaf.repetitions.isUniform && leaf.repetitions.maximum == 0
            || Int(level(leaf.repetitions, i)) <= levels.repetition)
            && Int(level(leaf.definitions, i)) >= levels.slot
    }

    @inline(__always)
    private func level(_ buffer: LevelBuffer, _ i: Int) -> UInt8 {
        buffer.isUniform ? buffer.maximum : buffer.levels[i]
    }

    private func shape(_ leaf: DecodedLeaf, _ levels: NodeLevels) -> (validity: [Bool]?, count: Int) {
        var validity: [Bool] = []
        var hasNull = false
        for i in 0..<leaf.entryCount where isSlot(leaf, levels, i) {
            let present = Int(level(leaf.definitions, i)) >= levels.present
            validity.append(present)
            if !present { hasNull = true }
        }
        return (hasNull ? validity : nil, validity.count)
    }

    private func lists(
        _ leaf: DecodedLeaf, _ levels: NodeLevels, _ element: NodeLevels
    ) throws -> (offsets: [Int32], validity: [Bool]?) {
        var offsets: [Int32] = []
        var validity: [Bool] = []
        var hasNull = false
        var elements: Int32 = 0
        for i in 0..<leaf.entryCount {
            let definition = Int(level(leaf.definitions, i))
            if isSlot(leaf, levels, i) {
                offsets.append(elements)
                let present = definition >= levels.present
                validity.append(present)
                if !present { hasNull = true }
            } else if offsets.isEmpty, definition >= levels.slot {
                // Where it is less deep, what the list lies in is null or empty, and so there is none of it.
                throw DecodingFault.malformed("a list goes on before it began")
            }
            if isSlot(leaf, element, i) { elements += 1 }
        }
        offsets.append(elements)
        return (offsets, hasNull ? validity : nil)
    }

    private func buildLeaf(_ leaf: Leaf, _ levels: NodeLevels, _ decoded: DecodedLeaf) throws -> Column {
        if decoded.definitions.isUniform { return decoded.values }
        var validity: [Bool] = []
        validity.reserveCapacity(decoded.entryCount)
        let maximum = decoded.definitions.maximum
        if levels.slot == 0 {
            for level in decoded.definitions.levels { validity.append(level == maximum) }
        } else {
            let slot = UInt8(levels.slot)
            for level in decoded.definitions.levels where level >= slot { validity.append(level == maximum) }
        }
        var present = 0
        for valid in validity where valid { present += 1 }
        guard present == decoded.values.count else { throw DecodingFault.malformed("levels do not fit the values") }
        if present == validity.count { return decoded.values }
        return decoded.values.spread(over: validity)
    }
}

extension Column {
    /// A leaf column with its values moved to where `validity` is true.
    fileprivate func spread(over validity: [Bool]) -> Column {
        func primitive<T>(_ column: PrimitiveColumn<T>, _ filler: T) -> PrimitiveColumn<T> {
            var values = [T](repeating: filler, count: validity.count)
            var next = 0
            for row in 0..<validity.count where validity[row] {
                values[row] = column.values[next]
                next += 1
            }
            return PrimitiveColumn(values, validity: validity)
        }
        func bytes(_ column: BytesColumn) -> BytesColumn {
            var offsets: [Int32] = [0]
            offsets.reserveCapacity(validity.count + 1)
            var next = 0
            for row in 0..<validity.count {
                if validity[row] { next += 1 }
                offsets.append(column.offsets[next])
            }
            return BytesColumn(offsets: offsets, bytes: column.bytes, validity: validity)
        }
        switch self {
        case .bool(let c): return .bool(primitive(c, false))
        case .int32(let c): return .int32(primitive(c, 0))
        case .int64(let c): return .int64(primitive(c, 0))
        case .float(let c): return .float(primitive(c, 0))
        case .double(let c): return .double(primitive(c, 0))
        case .date(let c): return .date(primitive(c, 0))
        case .timestamp(let c): return .timestamp(primitive(c, 0))
        case .localTimestamp(let c): return .localTimestamp(primitive(c, 0))
        case .decimal(let c): return .decimal(primitive(c, 0))
        case .string(let c): return .string(bytes(c))
        case .binary(let c): return .binary(bytes(c))
        case .list, .map, .structure: preconditionFailure("a leaf is primitive")
        }
    }
}
