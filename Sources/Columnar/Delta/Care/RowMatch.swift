/// Which rows of a table are meant: by a condition, and where a condition cannot say it, by a look at them.
public struct RowMatch: Sendable {
    /// What the rows have in common that statistics and Bloom filters can rule out; nil if nothing.
    public var predicate: Predicate?
    /// The columns that ``test`` looks at.
    public var columns: [String]
    /// Tells of each row of a batch, which has those columns, whether it is meant.
    let test: @Sendable (RecordBatch) throws -> [Bool]

    /// The rows that a condition is true of.
    public init(_ predicate: Predicate) {
        self.predicate = predicate
        columns = Array(Set(predicate.columns)).sorted()
        test = { batch in
            var mask = [Bool](repeating: false, count: batch.rowCount)
            for row in predicate.rows(of: batch) { mask[Int(row)] = true }
            return mask
        }
    }

    /// The rows that `test` says.
    public init(columns: [String], test: @escaping @Sendable (RecordBatch) throws -> [Bool]) {
        predicate = nil
        self.columns = columns
        self.test = test
    }

    /// The same rows but for those that any of `others` means.
    public func except(_ others: [RowMatch]) -> RowMatch {
        guard !others.isEmpty else { return self }
        let mine = self
        var rest = RowMatch(columns: Array(Set(others.reduce(columns) { $0 + $1.columns })).sorted()) { batch in
            var mask = try mine.test(batch)
            for other in others where mask.contains(true) {
                for (row, isMeant) in try other.test(batch).enumerated() where isMeant { mask[row] = false }
            }
            return mask
        }
        // What statistics rule out for all is ruled out for fewer.
        rest.predicate = predicate
        return rest
    }

    /// How many rows of a scan are meant.
    func count(_ scan: Scan) throws -> Int64 {
        var (scan, count) = (scan, Int64(0))
        while let batch = try scan.next() { count += Int64(try test(batch).count { $0 }) }
        return count
    }
}

extension Scan {
    /// The next rows that are not meant, where they lie, without the partition columns.
    mutating func next(without match: RowMatch) throws -> SelectedRows? {
        while let batch = try next() {
            let isMeant = try match.test(batch)
            let rest = (0..<Int32(batch.rowCount)).filter { !isMeant[Int($0)] }
            if rest.isEmpty { continue }
            let data = batch.selecting(dataSchema)
            return SelectedRows(batch: data, positions: rest.count == data.rowCount ? nil : RowPositions(rest))
        }
        return nil
    }
}

extension DeltaTable {
    /// How many rows of the newest version are meant. Files that cannot have one are not opened.
    public func count(_ match: RowMatch) throws -> Int64 {
        try match.count(snapshot().scan(columns: match.columns, where: match.predicate))
    }
}

extension Snapshot {
    /// The rows that are meant, whole.
    public func rows(_ match: RowMatch) throws -> MatchedRows {
        MatchedRows(scan: try scan(where: match.predicate), match: match)
    }
}

/// Batches of rows that are meant, read as they are asked for.
public struct MatchedRows {
    fileprivate var scan: Scan
    fileprivate let match: RowMatch

    /// The next rows; nil after the last.
    public mutating func next() throws -> RecordBatch? {
        while let batch = try scan.next() {
            let rows = batch.filtered(by: try match.test(batch))
            if rows.rowCount > 0 { return rows }
        }
        return nil
    }
}
