import Domain

/// The files that one row group of a checkpoint adds, as the columns they were read in: of a hundred thousand few are ever looked
/// at one by one, and to make an ``Add`` of each takes ten times as long as reading them.
///
/// What an action cannot do without is checked when this is made. So a file can be made of each row at any time.
final class StoredAdds: Sendable {
    /// How many files there are.
    let count: Int
    /// Of all of them together, wrapped around where a hostile log makes it too large.
    let byteCount: Int64
    /// Rows of the columns that are files; nil if all are.
    private let rows: [Int32]?
    private let paths: BytesColumn
    private let sizes: PrimitiveColumn<Int64>
    private let times: PrimitiveColumn<Int64>?
    private let partitionValues: MapColumn?
    private let tags: MapColumn?
    private let stats: StoredStats
    private let details: StoredDetails?
    /// Paths whose name on disk is another text, by row.
    private let decoded: [Int32: String]

    /// - Parameter file: what messages call the checkpoint.
    /// - Throws: ``ColumnarError`` if a file has no path, size or valid deletion vector, or lies outside of the table.
    init(_ column: Column, _ fields: StructRows, stats: StoredStats, file: String) throws {
        self.stats = stats
        func missing(_ field: String) -> ColumnarError {
            .malformed(file: file, reason: "a add action has no valid \(field)")
        }
        let validity = column.validity
        let rows: [Int32]? = validity.map { validity in
            var rows: [Int32] = []
            for (row, isThere) in validity.enumerated() where isThere { rows.append(Int32(row)) }
            return rows
        }
        self.rows = rows
        let count = rows?.count ?? column.count
        self.count = count
        guard count > 0 else {
            (paths, sizes, times, byteCount) = (BytesColumn(), PrimitiveColumn(), nil, 0)
            (partitionValues, tags, details, decoded) = (nil, nil, nil, [:])
            return
        }
        guard let paths = fields.strings("path") else { throw missing("path") }
        guard case .int64(let sizes)? = fields.column("size") else { throw missing("size") }
        self.paths = paths
        self.sizes = sizes
        if case .int64(let column)? = fields.column("modificationTime") { times = column } else { times = nil }
        partitionValues = fields.column("partitionValues")?.maps
        tags = fields.column("tags")?.maps
        let details = fields.hasDetails ? StoredDetails(fields) : nil
        self.details = details
        var total: Int64 = 0
        var decoded: [Int32: String] = [:]
        try paths.bytes.withUnsafeBufferPointer { bytes in
            let arePlain = PartitionPath.arePlain(bytes)
            for index in 0..<count {
                let row = rows?[index] ?? Int32(index)
                if paths.isNull(at: Int(row)) { throw missing("path") }
                if sizes.isNull(at: Int(row)) { throw missing("size") }
                total &+= sizes.values[Int(row)]
                let path = UnsafeBufferPointer(rebasing: bytes[paths.range(of: Int(row))])
                if arePlain, let first = path.first, first != UInt8(ascii: "/") { continue }
                if PartitionPath.isPlain(path) { continue }
                let text = String(decoding: path, as: UTF8.self)
                let name = try PartitionPath.decodedFromLog(text, file: file)
                // Also where the bytes are no text and were mended.
                if !name.utf8.elementsEqual(path) { decoded[row] = name }
            }
        }
        byteCount = total
        self.decoded = decoded
        if let details {
            for index in 0..<count {
                guard details.isValid(Int(rows?[index] ?? Int32(index))) else {
                    throw ColumnarError.malformed(file: file, reason: "it has no valid deletionVector")
                }
            }
        }
    }

    private func row(_ index: Int) -> Int { rows.map { Int($0[index]) } ?? index }

    /// Lends the bytes of a file's name on disk.
    @inline(__always)
    func withPath<R>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        let row = row(index)
        if !decoded.isEmpty, var name = decoded[Int32(row)] { return name.withUTF8(body) }
        return paths.withBytes(of: row, body)
    }

    /// In bytes.
    func size(_ index: Int) -> Int64 { sizes.values[row(index)] }

    /// See ``Add/key``.
    func key(_ index: Int) -> String {
        FileDetails.key(path(row(index)), vector: details?.vector(row(index)))
    }

    private func path(_ row: Int) -> String {
        decoded.isEmpty ? text(row) : decoded[Int32(row)] ?? text(row)
    }

    private func text(_ row: Int) -> String { paths.withBytes(of: row) { String(decoding: $0, as: UTF8.self) } }

    func add(_ index: Int) -> Add {
        let row = row(index)
        let encoded = text(row)
        return Add(
            path: decoded.isEmpty ? encoded : decoded[Int32(row)] ?? encoded, encodedPath: encoded,
            partitionValues: partitionValues?.texts(at: row) ?? [:], size: sizes.values[row],
            modificationTime: times?[row] ?? 0, dataChange: false,
            stats: stats.text(at: row),
            tags: tags?.texts(at: row)?.compactMapValues(\.self), details: details?.details(row))
    }
}

