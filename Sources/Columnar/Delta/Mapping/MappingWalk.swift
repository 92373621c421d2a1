/// Walks over a file's schema and the table's at once. The file's is flat, depth first, and of unknown honesty: a step past
/// its end is damage.
struct MappingWalk {
    private(set) var elements: [SchemaElement]
    let mode: ColumnMapping.Mode
    /// Whether the file is to be written: its nodes have the names that users see and get those of files.
    let writes: Bool
    private var position = 0
    private var depth = 0
    /// As deep as a schema can be that is read.
    private static let maximumDepth = 64

    init(elements: [SchemaElement], mode: ColumnMapping.Mode, writes: Bool) {
        self.elements = elements
        self.mode = mode
        self.writes = writes
    }

    /// The struct at ``position``, and what is below it.
    mutating func structure(_ fields: [MappedField]) throws {
        let count = try take().childCount ?? 0
        var found: Set<Int32> = []
        for _ in 0..<max(0, count) {
            guard position < elements.count else { throw Self.cutShort }
            let element = elements[position]
            let field = fields.first { field in
                if writes { return field.name == element.name }
                return mode == .id ? field.id == element.fieldID : field.physical == element.name
            }
            guard let field else {
                // No name of a column begins so.
                if !writes { elements[position].name = "\0" + element.name }
                try skip()
                continue
            }
            guard found.insert(field.id).inserted else {
                throw DecodingFault.malformed("two of its columns are the table's column \(field.name)")
            }
            elements[position].name = writes ? field.physical : field.name
            if writes { elements[position].fieldID = field.id }
            try node(field.type, named: element.name)
        }
    }

    /// - Parameter name: of the node in the file.
    private mutating func node(_ type: MappedType, named name: String) throws {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth, position < elements.count, !elements[position].isLeaf else {
            return try skip()
        }
        switch type {
        case .leaf: try skip()
        case .structure(let fields): try structure(fields)
        case .list(let element): try list(element, named: name)
        case .map(let key, let value):
            guard elements[position].childCount == 1, position + 1 < elements.count,
                elements[position + 1].childCount == 2
            else { return try skip() }
            _ = try take()
            _ = try take()
            try node(key, named: "key")
            try node(value, named: "value")
        }
    }

    /// The usual three levels, or the old two: there the repeated node itself is the element.
    private mutating func list(_ type: MappedType, named name: String) throws {
        guard elements[position].childCount == 1, position + 1 < elements.count else { return try skip() }
        _ = try take()
        let repeated = elements[position]
        if repeated.name == name + "_tuple" { elements[position].name = "array" }
        if repeated.isLeaf || repeated.childCount != 1 || ["array", name + "_tuple"].contains(repeated.name) {
            return try node(type, named: repeated.name)
        }
        _ = try take()
        guard position < elements.count else { throw Self.cutShort }
        try node(type, named: elements[position].name)
    }

    private mutating func take() throws -> SchemaElement {
        guard position < elements.count else { throw Self.cutShort }
        defer { position += 1 }
        return elements[position]
    }

    /// The node at ``position`` and all below it.
    private mutating func skip() throws {
        var open = 1
        while open > 0 {
            let element = try take()
            open += (element.isLeaf ? 0 : Int(max(0, element.childCount ?? 0))) - 1
        }
    }

    private static let cutShort = DecodingFault.malformed("its schema is cut short")
}
