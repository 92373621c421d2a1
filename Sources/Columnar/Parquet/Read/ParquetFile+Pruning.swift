extension ParquetFile {
    /// The rows of a row group that `predicate` may hold for, as far as can be told without reading them: by the
    /// statistics of the row group, its Bloom filters, and the column indexes of its pages.
    /// - Returns: every row it holds for and as a rule some others; whole pages.
    func selection(of predicate: Predicate, rowGroup: Int) throws -> RowSelection {
        let group = metadata.rowGroups[rowGroup]
        let rows = Int(group.rowCount)
        var facts: [String: ColumnFacts] = [:]
        var pages: [String: [PageFacts]] = [:]
        for name in Set(predicate.columns) {
            guard let leaf = flatLeaf(name) else { continue }
            let chunk = group.columns[leaf.index]
            facts[name] = try naming(path) { try chunkFacts(chunk, leaf, rows: group.rowCount) }
            pages[name] = try naming(path) { try pageFacts(chunk, leaf, rows: rows) }
        }
        guard predicate.mayHold(facts) else { return RowSelection() }
        guard !pages.isEmpty else { return RowSelection(all: rows) }
        // Between two borders of any column's pages, all of them have one page.
        var selection = RowSelection()
        let borders = Set(pages.values.joined().map(\.rows.lowerBound)).union([0, rows]).sorted()
        var cursors = pages.mapValues { _ in 0 }
        for (start, end) in zip(borders, borders.dropFirst()) {
            var here = facts
            for (name, list) in pages {
                var cursor = cursors[name] ?? 0
                while list[cursor].rows.upperBound <= start { cursor += 1 }
                cursors[name] = cursor
                here[name] = list[cursor].facts
                // The filter stands for the whole chunk and so for each of its pages.
                here[name]?.mayContain = facts[name]?.mayContain
            }
            if predicate.mayHold(here) { selection.append(start..<end) }
        }
        return selection
    }

    /// A column that is a leaf and no list, map or struct: only these have statistics that a predicate can use.
    func flatLeaf(_ name: String) -> Leaf? {
        guard let column = columns.first(where: { $0.name == name }),
            case .supported(_, .leaf(let leaf, _)) = column.content, leaf.maxRepetition == 0
        else { return nil }
        return leaf
    }

    private func chunkFacts(_ chunk: ColumnChunkMetadata, _ leaf: Leaf, rows: Int64) throws -> ColumnFacts {
        let bounds = BoundValues(chunk: chunk, leaf: leaf, trusted: metadata.hasColumnOrders)
        var facts = ColumnFacts(
            minimum: bounds.minimum, maximum: bounds.maximum, hasNulls: bounds.nullCount != 0,
            hasValues: bounds.nullCount == nil || bounds.nullCount != rows)
        // A damaged filter is of no use; what else is damaged shows where the rows are read.
        if let filter = try? bloomFilter(chunk, leaf) { facts.mayContain = { filter.mayContain($0) } }
        return facts
    }

    struct PageFacts {
        var rows: Range<Int>
        var facts: ColumnFacts
    }

    /// Nil if the chunk has no column index. One page is no more than the chunk, which has been asked.
    func pageFacts(_ chunk: ColumnChunkMetadata, _ leaf: Leaf, rows: Int) throws -> [PageFacts]? {
        guard let index = try columnIndex(chunk), let offsets = try offsetIndex(chunk, rows: rows),
            offsets.pages.count > 1
        else { return nil }
        guard index.nullPages.count == offsets.pages.count else {
            throw DecodingFault.malformed("the page indexes of column \(leaf.name) differ in length")
        }
        let countsNulls = index.nullCounts.count == index.nullPages.count
        let trusted = metadata.hasColumnOrders || (leaf.physical != .byteArray && leaf.physical != .fixed)
        return offsets.pages.indices.map { i in
            let isNull = index.nullPages[i]
            let known = trusted && !isNull
            return PageFacts(
                rows: offsets.rows(ofPage: i, of: rows),
                facts: ColumnFacts(
                    minimum: known ? BoundValues.value(index.minimums[i], leaf, upper: false) : nil,
                    maximum: known ? BoundValues.value(index.maximums[i], leaf, upper: true) : nil,
                    hasNulls: !countsNulls || index.nullCounts[i] != 0, hasValues: !isNull))
        }
    }
}
