public import Domain

extension DeltaTable {
    /// Identifiers whose hashes are held at a time, eight bytes each.
    private static let hashesAtOnce: Int64 = 4 << 20

    /// Takes rows away whose identifier a row before them has, in files that were written before, or earlier in the same one.
    ///
    /// Reads the identifiers of the files once where none is repeated, and once more for each 4 Mi rows beyond the first; writes
    /// only files anew that have such a row. Memory is 32 MiB and one row group. Two identifiers are compared by their bytes; their hashes only say which to compare.
    /// - Parameters:
    ///   - column: of identifiers, a text.
    ///   - paths: of the files whose rows are compared with each other; nil for all.
    ///   - check: called between batches of rows; throws to stop, and nothing is changed then.
    /// - Throws: ``ColumnarError/forbidden(table:reason:)`` in an append-only table.
    public func removeRepeated(
        _ column: String, in paths: Set<String>? = nil, check: () throws -> Void = {}
    ) throws -> RewriteReport {
        var deleted: Int64 = 0
        let done = try rewriting { snapshot, metaData in
            if metaData.isAppendOnly {
                throw ColumnarError.forbidden(table: path, reason: "delta.appendOnly is set")
            }
            let adds = snapshot.adds.filter { paths?.contains($0.path) ?? true }
            let candidates = try snapshot.repeatedIdentifiers(
                column, in: adds, hashesAtOnce: Self.hashesAtOnce, check: check)
            if candidates.isEmpty { return nil }
            try snapshot.checkFilesWritable()
            let writer = try DataFileWriter(storage: storage, metaData: metaData, schema: snapshot.schema)
            var (files, removed): ([Add], [Add]) = ([], [])
            var seen: Set<[UInt8]> = []
            deleted = 0
            do {
                for add in adds {
                    try check()
                    let before = seen
                    let count = try snapshot.repeatedRows(column, of: add, among: candidates, &seen)
                    if count == 0 { continue }
                    deleted += count
                    removed.append(add)
                    var known = before
                    var rest = try snapshot.scan([add])
                    let dataSchema = rest.dataSchema
                    let written = try writer.write(add.partitionValues) {
                        while let batch = try rest.next() {
                            let mask = try batch.firsts(column, among: candidates, &known)
                            let rows = batch.filtered(by: mask)
                            if rows.rowCount > 0 { return rows.selecting(dataSchema) }
                        }
                        return nil
                    }
                    if let written { files.append(written) }
                }
            } catch {
                writer.discard(files)
                throw error
            }
            if removed.isEmpty { return nil }
            let commit = Self.replacing(
                removed, by: files, operation: "DELETE", parameters: ["predicate": "[\"\(column) is repeated\"]"],
                metrics: ["numDeletedRows": String(deleted)], dataChange: true)
            return (commit, files)
        }
        guard let done else { return RewriteReport() }
        return Self.report(done, rowsDeleted: deleted)
    }

    /// The object that says up to when files were looked through for repeated rows.
    private static let lookedThrough = "_tidy.unique"

