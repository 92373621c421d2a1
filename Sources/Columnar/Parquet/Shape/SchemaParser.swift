/// Turns the flattened schema of a footer into columns, or says why it cannot.
struct SchemaParser {
    private let elements: [SchemaElement]
    private let skipsFields: Bool
    private let skipped: Set<[String]>
    private var position = 1
    private var leafCount = 0
    private static let maximumDepth = 24

    /// The top-level columns of a file.
    static func columns(
        of elements: [SchemaElement], skippingUnsupportedFields: Bool = false, skipping skipped: Set<[String]> = []
    ) throws -> [FileColumn] {
        guard let root = elements.first, !root.isLeaf, let count = root.childCount, count >= 0 else {
            throw DecodingFault.malformed("its schema has no root")
        }
        var parser = SchemaParser(elements: elements, skipsFields: skippingUnsupportedFields, skipped: skipped)
        var columns: [FileColumn] = []
        for _ in 0..<count {
            guard parser.position < elements.count else { throw DecodingFault.malformed("its schema is cut short") }
            columns.append(try parser.column())
        }
        guard parser.position == elements.count else {
            throw DecodingFault.malformed("its schema has elements that belong to nothing")
        }
        return columns
    }

    /// Of each leaf the names on the way to it, the root's aside.
    static func leafPaths(of elements: [SchemaElement]) throws -> [[String]] {
        try columns(of: elements).flatMap { column -> [[String]] in
            guard case .supported(_, let node) = column.content else { return [] }
            return node.leaves.map(\.path)
        }
    }

    private init(elements: [SchemaElement], skipsFields: Bool, skipped: Set<[String]>) {
        self.skipped = skipped
        self.elements = elements
        self.skipsFields = skipsFields
    }

    private mutating func column() throws -> FileColumn {
        let start = position
        let firstLeaf = leafCount
        let name = elements[start].name
        let root = NodeLevels(repetition: 0, slot: 0, present: 0)
        do {
            let (field, node) = try node(under: root, path: [], depth: 1)
            return FileColumn(name: name, leaves: firstLeaf..<leafCount, content: .supported(field, node))
        } catch DecodingFault.unsupported(let feature) {
            position = start
            leafCount = firstLeaf
            try skipSubtree()
            return FileColumn(name: name, leaves: firstLeaf..<leafCount, content: .unsupported(feature: feature))
        }
    }

    /// However deep it is.
    private mutating func skipSubtree() throws {
        var open = 1
        while open > 0 {
            guard position < elements.count else { throw DecodingFault.malformed("its schema is cut short") }
            let element = elements[position]
            position += 1
            open -= 1
            if !element.isLeaf, let count = element.childCount {
                open += Int(max(0, count))
            } else {
                leafCount += 1
            }
        }
    }

    private mutating func next(depth: Int) throws -> SchemaElement {
        guard position < elements.count else { throw DecodingFault.malformed("its schema is cut short") }
        guard depth <= Self.maximumDepth else {
            throw DecodingFault.unsupported("nesting of more than \(Self.maximumDepth) levels")
        }
        defer { position += 1 }
        return elements[position]
    }

    /// Parses the node at ``position`` and what is below it.
    /// - Parameter parent: its `present` is the level at which this node has a place.
    private mutating func node(under parent: NodeLevels, path: [String], depth: Int) throws -> (Field, SchemaNode) {
        let element = try next(depth: depth)
        let path = path + [element.name]
        let repetition = element.repetition ?? .required
        if repetition == .repeated {
            // Without an annotation above it, a repeated node is a required list of required elements.
            position -= 1
            return try bareList(under: parent, path: Array(path.dropLast()), depth: depth)
        }
        let nullable = repetition == .optional
        var levels = parent
        levels.present = parent.present + (nullable ? 1 : 0)
        let (type, node) = try content(of: element, levels, path: path, depth: depth)
        return (Field(element.name, type, nullable: nullable), node)
    }

