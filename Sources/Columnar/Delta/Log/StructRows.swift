/// The fields of a struct column by name. A field that is absent is null.
struct StructRows: Sendable {
    private var fields: [String: (column: Column, type: ColumnType)] = [:]
    /// Whether some file has what few have.
    private(set) var hasDetails = false
    /// The fields of `deletionVector`, if there is one.
    private var vectors: [StructRows] = []
    private static let rare = ["deletionVector", "baseRowId", "defaultRowCommitVersion", "clusteringProvider"]

    init?(_ column: Column, type: ColumnType) {
        guard let structure = column.structures, case .structure(let types) = type else { return nil }
        for (field, child) in zip(types, structure.children) { fields[field.name] = (child, field.type) }
        // Mostly the columns are there and empty.
        hasDetails = Self.rare.contains { name in
            fields[name].map { $0.column.nullCount < $0.column.count } ?? false
        }
        if hasDetails, let inner = self.structure("deletionVector") { vectors = [inner] }
    }

    func column(_ name: String) -> Column? { fields[name]?.column }
    func type(_ name: String) -> ColumnType? { fields[name]?.type }

    /// A field of texts.
    func strings(_ name: String) -> BytesColumn? {
        if case .string(let column)? = fields[name]?.column { column } else { nil }
    }

    /// A field of whole numbers.
    func numbers(_ name: String) -> StoredNumbers? {
        switch fields[name]?.column {
        case .int32(let column)?: .narrow(column)
        case .int64(let column)?: .wide(column)
        default: nil
        }
    }

    func string(_ name: String, _ row: Int) -> String? {
        guard case .string(let column)? = fields[name]?.column else { return nil }
        return column.string(at: row)
    }

    func int(_ name: String, _ row: Int) -> Int64? {
        switch fields[name]?.column {
        case .int32(let column)?: column[row].map { Int64($0) }
        case .int64(let column)?: column[row]
        default: nil
        }
    }

    func strings(_ name: String, _ row: Int) -> [String]? {
        guard case .list(let list)? = fields[name]?.column, !list.isNull(at: row),
            case .string(let elements) = list.elements
        else { return nil }
        return list.range(of: row).compactMap { elements.string(at: $0) }
    }

    func map(_ name: String, _ row: Int) -> [String: String?]? { fields[name]?.column.maps?.texts(at: row) }

    func structure(_ name: String) -> StructRows? { fields[name].flatMap { StructRows($0.column, type: $0.type) } }

    func bool(_ name: String, _ row: Int) -> Bool? {
        guard case .bool(let column)? = fields[name]?.column else { return nil }
        return column[row]
    }

    /// What few files have. Nil if there is nothing to keep.
    func details(_ row: Int, file: String) throws -> FileDetails? {
        guard hasDetails else { return nil }
        var vector: DeletionVector?
        if hasStructure("deletionVector", row), let fields = vectors.first {
            guard let kind = fields.string("storageType", row).flatMap({ DeletionVector.Kind(rawValue: $0) }),
                let pathOrInline = fields.string("pathOrInlineDv", row), let size = fields.int("sizeInBytes", row),
                let cardinality = fields.int("cardinality", row)
            else { throw ColumnarError.malformed(file: file, reason: "it has no valid deletionVector") }
            vector = DeletionVector(
                kind: kind, pathOrInline: pathOrInline, offset: fields.int("offset", row), size: size,
                cardinality: cardinality)
            guard vector?.isPlausible == true else {
                throw ColumnarError.malformed(file: file, reason: "it has no valid deletionVector")
            }
        }
        return FileDetails(
            deletionVector: vector, baseRowID: int("baseRowId", row),
            defaultRowCommitVersion: int("defaultRowCommitVersion", row),
            clusteringProvider: string("clusteringProvider", row)
        ).orNil
    }

    func hasStructure(_ name: String, _ row: Int) -> Bool {
        guard let column = fields[name]?.column, column.structures != nil else { return false }
        return !column.isNull(at: row)
    }
}
