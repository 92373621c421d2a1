import Domain

extension ParquetFile {
    /// Where a text stands in a file: as a value of some columns, in their dictionaries and bounds; and, if it is so
    /// distinctive that it is no chance, anywhere in the bytes of the file and of its pages as they are unpacked.
    /// - Returns: in words; empty if nowhere. A Bloom filter that admits it is no mention: so it does other values by chance.
    func mentions(of text: String, _ search: IdentifierSearch, in names: [String]) throws -> [String] {
        var found: Set<String> = []
        for group in 0..<rowGroupCount {
            for column in columns {
                let isNamed = names.contains(column.name)
                for chunk in metadata.rowGroups[group].columns[column.leaves] where chunk.physical == .byteArray {
                    if chunk.valueCount == 0 || chunk.isEncrypted || chunk.filePath != nil { continue }
                    try naming(path) {
                        if isNamed, try hasBound(search.bytes, chunk) { found.insert("the bounds of \(column.name)") }
                        if isNamed || search.isDistinctive, try hasPage(search, chunk, asValue: !search.isDistinctive) {
                            found.insert("a page of \(column.name)")
                        }
                    }
                }
                if isNamed, try hasValue(text, column.name, group) { found.insert("the values of \(column.name)") }
            }
        }
        if search.isDistinctive, try search.isFound(in: object.read(0..<object.size)) {
            found.insert("the bytes as they are stored")
        }
        return found.sorted()
    }

    private func hasBound(_ value: [UInt8], _ chunk: ColumnChunkMetadata) throws -> Bool {
        var bounds: [[UInt8]] = []
        if let statistics = chunk.statistics {
            bounds += [statistics.minimum, statistics.maximum, statistics.oldMinimum, statistics.oldMaximum]
                .compactMap(\.self)
        }
        if let index = try columnIndex(chunk) { bounds += index.minimums + index.maximums }
        return bounds.contains(value)
    }

    /// Looks at the unpacked bytes of the chunk's pages, its dictionary too.
    /// - Parameter asValue: whether only a value of a dictionary counts, whose length stands before it.
    private func hasPage(_ search: IdentifierSearch, _ chunk: ColumnChunkMetadata, asValue: Bool) throws -> Bool {
        let bytes = try object.read(range(of: chunk))
        let budget = MemoryBudget(limits, fileSize: object.size)
        let length = withUnsafeBytes(of: UInt32(search.bytes.count).littleEndian) { Array($0) }
        return try bytes.withUnsafeBytes { bytes in
            var reader = PageReader(
                bytes, compression: try Compression(codec: chunk.codec), codec: BlockCodec(), checksums: false,
                budget: budget)
            var values: Int64 = 0
            while values < chunk.valueCount, !reader.isAtEnd {
                let page = try reader.next()
                defer { budget.release(page.body.count) }
                let isData = page.header.type == .data || page.header.type == .dataV2
                if isData { values += Int64(page.header.valueCount) }
                if !asValue {
                    if search.isFound(in: page.body) { return true }
                } else if page.header.type == .dictionary, Self.has(length + search.bytes, in: page.body) {
                    return true
                }
            }
            return false
        }
    }

    /// Whether a page of values, each with its length before it, has one.
    private static func has(_ value: [UInt8], in page: [UInt8]) -> Bool {
        var place = 0
        while place + 4 <= page.count {
            let length = Int(page.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt32.self) })
            guard length <= page.count - place - 4 else { return false }
            if length + 4 == value.count, page[place..<place + 4 + length].elementsEqual(value) { return true }
            place += 4 + length
        }
        return false
    }

    private func hasValue(_ text: String, _ name: String, _ group: Int) throws -> Bool {
        guard schema.index(of: name) != nil else { return false }
        let column = try read(columns: [name], rowGroup: group).columns[0]
        guard let values = column.byteStrings else { return false }
        let wanted = Array(text.utf8)
        return (0..<values.count).contains { row in
            !values.isNull(at: row) && values.withBytes(of: row) { $0.elementsEqual(wanted) }
        }
    }
}
