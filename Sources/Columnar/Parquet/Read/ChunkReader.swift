import Domain

/// One leaf of one row group: its levels and its values without gaps.
struct DecodedLeaf {
    var definitions: LevelBuffer
    var repetitions: LevelBuffer
    /// Only the values that are there, as a column without validity.
    var values: Column
    var entryCount: Int
}

/// Decodes whole column chunks.
struct ChunkReader {
    let codec: BlockCodec
    let checksums: Bool
    let budget: MemoryBudget
    /// More entries than this in one page or one row group are refused: no writer makes them, but damaged and hostile
    /// headers claim them.
    static let maximumEntries = 1 << 28

    /// - Parameter plan: what `bytes` are; a flat column must have as many entries as it has rows.
    func decode(
        _ bytes: UnsafeRawBufferPointer, _ chunk: ColumnChunkMetadata, _ leaf: Leaf, _ plan: ChunkPlan
    ) throws -> DecodedLeaf {
        guard chunk.valueCount >= 0, chunk.valueCount <= Self.maximumEntries else {
            throw DecodingFault.unsupported("row groups of \(chunk.valueCount) values")
        }
        guard chunk.physical == leaf.physical else {
            throw DecodingFault.malformed("column \(leaf.name) has another type in its chunk than in the schema")
        }
        guard leaf.maxRepetition > 0 || plan.pageRows != nil || Int(chunk.valueCount) == plan.present.count else {
            throw DecodingFault.malformed(
                "column \(leaf.name) has \(chunk.valueCount) values in a row group of \(plan.present.count) rows")
        }
        do {
            return try decodePages(bytes, chunk, leaf, plan)
        } catch DecodingFault.malformed(let reason) {
            throw DecodingFault.malformed("column \(leaf.name): \(reason)")
        } catch DecodingFault.unsupported(let feature) {
            throw DecodingFault.unsupported("\(feature) (column \(leaf.name))")
        }
    }

    private func decodePages(
        _ bytes: UnsafeRawBufferPointer, _ chunk: ColumnChunkMetadata, _ leaf: Leaf, _ plan: ChunkPlan
    ) throws -> DecodedLeaf {
        var result = DecodedLeaf(
            definitions: LevelBuffer(maximum: leaf.maxDefinition),
            repetitions: LevelBuffer(maximum: leaf.maxRepetition), values: .bool(.init()), entryCount: 0)
        switch leaf.physical {
        case .boolean:
            var decoder = BoolDecoder()
            try pages(bytes, chunk, leaf, plan, &decoder, &result)
            result.values = .bool(.init(decoder.values))
        case .int32:
            var decoder = PrimitiveDecoder<Int32>()
            try pages(bytes, chunk, leaf, plan, &decoder, &result)
            result.values = try int32s(decoder.values, leaf)
        case .int64:
            var decoder = PrimitiveDecoder<Int64>()
            try pages(bytes, chunk, leaf, plan, &decoder, &result)
            result.values = try int64s(decoder.values, leaf)
        case .int96:
            var decoder = Int96Decoder()
            try pages(bytes, chunk, leaf, plan, &decoder, &result)
            result.values = .timestamp(.init(decoder.values))
        case .float:
            var decoder = PrimitiveDecoder<Float>()
            try pages(bytes, chunk, leaf, plan, &decoder, &result)
            result.values = .float(.init(decoder.values))
        case .double:
            var decoder = PrimitiveDecoder<Double>()
            try pages(bytes, chunk, leaf, plan, &decoder, &result)
            result.values = .double(.init(decoder.values))
        case .byteArray, .fixed:
            var decoder = BytesDecoder(fixedLength: leaf.physical == .fixed ? leaf.typeLength : nil, budget: budget)
            try pages(bytes, chunk, leaf, plan, &decoder, &result)
            let column = BytesColumn(offsets: decoder.offsets, bytes: decoder.bytes)
            switch leaf.type {
            case .string where leaf.conversion == .uuidText: result.values = .string(LeafText.uuids(column))
            case .float: result.values = .float(.init(halves(column)))
            case .string: result.values = .string(column)
            case .decimal: result.values = .decimal(try decimals(column))
            default: result.values = .binary(column)
            }
        }
        return result
    }

    private func halves(_ column: BytesColumn) -> [Float] {
        (0..<column.count).map { row in
            let start = column.range(of: row).lowerBound
            return Float(binary16: UInt16(column.bytes[start]) | UInt16(column.bytes[start + 1]) << 8)
        }
    }

    private func int32s(_ values: [Int32], _ leaf: Leaf) throws -> Column {
        switch leaf.type {
        case .string: .string(try LeafText.times(values.map { Int64($0) }, digits: 3))
        case .date: .date(.init(values))
        case .decimal: .decimal(.init(values.map { Int128($0) }))
        default:
            leaf.conversion == .unsigned32
                ? .int64(.init(values.map { Int64(UInt32(bitPattern: $0)) })) : .int32(.init(values))
        }
    }

    /// Big-endian two's complement of any length.
    private func decimals(_ column: BytesColumn) throws -> PrimitiveColumn<Int128> {
        PrimitiveColumn<Int128>(
            try (0..<column.count).map { row in
                guard let unscaled = Int128(bigEndian: column.bytes[column.range(of: row)]) else {
                    throw DecodingFault.malformed("a decimal has more than 38 digits")
                }
                return unscaled
            })
    }

