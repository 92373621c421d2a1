extension Column {
    /// The rows of all columns one after the other. All are of one type; there is at least one.
    static func joining(_ columns: [Column]) -> Column {
        if columns.count == 1 { return columns[0] }
        let count = columns.reduce(0) { $0 + $1.count }
        var validity: [Bool]?
        if columns.contains(where: { $0.validity != nil }) {
            var joined: [Bool] = []
            joined.reserveCapacity(count)
            for column in columns { joined += column.validity ?? [Bool](repeating: true, count: column.count) }
            validity = joined
        }
        func primitive<T>(_ payload: (Column) -> PrimitiveColumn<T>?) -> PrimitiveColumn<T> {
            var values: [T] = []
            values.reserveCapacity(count)
            for column in columns { values += payload(column)?.values ?? [] }
            return PrimitiveColumn(values, validity: validity)
        }
        func bytes() -> BytesColumn {
            let parts = columns.compactMap(\.byteStrings)
            return BytesColumn(
                offsets: offsets(parts.map(\.offsets)), bytes: parts.flatMap(\.bytes), validity: validity)
        }
        func offsets(_ parts: [[Int32]]) -> [Int32] {
            var result: [Int32] = [0]
            result.reserveCapacity(count + 1)
            for part in parts {
                let base = result[result.count - 1]
                for offset in part.dropFirst() { result.append(base + offset) }
            }
            return result
        }
        switch columns[0] {
        case .bool: return .bool(primitive(\.bools))
        case .int32: return .int32(primitive(\.int32s))
        case .date: return .date(primitive(\.int32s))
        case .int64: return .int64(primitive(\.int64s))
        case .timestamp: return .timestamp(primitive(\.int64s))
        case .localTimestamp: return .localTimestamp(primitive(\.int64s))
        case .decimal: return .decimal(primitive(\.decimals))
        case .float: return .float(primitive(\.floats))
        case .double: return .double(primitive(\.doubles))
        case .string: return .string(bytes())
        case .binary: return .binary(bytes())
        case .list:
            let parts = columns.compactMap(\.lists)
            return .list(
                ListColumn(
                    offsets: offsets(parts.map(\.offsets)), elements: joining(parts.map(\.elements)),
                    validity: validity))
        case .map:
            let parts = columns.compactMap(\.maps)
            return .map(
                MapColumn(
                    offsets: offsets(parts.map(\.offsets)), keys: joining(parts.map(\.keys)),
                    values: joining(parts.map(\.values)), validity: validity))
        case .structure(let first):
            let parts = columns.compactMap(\.structures)
            return .structure(
                StructColumn(
                    children: first.children.indices.map { i in joining(parts.map { $0.children[i] }) }, count: count,
                    validity: validity))
        }
    }
}

extension RecordBatch {
    /// The rows of all batches one after the other. All have one schema; there is at least one.
    static func joining(_ batches: [RecordBatch]) -> RecordBatch {
        RecordBatch(
            unchecked: batches[0].schema,
            columns: batches[0].columns.indices.map { i in Column.joining(batches.map { $0.columns[i] }) },
            rowCount: batches.reduce(0) { $0 + $1.rowCount })
    }
}