    private mutating func content(
        of element: SchemaElement, _ levels: NodeLevels, path: [String], depth: Int
    ) throws -> (ColumnType, SchemaNode) {
        if element.isLeaf {
            let leaf = try leaf(element, levels, path: path)
            return (leaf.type, .leaf(leaf, levels))
        }
        let count = Int(element.childCount ?? 0)
        guard count > 0 else { throw DecodingFault.unsupported("a group without columns") }
        switch (element.logical, element.converted) {
        case (.list, _), (nil, ConvertedType.list):
            guard count == 1 else { throw DecodingFault.malformed("a list has \(count) columns") }
            return try list(levels, name: element.name, path: path, depth: depth)
        case (.map, _), (nil, ConvertedType.map), (nil, ConvertedType.mapKeyValue):
            guard count == 1 else { throw DecodingFault.malformed("a map has \(count) columns") }
            return try map(levels, path: path, depth: depth)
        case (nil, nil):
            var fields: [Field] = []
            var children: [SchemaNode] = []
            for _ in 0..<count {
                let start = (position, leafCount)
                if !skipped.isEmpty, position < elements.count, skipped.contains(path + [elements[position].name]) {
                    try skipSubtree()
                    continue
                }
                do {
                    let (field, child) = try node(under: levels, path: path, depth: depth + 1)
                    fields.append(field)
                    children.append(child)
                } catch DecodingFault.unsupported(_) where skipsFields {
                    (position, leafCount) = start
                    try skipSubtree()
                }
            }
            guard !children.isEmpty else { throw DecodingFault.unsupported("structs without readable fields") }
            return (.structure(fields), .structure(children: children, levels))
        default: throw LeafTypes.unsupported(element)
        }
    }

    /// The usual three levels, or the old two: there the repeated node itself is the element.
    private mutating func list(
        _ levels: NodeLevels, name: String, path: [String], depth: Int
    ) throws -> (ColumnType, SchemaNode) {
        let repeated = try next(depth: depth + 1)
        guard repeated.repetition == .repeated else { throw DecodingFault.malformed("a list repeats nothing") }
        let inner = inside(levels)
        let path = path + [repeated.name]
        let isElement =
            repeated.isLeaf || repeated.childCount != 1 || repeated.name == "array"
            || repeated.name == name + "_tuple"
        if isElement {
            let (type, node) = try content(of: repeated, inner, path: path, depth: depth + 1)
            return (.list(type, elementNullable: false), .list(element: node, levels))
        }
        let (field, node) = try node(under: inner, path: path, depth: depth + 2)
        return (.list(field.type, elementNullable: field.nullable), .list(element: node, levels))
    }

    private mutating func map(
        _ levels: NodeLevels, path: [String], depth: Int
    ) throws -> (ColumnType, SchemaNode) {
        let repeated = try next(depth: depth + 1)
        guard repeated.repetition == .repeated, !repeated.isLeaf else {
            throw DecodingFault.malformed("a map repeats nothing")
        }
        guard repeated.childCount == 2 else { throw DecodingFault.unsupported("maps without values") }
        let inner = inside(levels)
        let path = path + [repeated.name]
        let (key, keyNode) = try node(under: inner, path: path, depth: depth + 2)
        let (value, valueNode) = try node(under: inner, path: path, depth: depth + 2)
        guard key.type.isPrimitive else { throw DecodingFault.unsupported("maps with nested keys") }
        return (
            .map(key: key.type, value: value.type, valueNullable: value.nullable),
            .map(key: keyNode, value: valueNode, levels)
        )
    }

    private mutating func bareList(
        under parent: NodeLevels, path: [String], depth: Int
    ) throws -> (Field, SchemaNode) {
        let element = try next(depth: depth)
        let (type, node) = try content(of: element, inside(parent), path: path + [element.name], depth: depth)
        return (
            Field(element.name, .list(type, elementNullable: false), nullable: false), .list(element: node, parent)
        )
    }

    /// The levels of what a repeated node holds.
    private func inside(_ levels: NodeLevels) -> NodeLevels {
        NodeLevels(repetition: levels.repetition + 1, slot: levels.present + 1, present: levels.present + 1)
    }

    private mutating func leaf(_ element: SchemaElement, _ levels: NodeLevels, path: [String]) throws -> Leaf {
        guard let physical = element.physical else { throw LeafTypes.unsupported(element) }
        guard levels.present < 255 else { throw DecodingFault.malformed("its schema is too deep") }
        let (type, conversion) = try LeafTypes.type(of: element, physical)
        let length = Int(element.typeLength ?? 0)
        guard physical != .fixed || (length > 0 && length < 1 << 20) else {
            throw DecodingFault.unsupported("values of \(length) bytes in column \(element.name)")
        }
        defer { leafCount += 1 }
        return Leaf(
            index: leafCount, path: path, type: type, physical: physical, typeLength: length,
            conversion: conversion, maxDefinition: levels.present, maxRepetition: levels.repetition)
    }
}
