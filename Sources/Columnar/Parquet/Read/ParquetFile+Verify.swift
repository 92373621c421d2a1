import Domain

extension ParquetFile {
    /// Reads the whole file: every checksum, every value, and whether the statistics of the row groups, the page indexes
    /// and the Bloom filters are true. Of columns that cannot be read, the checksums of pages, what can be decompressed,
    /// and whether there are as many values as stated.
    public func verify() throws -> FileReport {
        var report = FileReport()
        for group in 0..<rowGroupCount {
            for column in columns {
                var unsupported: String?
                do {
                    report.problems += try verify(column, rowGroup: group).map { "row group \(group): \($0)" }
                } catch ColumnarError.unsupported(_, let feature) where unsupportedColumns[column.name] != nil {
                    // What the footer does not announce, such as gigabytes in a page, is a problem of the file.
                    unsupported = feature
                } catch let error as any Fault {
                    report.problems.append("row group \(group): \(error.message)")
                }
                let audit = auditPages(of: column, rowGroup: group, deep: unsupported != nil)
                report.pages += audit.pages
                report.checksums += audit.checksums
                guard let unsupported else { continue }
                report.problems += audit.problems.map { "row group \(group): \(column.name): \($0)" }
                report.unseen.add(
                    UnseenColumn(
                        name: column.name, feature: unsupported, pages: audit.pages, checksums: audit.checksums,
                        unpacked: audit.unpacked), isNewFile: false)
            }
        }
        return report
    }

    /// - Throws: ``ColumnarError`` if it cannot be read.
    private func verify(_ column: FileColumn, rowGroup group: Int) throws -> [String] {
        let batch = try read(columns: [column.name], rowGroup: group)
        let (field, values) = (batch.schema.fields[0], batch.columns[0])
        guard let leaf = flatLeaf(field.name) else { return [] }
        let chunk = metadata.rowGroups[group].columns[leaf.index]
        return try naming(path) {
            try verifyBounds(chunk, leaf, values, field) + verifyPages(chunk, leaf, values, field)
                + verifyBloomFilter(chunk, leaf, values)
        }.map { "\(field.name) \($0)" }
    }

    private func verifyBounds(
        _ chunk: ColumnChunkMetadata, _ leaf: Leaf, _ values: Column, _ field: Field
    ) throws -> [String] {
        var problems: [String] = []
        let bounds = BoundValues(chunk: chunk, leaf: leaf, trusted: metadata.hasColumnOrders)
        if let nulls = bounds.nullCount, nulls != values.nullCount {
            problems.append("has \(values.nullCount) nulls, the footer states \(nulls)")
        }
        if let stated = chunk.statistics?.nanCount, let found = values.nanCount, stated != found {
            problems.append("has \(found) NaN, the footer states \(stated)")
        }
        if !values.lies(between: bounds.minimum, and: bounds.maximum, field.type, in: 0..<values.count) {
            problems.append("has values outside of its stated bounds")
        }
        return problems
    }

    private func verifyPages(
        _ chunk: ColumnChunkMetadata, _ leaf: Leaf, _ values: Column, _ field: Field
    ) throws -> [String] {
        guard let pages = try pageFacts(chunk, leaf, rows: values.count) else { return [] }
        for (i, page) in pages.enumerated() {
            let hasNull = page.rows.contains { values.isNull(at: $0) }
            let hasValue = page.rows.contains { !values.isNull(at: $0) }
            if (hasNull && !page.facts.hasNulls) || (hasValue && !page.facts.hasValues)
                || !values.lies(between: page.facts.minimum, and: page.facts.maximum, field.type, in: page.rows)
            {
                return ["has values in page \(i) that its page index denies"]
            }
        }
        return []
    }

    private func verifyBloomFilter(_ chunk: ColumnChunkMetadata, _ leaf: Leaf, _ values: Column) throws -> [String] {
        guard leaf.conversion == .none, leaf.physical != .int96, let filter = try bloomFilter(chunk, leaf) else {
            return []
        }
        let hashes = Set((0..<values.count).lazy.filter { !values.isNull(at: $0) }.map { ValueHash.of(values, at: $0) })
        let missing = hashes.contains { !filter.mayContain(hash: $0) }
        return missing ? ["has values that its Bloom filter denies"] : []
    }
}

extension Column {
    /// How many values are NaN; nil if none can be.
    fileprivate var nanCount: Int? {
        switch self {
        case .float(let column): (0..<column.count).count { column[$0]?.isNaN ?? false }
        case .double(let column): (0..<column.count).count { column[$0]?.isNaN ?? false }
        default: nil
        }
    }

    /// Whether all values that are there, NaN aside, lie within the bounds that are given.
    fileprivate func lies(between low: Value?, and high: Value?, _ type: ColumnType, in rows: Range<Int>) -> Bool {
        if low == nil, high == nil { return true }
        for row in rows where !isNull(at: row) {
            let value = value(at: row, type: type)
            if let low, ValueOrder.precedes(value, low) { return false }
            if let high, ValueOrder.precedes(high, value) { return false }
        }
        return true
    }
}
