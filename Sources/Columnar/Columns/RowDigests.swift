/// Of a row 128 bits: equal rows have equal ones, and other rows practically never.
///
/// The hash has a key of the process, so nobody can choose rows that collide, and a digest means nothing to another process.
struct RowDigest: Hashable, Sendable {
    let high: UInt64
    let low: UInt64
}

extension RecordBatch {
    /// A digest of each row. Nulls, empty values and zeros of either sign are told apart, NaNs are not.
    func digests() -> [RowDigest] {
        var digests: [RowDigest] = []
        digests.reserveCapacity(rowCount)
        // A slice at a time: a hasher has seventy bytes.
        for start in stride(from: 0, to: rowCount, by: 4096) {
            let rows = start..<min(rowCount, start + 4096)
            var halves = [0, 1].map { (half: UInt8) -> [Hasher] in
                var hasher = Hasher()
                hasher.combine(half)
                return [Hasher](repeating: hasher, count: rows.count)
            }
            for column in columns {
                for half in halves.indices { column.combine(rows, into: &halves[half]) }
            }
            for index in 0..<rows.count {
                digests.append(
                    RowDigest(
                        high: UInt64(bitPattern: Int64(halves[0][index].finalize())),
                        low: UInt64(bitPattern: Int64(halves[1][index].finalize()))))
            }
        }
        return digests
    }
}

extension Column {
    /// Takes the values of `rows` into as many hashers.
    fileprivate func combine(_ rows: Range<Int>, into hashers: inout [Hasher]) {
        func fixed<Element, Bits: Hashable>(_ column: PrimitiveColumn<Element>, _ bits: (Element) -> Bits) {
            for (index, row) in rows.enumerated() {
                let isThere = !column.isNull(at: row)
                hashers[index].combine(isThere)
                if isThere { hashers[index].combine(bits(column.values[row])) }
            }
        }
        switch self {
        case .bool(let c): fixed(c) { $0 }
        case .int32(let c), .date(let c): fixed(c) { $0 }
        case .int64(let c), .timestamp(let c), .localTimestamp(let c): fixed(c) { $0 }
        case .decimal(let c): fixed(c) { $0 }
        case .float(let c): fixed(c) { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern }
        case .double(let c): fixed(c) { $0.isNaN ? Double.nan.bitPattern : $0.bitPattern }
        case .string(let c), .binary(let c):
            for (index, row) in rows.enumerated() { Self.combine(c, row, into: &hashers[index]) }
        case .list, .map, .structure:
            for (index, row) in rows.enumerated() { combine(row, into: &hashers[index]) }
        }
    }

    private static func combine(_ column: BytesColumn, _ row: Int, into hasher: inout Hasher) {
        let isThere = !column.isNull(at: row)
        hasher.combine(isThere)
        guard isThere else { return }
        hasher.combine(column.range(of: row).count)
        column.withBytes(of: row) { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// One value, of any type: what is nested is looked at value by value.
    private func combine(_ row: Int, into hasher: inout Hasher) {
        switch self {
        case .string(let c), .binary(let c): Self.combine(c, row, into: &hasher)
        case .list(let c):
            hasher.combine(!c.isNull(at: row))
            hasher.combine(c.range(of: row).count)
            for element in c.range(of: row) { c.elements.combine(element, into: &hasher) }
        case .map(let c):
            hasher.combine(!c.isNull(at: row))
            hasher.combine(c.range(of: row).count)
            for entry in c.range(of: row) {
                c.keys.combine(entry, into: &hasher)
                c.values.combine(entry, into: &hasher)
            }
        case .structure(let c):
            hasher.combine(!c.isNull(at: row))
            if !c.isNull(at: row) { for child in c.children { child.combine(row, into: &hasher) } }
        default:
            var one = [hasher]
            combine(row..<row + 1, into: &one)
            hasher = one[0]
        }
    }
}