/// The statistics of files, of which few are ever asked for. What cannot be decoded is not known: then no file is ruled out.
enum StoredStats: Sendable {
    case none
    /// A struct with one field, the text.
    case text(DeferredColumn)
    case parsed(ParsedStats)

    func text(at row: Int) -> String? {
        switch self {
        case .none: return nil
        case .text(let column):
            guard case .string(let texts)? = (try? column.column())?.structures?.children.first else { return nil }
            return texts.string(at: row)
        case .parsed(let stats): return stats.text(at: row)
        }
    }
}

/// The fields of files that few tables have.
private struct StoredDetails: Sendable {
    private let isVector: [Bool]
    private let kinds: BytesColumn?
    private let names: BytesColumn?
    private let offsets: StoredNumbers?
    private let sizes: StoredNumbers?
    private let cardinalities: StoredNumbers?
    private let baseRowIDs: StoredNumbers?
    private let versions: StoredNumbers?
    private let providers: BytesColumn?

    init(_ fields: StructRows) {
        let column = fields.column("deletionVector")
        let inner = fields.structure("deletionVector")
        isVector = inner == nil ? [] : column.map { $0.validity ?? [Bool](repeating: true, count: $0.count) } ?? []
        kinds = inner?.strings("storageType")
        names = inner?.strings("pathOrInlineDv")
        offsets = inner?.numbers("offset")
        sizes = inner?.numbers("sizeInBytes")
        cardinalities = inner?.numbers("cardinality")
        baseRowIDs = fields.numbers("baseRowId")
        versions = fields.numbers("defaultRowCommitVersion")
        providers = fields.strings("clusteringProvider")
    }

    /// Whether a row has no vector, or one that can be.
    func isValid(_ row: Int) -> Bool {
        guard !isVector.isEmpty, isVector[row] else { return true }
        guard let kinds, let names, !names.isNull(at: row), let size = sizes?[row], let count = cardinalities?[row],
            kinds.withBytes(of: row, { $0.count == 1 && [105, 112, 117].contains($0[0]) }), !kinds.isNull(at: row)
        else { return false }
        return DeletionVector.isPlausible(size: size, cardinality: count, offset: offsets?[row])
    }

    /// - Precondition: ``isValid(_:)``
    func vector(_ row: Int) -> DeletionVector? {
        guard !isVector.isEmpty, isVector[row], let kind = kinds?.string(at: row).flatMap(DeletionVector.Kind.init),
            let name = names?.string(at: row), let size = sizes?[row], let cardinality = cardinalities?[row]
        else { return nil }
        return DeletionVector(
            kind: kind, pathOrInline: name, offset: offsets?[row], size: size, cardinality: cardinality)
    }

    func details(_ row: Int) -> FileDetails? {
        FileDetails(
            deletionVector: vector(row), baseRowID: baseRowIDs?[row], defaultRowCommitVersion: versions?[row],
            clusteringProvider: providers?.string(at: row)
        ).orNil
    }
}

/// Whole numbers of either width.
enum StoredNumbers: Sendable {
    case narrow(PrimitiveColumn<Int32>)
    case wide(PrimitiveColumn<Int64>)

    subscript(row: Int) -> Int64? {
        switch self {
        case .narrow(let column): column[row].map { Int64($0) }
        case .wide(let column): column[row]
        }
    }
}

extension MapColumn {
    /// The entries of a row whose keys and values are texts; nil of a null.
    func texts(at row: Int) -> [String: String?]? {
        guard !isNull(at: row), case .string(let keys) = keys, case .string(let values) = values else { return nil }
        var result: [String: String?] = [:]
        for entry in range(of: row) {
            if let key = keys.string(at: entry) { result.updateValue(values.string(at: entry), forKey: key) }
        }
        return result
    }
}
