import Domain

/// Which rows of a commit lie in one file, in a table whose files follow a column of days without a folder for each.
///
/// Days that lie together in time lie together in a file, in their order, so that old history takes few files. Today and
/// yesterday get files of their own: what a stream writes stays by day, and is closed by day.
extension PartitionSplitter {
    /// Fewer rows of old days are not worth a file of their own.
    static let fewestClusteredRows = 128 << 10
    /// About so many rows make a file where they are grouped: few enough that writing one anew is little work.
    private static let groupedRows = 256 << 10

    /// The rows by file, those of earlier days first; within a day in the order they came.
    /// - Parameters:
    ///   - column: of days.
    ///   - grouping: a column by whose values the rows of old days are put into files, if they make several.
    ///   - today: days since 1970.
    ///   - files: so many files at most are made of days before yesterday.
    /// - Throws: ``ColumnarError/schemaMismatch(reason:)``
    func clusters(
        _ batches: [RecordBatch], by column: String, groupedBy grouping: String? = nil, today: Int32, files: Int
    ) throws -> [Partition] {
        guard let index = schema.index(of: column) else { return try split(batches) }
        var whole: [RecordBatch] = []
        var days: [Int32: [(batch: Int, rows: [Int32])]] = [:]
        for batch in batches where batch.rowCount > 0 {
            let columns = try conforming(batch)
            guard case .date(let dates) = columns[index] else { return try split(batches) }
            for rows in Self.groups([columns[index]], rowCount: batch.rowCount) {
                days[dates[Int(rows[0])] ?? .min, default: []].append((whole.count, rows))
            }
            whole.append(RecordBatch(unchecked: schema, columns: columns, rowCount: batch.rowCount))
        }
        let running = today - 1
        let old = days.reduce(0) { sum, day in
            day.key < running ? sum + day.value.reduce(0) { $0 + $1.rows.count } : sum
        }
        var clusters: [Partition] = []
        if let grouping = grouping.flatMap({ schema.index(of: $0) }), old >= 2 * Self.fewestClusteredRows {
            let rows = days.filter { $0.key < running }.sorted { $0.key < $1.key }.flatMap(\.value)
            if let groups = RowGroups(rows, of: whole, by: grouping)?.files(of: max(old / Self.groupedRows, files)) {
                clusters = groups.map { Partition(values: [:], batches: $0) }
                days = days.filter { $0.key >= running }
            }
        }
        let size = max(Self.fewestClusteredRows, (old + files - 1) / max(1, files))
        var rows: [Int: [Int32]] = [:]
        var count = 0
        func close() {
            guard count > 0 else { return }
            clusters.append(
                Partition(
                    values: [:],
                    batches: rows.sorted { $0.key < $1.key }.map { place, rows in
                        // All of a batch in their order need no list of positions.
                        let isWhole = rows.count == whole[place].rowCount && zip(rows, rows.dropFirst()).allSatisfy(<)
                        return SelectedRows(batch: whole[place], positions: isWhole ? nil : RowPositions(rows))
                    }))
            (rows, count) = ([:], 0)
        }
        for (day, parts) in days.sorted(by: { $0.key < $1.key }) {
            if day >= running || count >= size { close() }
            for (batch, own) in parts {
                rows[batch, default: []] += own
                count += own.count
            }
        }
        close()
        return clusters
    }
}

/// The days whose rows a data file has, by the bounds in the log.
struct ClusteredFile {
    var add: Add
    /// Days since 1970; as far as can be where the log has no bounds.
    var first: Int32
    var last: Int32
    /// As far as the log says.
    var rowCount: Int64

    init(_ add: Add, by column: String) {
        let bounds = FileBounds(add)
        self.add = add
        rowCount = bounds.rowCount ?? 0
        first = if case .date(let day)? = bounds.minimum(column, .date) { day.days } else { .min }
        last = if case .date(let day)? = bounds.maximum(column, .date) { day.days } else { .max }
    }

    /// Earlier days first; of the same days what was written first.
    static func isEarlier(_ a: ClusteredFile, _ b: ClusteredFile) -> Bool {
        (a.first, a.last, a.add.modificationTime, a.add.path) < (b.first, b.last, b.add.modificationTime, b.add.path)
    }

    /// How many days lie between this file's and another's; 0 where they overlap.
    func distance(to other: ClusteredFile) -> Int64 {
        max(0, Int64(other.first) - Int64(last), Int64(first) - Int64(other.last))
    }
}