    private func int64s(_ values: [Int64], _ leaf: Leaf) throws -> Column {
        var values = values
        switch leaf.conversion {
        case .millisToMicros:
            for i in values.indices {
                let (micros, overflow) = values[i].multipliedReportingOverflow(by: 1000)
                guard !overflow else { throw DecodingFault.malformed("a timestamp is out of range") }
                values[i] = micros
            }
        case .timeText(let digits): return .string(try LeafText.times(values, digits: digits))
        case .unsigned64: return .decimal(.init(values.map { Int128(UInt64(bitPattern: $0)) }))
        case .nanosToMicros: for i in values.indices { values[i] = values[i].flooredDivision(by: 1000) }
        default: break
        }
        switch leaf.type {
        case .timestamp: return .timestamp(.init(values))
        case .localTimestamp: return .localTimestamp(.init(values))
        case .decimal: return .decimal(.init(values.map { Int128($0) }))
        default: return .int64(.init(values))
        }
    }

    /// Generic, so that the compiler makes one loop for each decoder.
    private func pages<D: ValueDecoder>(
        _ bytes: UnsafeRawBufferPointer, _ chunk: ColumnChunkMetadata, _ leaf: Leaf, _ plan: ChunkPlan,
        _ decoder: inout D, _ result: inout DecodedLeaf
    ) throws {
        let compression = try Compression(codec: chunk.codec)
        var reader = PageReader(bytes, compression: compression, codec: codec, checksums: checksums, budget: budget)
        var hasDictionary = false
        let wanted = Int(chunk.valueCount)
        var page = 0
        while plan.pageRows.map({ page < $0.count }) ?? (result.entryCount < wanted) {
            guard !reader.isAtEnd else {
                throw DecodingFault.malformed("its pages hold \(result.entryCount) of \(wanted) values")
            }
            let next = try reader.next()
            defer { budget.release(next.body.count) }
            let entries = Int(next.header.valueCount)
            switch next.header.type {
            case .index: continue
            case .dictionary:
                guard !hasDictionary, result.entryCount == 0 else {
                    throw DecodingFault.malformed("it has a second dictionary")
                }
                guard
                    next.header.encoding == PageEncoding.plain.rawValue
                        || next.header.encoding == PageEncoding.plainDictionary.rawValue
                else { throw DecodingFault.unsupported("a dictionary that is not PLAIN") }
                hasDictionary = true
                // Values are copied out of the page; their count is checked against it there.
                try budget.charge(next.body.count * 2)
                try decoder.readDictionary(next.body, count: entries)
            case .data, .dataV2:
                guard entries <= wanted - result.entryCount else {
                    throw DecodingFault.malformed("its pages hold more than \(wanted) values")
                }
                if let pageRows = plan.pageRows, leaf.maxRepetition == 0, pageRows[page] != entries {
                    throw DecodingFault.malformed("a page has \(entries) rows, the page index states \(pageRows[page])")
                }
                try budget.charge(entries, of: Self.bytesPerEntry(leaf))
                guard let encoding = PageEncoding(rawValue: next.header.encoding) else {
                    throw DecodingFault.unsupported("the encoding \(PageEncoding.name(next.header.encoding))")
                }
                let (start, present) =
                    next.header.type == .data
                    ? try levels(next, entries, leaf, &result) : try levelsV2(bytes, next, entries, leaf, &result)
                try decoder.append(next.body, from: start, count: present, encoding: encoding)
                result.entryCount += entries
                page += 1
            }
        }
    }

    /// What an entry takes at most while it is decoded and put in its place, the bytes of strings aside.
    private static func bytesPerEntry(_ leaf: Leaf) -> Int {
        let stored =
            switch leaf.physical {
            case .boolean: 2
            case .int32, .float, .byteArray, .fixed: 4
            case .int64, .double, .int96: 8
            }
        let made =
            switch leaf.conversion {
            case .timeText: 24
            case .uuidText: 60
            default: leaf.type.isDecimal ? 16 : 0
            }
        let value = stored + made
        // With nulls, values move to where their rows are.
        return (leaf.maxDefinition > 0 ? 2 * value + 2 : value) + (leaf.maxRepetition > 0 ? 6 : 0)
    }

    /// Levels of a v1 page: each with its length in four bytes before it, repetition first.
    /// - Returns: where the values start, and how many there are.
    private func levels(
        _ page: PageReader.Page, _ entries: Int, _ leaf: Leaf, _ result: inout DecodedLeaf
    ) throws -> (start: Int, present: Int) {
        try page.body.withUnsafeBytes { body in
            var cursor = ByteCursor(body)
            var present = entries
            if leaf.maxRepetition > 0 {
                try checkLevelEncoding(page.header.repetitionEncoding)
                var levels = ByteCursor(try cursor.take(Int(try cursor.load(UInt32.self))))
                _ = try result.repetitions.append(&levels, entries: entries)
            }
            if leaf.maxDefinition > 0 {
                try checkLevelEncoding(page.header.definitionEncoding)
                var levels = ByteCursor(try cursor.take(Int(try cursor.load(UInt32.self))))
                present = try result.definitions.append(&levels, entries: entries)
            }
            return (cursor.position, present)
        }
    }

    private func levelsV2(
        _ bytes: UnsafeRawBufferPointer, _ page: PageReader.Page, _ entries: Int, _ leaf: Leaf,
        _ result: inout DecodedLeaf
    ) throws -> (start: Int, present: Int) {
        var present = entries
        if leaf.maxRepetition > 0 {
            var levels = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[page.repetitionLevels]))
            _ = try result.repetitions.append(&levels, entries: entries)
        }
        if leaf.maxDefinition > 0 {
            var levels = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[page.definitionLevels]))
            present = try result.definitions.append(&levels, entries: entries)
        }
        return (0, present)
    }

    /// The old BIT_PACKED levels are only a label of some writers, on levels that are not stored.
    private func checkLevelEncoding(_ encoding: Int32) throws {
        guard encoding == PageEncoding.rle.rawValue else {
            throw DecodingFault.unsupported("levels that are not in RLE")
        }
    }
}
