import Domain

/// Sorts the rows of batches into the partitions of a table.
struct PartitionSplitter {
    /// Of the table.
    let schema: Schema
    let partitionColumns: [String]
    /// What the log calls them.
    private let keys: [String]
    private let partitionIndices: [Int]
    private let dataIndices: [Int]
    let dataSchema: Schema

    /// The rows of one partition, without its columns.
    struct Partition: Sendable {
        var values: [String: String?]
        var batches: [SelectedRows]
        var rowCount: Int { batches.reduce(0) { $0 + $1.count } }
    }

    init(schema: Schema, partitionColumns: [String], mapping: ColumnMapping = .none) {
        self.schema = schema
        keys = mapping.physical(partitionColumns)
        self.partitionColumns = partitionColumns
        partitionIndices = partitionColumns.compactMap { schema.index(of: $0) }
        let partitioning = Set(partitionIndices)
        dataIndices = schema.fields.indices.filter { !partitioning.contains($0) }
        dataSchema = Schema(dataIndices.map { schema.fields[$0] })
    }

    /// The partitions in order of first appearance.
    /// - Throws: ``ColumnarError/schemaMismatch(reason:)``
    func split(_ batches: [RecordBatch]) throws -> [Partition] {
        var partitions: [Partition] = []
        var indexOf: [[String?]: Int] = [:]
        for batch in batches where batch.rowCount > 0 {
            let columns = try conforming(batch)
            let data = RecordBatch(
                unchecked: dataSchema, columns: dataIndices.map { columns[$0] }, rowCount: batch.rowCount)
            for group in Self.groups(partitionIndices.map { columns[$0] }, rowCount: batch.rowCount) {
                let values = zip(partitionIndices, partitionColumns).map { index, _ in
                    PartitionValue.text(of: columns[index].value(at: Int(group[0]), type: schema.fields[index].type))
                }
                let rows = SelectedRows(
                    batch: data, positions: group.count == batch.rowCount ? nil : RowPositions(group))
                if let index = indexOf[values] {
                    partitions[index].batches.append(rows)
                } else {
                    indexOf[values] = partitions.count
                    partitions.append(
                        Partition(
                            values: Dictionary(uniqueKeysWithValues: zip(keys, values)), batches: [rows]))
                }
            }
        }
        return partitions
    }

    /// The columns of the table in its order. Nullable columns that the batch lacks are null.
    func conforming(_ batch: RecordBatch) throws -> [Column] {
        if let stranger = batch.schema.names.first(where: { schema.index(of: $0) == nil }) {
            throw ColumnarError.schemaMismatch(reason: "the table has no column \(stranger)")
        }
        return try schema.fields.map { field in
            guard let index = batch.schema.index(of: field.name) else {
                guard field.nullable else {
                    throw ColumnarError.schemaMismatch(reason: "the required column \(field.name) is absent")
                }
                return try Column(repeating: .null, field.type, count: batch.rowCount)
            }
            let column = batch.columns[index]
            guard column.fits(field.type) else {
                throw ColumnarError.schemaMismatch(
                    reason: "column \(field.name) is \(batch.schema.fields[index].type), not \(field.type)")
            }
            guard field.nullable || column.nullCount == 0 else {
                throw ColumnarError.schemaMismatch(reason: "column \(field.name) is required but has nulls")
            }
            return column
        }
    }

    /// The rows of each distinct combination of values, in order of first appearance.
    static func groups(_ columns: [Column], rowCount: Int) -> [[Int32]] {
        var codes = [Int32](repeating: 0, count: rowCount)
        var groupCount = 1
        for column in columns {
            let (own, distinct) = self.codes(column)
            if groupCount == 1 {
                (codes, groupCount) = (own, distinct)
                continue
            }
            var seen: [Int: Int32] = [:]
            for row in 0..<rowCount {
                let pair = Int(codes[row]) * distinct + Int(own[row])
                if let code = seen[pair] {
                    codes[row] = code
                } else {
                    codes[row] = Int32(seen.count)
                    seen[pair] = Int32(seen.count)
                }
            }
            groupCount = seen.count
        }
        if groupCount == 1 { return [(0..<Int32(rowCount)).map { $0 }] }
        return sorted(codes, groupCount)
    }

    /// The positions of each code, ascending: counted first, then put where they belong.
    private static func sorted(_ codes: [Int32], _ groupCount: Int) -> [[Int32]] {
        var ends = [Int](repeating: 0, count: groupCount + 1)
        for code in codes { ends[Int(code) + 1] += 1 }
        for group in 0..<groupCount { ends[group + 1] += ends[group] }
        let starts = ends
        var rows = [Int32](repeating: 0, count: codes.count)
        for (row, code) in codes.enumerated() {
            rows[ends[Int(code)]] = Int32(row)
            ends[Int(code)] += 1
        }
        return (0..<groupCount).map { Array(rows[starts[$0]..<starts[$0 + 1]]) }
    }

    /// Numbers the distinct values in order of appearance.
    private static func codes(_ column: Column) -> (codes: [Int32], count: Int) {
        func number<Key: Hashable>(_ rows: Int, _ key: (Int) -> Key) -> ([Int32], Int) {
            var seen: [Key: Int32] = [:]
            var codes: [Int32] = []
            codes.reserveCapacity(rows)
            // Neighbours are often alike: most rows need no look-up.
            var last: (key: Key, code: Int32)?
            for row in 0..<rows {
                let key = key(row)
                if let last, last.key == key {
                    codes.append(last.code)
                    continue
                }
                let code = seen[key] ?? Int32(seen.count)
                seen[key] = code
                last = (key, code)
                codes.append(code)
            }
            return (codes, seen.count)
        }
        switch column {
        case .bool(let c): return number(c.count) { c[$0] }
        case .int32(let c), .date(let c):
            if c.validity == nil, let codes = codesByTable(c.values) { return codes }
            return number(c.count) { c[$0] }
        case .int64(let c), .timestamp(let c), .localTimestamp(let c): return number(c.count) { c[$0] }
        case .string(let c), .binary(let c):
            return number(c.count) { c.isNull(at: $0) ? nil : c.bytes[c.range(of: $0)] }
        default: return ([Int32](repeating: 0, count: column.count), 1)
        }
    }

    /// Of numbers close to each other, such as the days of some years; nil if they are not.
    private static func codesByTable(_ values: [Int32]) -> (codes: [Int32], count: Int)? {
        guard let (low, high) = Int32.extremes(of: values), Int(high) - Int(low) < 1 << 14 else { return nil }
        var codeOf = [Int32](repeating: -1, count: Int(high - low) + 1)
        var count: Int32 = 0
        let codes = values.map { value in
            let place = Int(value - low)
            if codeOf[place] < 0 {
                codeOf[place] = count
                count += 1
            }
            return codeOf[place]
        }
        return (codes, Int(count))
    }
}
