/// What the columns of a table are called in its files and in its log, where that is not what users call them: so a column
/// can get another name, or go, without a file being written anew. Delta protocol, "Column Mapping".
struct ColumnMapping: Sendable {
    enum Mode: String, Sendable {
        /// A file's columns are told by their names.
        case name
        /// By the numbers that its schema gives them.
        case id
    }

    /// Nil of a table whose files have the names that users see.
    let mode: Mode?
    private let fields: [MappedField]
    private let physicalNames: [String: String]

    static let modeProperty = "delta.columnMapping.mode"
    static let highestProperty = "delta.columnMapping.maxColumnId"

    /// Of most tables.
    static let none = ColumnMapping(mode: nil, fields: [])

    private init(mode: Mode?, fields: [MappedField]) {
        self.mode = mode
        self.fields = fields
        physicalNames = Dictionary(fields.map { ($0.name, $0.physical) }, uniquingKeysWith: { first, _ in first })
    }

    /// - Throws: ``ColumnarError`` for a mode that is not known; for a column without a name or number of its own; and where
    ///   two have the same.
    init(_ configuration: [String: String], schemaString: String, file: String) throws {
        guard let text = configuration[Self.modeProperty], text != "none" else {
            self = .none
            return
        }
        guard let mode = Mode(rawValue: text) else {
            throw ColumnarError.unsupported(file: file, feature: "column mapping by \(text)")
        }
        guard let json = JSONParser.parse(schemaString) else {
            throw ColumnarError.malformed(file: file, reason: "its schemaString is not a schema")
        }
        var ids: Set<Int32> = []
        self.init(mode: mode, fields: try naming(file) { try MappedType.fields(json, &ids) })
    }

    /// What a column is called in files, statistics and partition values.
    subscript(name: String) -> String { mode == nil ? name : physicalNames[name] ?? name }

    /// The columns of a partitioned table as its log calls them.
    func physical(_ names: [String]) -> [String] { mode == nil ? names : names.map { self[$0] } }

    /// ``translate(_:)``; nil where there is nothing to do.
    var renaming: ((inout [SchemaElement]) throws -> Void)? { mode == nil ? nil : { try translate(&$0) } }
    /// ``annotate(_:)``; nil where there is nothing to do.
    var annotating: ((inout [SchemaElement]) throws -> Void)? { mode == nil ? nil : { try annotate(&$0) } }

    /// Gives the nodes of a file's schema the names that users see. A column that is not in the table (any more) gets a
    /// name that no column has, so that it is not taken for one that has its old name now.
    /// - Throws: `DecodingFault` if two columns are one of the table's, or none has a number where these count.
    func translate(_ elements: inout [SchemaElement]) throws {
        guard let mode else { return }
        if mode == .id, elements.count > 1, elements.allSatisfy({ $0.fieldID == nil }) {
            throw DecodingFault.unsupported("columns without numbers, in a table whose columns are told by them")
        }
        var walk = MappingWalk(elements: elements, mode: mode, writes: false)
        try walk.structure(fields)
        elements = walk.elements
    }

    /// Gives the nodes of a schema that is to be written the names and numbers they have in files.
    func annotate(_ elements: inout [SchemaElement]) throws {
        guard let mode else { return }
        var walk = MappingWalk(elements: elements, mode: mode, writes: true)
        try walk.structure(fields)
        elements = walk.elements
    }
}

/// One column, or field of a struct.
struct MappedField: Sendable {
    var name: String
    var physical: String
    var id: Int32
    var type: MappedType
}

/// As much of a type as has fields in it.
indirect enum MappedType: Sendable {
    case leaf
    case structure([MappedField])
    case list(MappedType)
    case map(key: MappedType, value: MappedType)

    /// - Parameter ids: of all fields so far.
    fileprivate static func fields(_ json: JSON, _ ids: inout Set<Int32>) throws -> [MappedField] {
        var names: Set<String> = []
        return try (json["fields"]?.array ?? []).map { field in
            let name = field["name"]?.string ?? ""
            guard let id = field["metadata"]?["delta.columnMapping.id"]?.int.flatMap({ Int32(exactly: $0) }),
                let physical = field["metadata"]?["delta.columnMapping.physicalName"]?.string
            else {
                throw DecodingFault.malformed("column \(name) has no name or number for its files in the schemaString")
            }
            guard ids.insert(id).inserted else {
                throw DecodingFault.malformed("column \(name) has the number \(id), which another has too")
            }
            guard names.insert(physical).inserted else {
                throw DecodingFault.malformed("column \(name) is called \(physical) in files, as another is too")
            }
            return MappedField(
                name: name, physical: physical, id: id, type: try field["type"].map { try type($0, &ids) } ?? .leaf)
        }
    }

    private static func type(_ json: JSON, _ ids: inout Set<Int32>) throws -> MappedType {
        switch json["type"]?.string {
        case "struct": .structure(try fields(json, &ids))
        case "array": .list(try json["elementType"].map { try type($0, &ids) } ?? .leaf)
        case "map":
            .map(
                key: try json["keyType"].map { try type($0, &ids) } ?? .leaf,
                value: try json["valueType"].map { try type($0, &ids) } ?? .leaf)
        default: .leaf
        }
    }
}