    /// Takes repeated rows away of days that are over: once for each file that was added, when nobody has touched its days for a
    /// while. What is older than the last look is only read again beside files that are newer.
    /// - Parameters:
    ///   - column: of identifiers.
    ///   - dayColumn: the days of rows; by it the table is partitioned or clustered.
    ///   - now: decides which days are over.
    public func tidyRepeated(
        _ column: String, byDay dayColumn: String, _ policy: TidyPolicy = TidyPolicy(), now: Timestamp = .now,
        check: () throws -> Void = {}
    ) throws -> RewriteReport {
        let snapshot = try self.snapshot()
        guard snapshot.schema[column]?.type == .string, snapshot.schema[dayColumn]?.type == .date else {
            return RewriteReport()
        }
        let isPartitioned = snapshot.partitionColumns.contains(dayColumn)
        let files = snapshot.adds.map { add -> ClusteredFile in
            var file = ClusteredFile(add, by: dayColumn)
            if isPartitioned,
                let day = (add.partitionValues[snapshot.mapping[dayColumn]] ?? nil).flatMap({ CalendarDate($0) })
            {
                (file.first, file.last) = (day.days, day.days)
            }
            return file
        }
        let mark = (try? storage.read(Self.lookedThrough)).flatMap { Int64(String(decoding: $0, as: UTF8.self)) } ?? 0
        let (today, horizon) = (now.date.days, now.milliseconds - policy.quiet * 1000)
        let new = files.filter { $0.last < today && $0.add.modificationTime > mark }
        guard !new.isEmpty, new.allSatisfy({ $0.add.modificationTime <= horizon }) else { return RewriteReport() }
        // With each of them the files that have rows of its days, whether or not those are new.
        var groups: [(days: ClosedRange<Int32>, paths: Set<String>)] = []
        for file in new.sorted(by: ClusteredFile.isEarlier) {
            if let last = groups.last, file.first <= last.days.upperBound {
                groups[groups.count - 1].days = last.days.lowerBound...max(last.days.upperBound, file.last)
            } else {
                groups.append((file.first...file.last, []))
            }
        }
        var report = RewriteReport()
        for group in groups {
            let paths = files.filter { $0.first <= group.days.upperBound && $0.last >= group.days.lowerBound }
            report.add(try removeRepeated(column, in: Set(paths.map(\.add.path)), check: check))
        }
        let newest = new.map(\.add.modificationTime).max() ?? mark
        try storage.replace(Self.lookedThrough, Array(String(newest).utf8))
        return report
    }
}

extension Snapshot {
    /// The identifiers that several rows have, or that have the hash of another.
    fileprivate func repeatedIdentifiers(
        _ column: String, in adds: [Add], hashesAtOnce: Int64, check: () throws -> Void
    ) throws -> Set<[UInt8]> {
        let rows = adds.reduce(Int64(0)) { $0 + (FileBounds($1).rowCount ?? hashesAtOnce) }
        let slices = UInt64(max(1, (rows + hashesAtOnce - 1) / hashesAtOnce))
        func forEach(_ body: (_ hash: UInt64, _ ids: BytesColumn, _ row: Int) -> Void) throws {
            var scan = try self.scan(adds, columns: [column])
            while let batch = try scan.next() {
                try check()
                guard let ids = try batch.column(named: column).byteStrings else { return }
                for row in 0..<batch.rowCount {
                    body(ids.withBytes(of: row) { ValueHash.of(UnsafeRawBufferPointer($0)) }, ids, row)
                }
            }
        }
        var repeated: Set<UInt64> = []
        for slice in 0..<slices {
            var hashes: [UInt64] = []
            hashes.reserveCapacity(Int(min(rows, hashesAtOnce)))
            try forEach { hash, _, _ in if slices == 1 || hash % slices == slice { hashes.append(hash) } }
            hashes.sort()
            for (hash, next) in zip(hashes, hashes.dropFirst()) where hash == next { repeated.insert(hash) }
        }
        if repeated.isEmpty { return [] }
        var found: Set<[UInt8]> = []
        try forEach { hash, ids, row in
            if repeated.contains(hash) { found.insert(Array(ids.bytes[ids.range(of: row)])) }
        }
        return found
    }

    /// How many rows of a file have an identifier that a row before has.
    fileprivate func repeatedRows(
        _ column: String, of add: Add, among candidates: Set<[UInt8]>, _ seen: inout Set<[UInt8]>
    ) throws -> Int64 {
        var scan = try scan([add], columns: [column])
        var count: Int64 = 0
        while let batch = try scan.next() {
            count += Int64(try batch.firsts(column, among: candidates, &seen).count { !$0 })
        }
        return count
    }
}

extension RecordBatch {
    /// Whether each row is the first with its identifier, where that is one of `candidates`.
    fileprivate func firsts(
        _ column: String, among candidates: Set<[UInt8]>, _ seen: inout Set<[UInt8]>
    ) throws -> [Bool] {
        guard let ids = try self.column(named: column).byteStrings else {
            return [Bool](repeating: true, count: rowCount)
        }
        return (0..<rowCount).map { row in
            let id = Array(ids.bytes[ids.range(of: row)])
            return !candidates.contains(id) || seen.insert(id).inserted
        }
    }
}
