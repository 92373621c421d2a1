import Domain

/// Which rows two versions of a table do not have in common, as often as they do not: a row that one has three times and the
/// other twice is one row of difference. Where a row lies does not count, so rows that were only moved are none.
///
///     let difference = try table.difference(from: 41, to: table.snapshot())
///     try difference.forEach { change, rows in print(change, rows.rowCount); return true }
///
/// Rows are compared by the columns of the newer of the two versions that were asked for; a column that the older one did not
/// have yet is null in its rows.
public struct TableDifference: Sendable {
    /// What became of a row from the one version to the other. The raw values are those of Delta's change data feed.
    public enum Change: String, Sendable {
        case added = "insert"
        case removed = "delete"
    }

    /// Rows that are compared at a time: digests of so many lie in memory, about fifty bytes each.
    public static let rowsAtOnce: Int64 = 8 << 20

    /// Of the batches.
    public let schema: Schema
    private let removed: RowSource
    private let added: RowSource

    init(schema: Schema, removed: RowSource, added: RowSource) {
        self.schema = schema
        self.removed = removed
        self.added = added
    }

    /// How many files are read, both sides together: those that only one version has, or has with other rows deleted.
    public var fileCount: Int { removed.files.count + added.files.count }

    /// Hands out the rows, first those that were added. Files that no row can have come from or gone to are not opened.
    ///
    /// Where rows only came or only went they stream, and memory is bounded by a row group. Else both sides are read, that of
    /// the removed rows twice, and once more for each ``rowsAtOnce`` of them.
    /// - Parameter body: returns false to stop.
    /// - Throws: ``ColumnarError`` naming the file that is missing or damaged, and what `body` throws.
    public func forEach(_ body: (Change, RecordBatch) throws -> Bool) throws {
        try forEach(rowsAtOnce: Self.rowsAtOnce, body)
    }

    func forEach(rowsAtOnce: Int64, _ body: (Change, RecordBatch) throws -> Bool) throws {
        if removed.files.isEmpty || added.files.isEmpty {
            for (change, source) in [(Change.added, added), (.removed, removed)] {
                var scan = source.scan()
                while let batch = try scan.next() { guard try body(change, batch) else { return } }
            }
            return
        }
        let passes = UInt64(max(1, (try removed.rowCount() + rowsAtOnce - 1) / rowsAtOnce))
        for pass in 0..<passes {
            var counts: [RowDigest: Int32] = [:]
            try removed.forEach { batch, digests in
                for digest in digests where digest.low % passes == pass { counts[digest, default: 0] += 1 }
                return true
            }
            func take(_ digest: RowDigest) -> Bool {
                guard let index = counts.index(forKey: digest), counts.values[index] > 0 else { return false }
                counts.values[index] -= 1
                return true
            }
            /// Hands out the rows of this pass that are meant. - Returns: whether to go on.
            func hand(_ change: Change, _ source: RowSource, _ isMeant: (RowDigest) -> Bool) throws -> Bool {
                try source.forEach { batch, digests in
                    var rows: [Int32] = []
                    for (row, digest) in digests.enumerated() where digest.low % passes == pass && isMeant(digest) {
                        rows.append(Int32(row))
                    }
                    return try rows.isEmpty || body(change, batch.gathered(rows))
                }
            }
            // An added row takes a removed one away that is equal; what is left of these went.
            guard try hand(.added, added, { !take($0) }), try hand(.removed, removed, take) else { return }
        }
    }
}

/// The rows of some files of one version, as another version has its columns.
struct RowSource: Sendable {
    let storage: any Storage
    let schema: Schema
    let tableSchema: Schema
    let partitionColumns: Set<String>
    let mapping: ColumnMapping
    var files: [Add]
    /// See ``Scan``.
    var onlyDeletedBy: [String: DeletionVector]
    let predicate: Predicate?

    func scan() -> Scan {
        Scan(
            storage: storage, schema: schema, tableSchema: tableSchema, partitionColumns: partitionColumns,
            mapping: mapping, files: files, predicate: predicate, onlyDeletedBy: onlyDeletedBy)
    }

    /// Batches with a digest of each row, until `body` returns false. - Returns: whether it never did.
    @discardableResult
    func forEach(_ body: (RecordBatch, [RowDigest]) throws -> Bool) throws -> Bool {
        var scan = scan()
        while let batch = try scan.next() { guard try body(batch, batch.digests()) else { return false } }
        return true
    }

    /// At most so many rows.
    func rowCount() throws -> Int64 {
        var sum: Int64 = 0
        for add in files {
            if let other = onlyDeletedBy[add.path] {
                sum += other.cardinality
            } else if let rows = FileBounds(add).rowCount {
                sum += rows
            } else {
                sum += try ParquetFile(object: storage.open(add.path), name: storage.path(of: add.path)).rowCount
            }
        }
        return sum
    }
}
