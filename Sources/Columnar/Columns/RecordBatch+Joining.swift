extension RecordBatch {
    /// The rows of several batches of one schema, one after the other.
    static func joined(_ batches: [RecordBatch], schema: Schema) throws -> RecordBatch {
        if batches.count == 1 { return batches[0] }
        let columns = try schema.fields.indices.map { index in
            try Column.joined(batches.map { $0.columns[index] }, schema.fields[index].type)
        }
        return RecordBatch(unchecked: schema, columns: columns, rowCount: batches.reduce(0) { $0 + $1.rowCount })
    }

    /// The order that sorts the rows by a column, equal ones as they stand; nulls first.
    func order(by column: String) throws -> [Int32] {
        let rows = [Int32](0..<Int32(rowCount))
        let source = try self.column(named: column)
        if let keys = source.int64s, keys.validity == nil {
            return rows.sorted { (keys.values[Int($0)], $0) < (keys.values[Int($1)], $1) }
        }
        let type = schema[column]?.type ?? .string
        let keys = rows.map { source.value(at: Int($0), type: type) }
        return rows.sorted { a, b in
            let (x, y) = (keys[Int(a)], keys[Int(b)])
            if x == .null || y == .null { return x == .null && y == .null ? a < b : x == .null }
            if ValueOrder.precedes(x, y) { return true }
            return ValueOrder.precedes(y, x) ? false : a < b
        }
    }
}

extension Column {
    static func joined(_ parts: [Column], _ type: ColumnType) throws -> Column {
        let count = parts.reduce(0) { $0 + $1.count }
        var validity: [Bool]?
        if parts.contains(where: { $0.validity != nil }) {
            validity = parts.flatMap { $0.validity ?? [Bool](repeating: true, count: $0.count) }
        }
        func primitive<T>(_ payloads: [PrimitiveColumn<T>]) -> PrimitiveColumn<T> {
            var values: [T] = []
            values.reserveCapacity(count)
            for payload in payloads { values.append(contentsOf: payload.values) }
            return PrimitiveColumn(values, validity: validity)
        }
        func offsets(_ all: [[Int32]]) throws -> [Int32] {
            guard all.reduce(0, { $0 + Int($1[$1.count - 1]) }) <= Int(Int32.max) else {
                throw ColumnarError.schemaMismatch(reason: "a column grows over 2 GB; join fewer rows")
            }
            var result: [Int32] = [0]
            result.reserveCapacity(count + 1)
            for part in all {
                let base = result[result.count - 1]
                for offset in part.dropFirst() { result.append(base + offset) }
            }
            return result
        }
        func bytes(_ payloads: [BytesColumn]) throws -> BytesColumn {
            let joined = try offsets(payloads.map(\.offsets))
            var bytes: [UInt8] = []
            bytes.reserveCapacity(Int(joined[joined.count - 1]))
            for payload in payloads { bytes.append(contentsOf: payload.bytes) }
            return BytesColumn(offsets: joined, bytes: bytes, validity: validity)
        }
        switch type {
        case .bool: return .bool(primitive(parts.compactMap(\.bools)))
        case .int32: return .int32(primitive(parts.compactMap(\.int32s)))
        case .date: return .date(primitive(parts.compactMap(\.int32s)))
        case .int64: return .int64(primitive(parts.compactMap(\.int64s)))
        case .timestamp: return .timestamp(primitive(parts.compactMap(\.int64s)))
        case .localTimestamp: return .localTimestamp(primitive(parts.compactMap(\.int64s)))
        case .float: return .float(primitive(parts.compactMap(\.floats)))
        case .double: return .double(primitive(parts.compactMap(\.doubles)))
        case .string: return .string(try bytes(parts.compactMap(\.byteStrings)))
        case .binary: return .binary(try bytes(parts.compactMap(\.byteStrings)))
        case .list(let element, _):
            let lists = parts.compactMap(\.lists)
            return .list(
                ListColumn(
                    offsets: try offsets(lists.map(\.offsets)), elements: try joined(lists.map(\.elements), element),
                    validity: validity))
        case .map(let key, let value, _):
            let maps = parts.compactMap(\.maps)
            return .map(
                MapColumn(
                    offsets: try offsets(maps.map(\.offsets)), keys: try joined(maps.map(\.keys), key),
                    values: try joined(maps.map(\.values), value), validity: validity))
        case .structure(let fields):
            let structures = parts.compactMap(\.structures)
            return .structure(
                StructColumn(
                    children: try fields.indices.map { index in
                        try joined(structures.map { $0.children[index] }, fields[index].type)
                    }, count: count, validity: validity))
        }
    }
}
