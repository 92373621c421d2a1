/// Turns our schema into the flattened one of a footer, with the old annotations and the new: DuckDB reads only the
/// old on strings and lists, and without the new ones timestamps lose their zone.
enum SchemaFlattener {
    static func elements(of schema: Schema) throws -> [SchemaElement] {
        var root = SchemaElement(name: "schema")
        root.childCount = Int32(schema.fields.count)
        var elements = [root]
        for field in schema.fields { try append(field, to: &elements) }
        return elements
    }

    private static func append(_ field: Field, to elements: inout [SchemaElement]) throws {
        var element = SchemaElement(name: field.name)
        element.repetition = field.nullable ? .optional : .required
        switch field.type {
        case .bool: element.physical = .boolean
        case .int32: element.physical = .int32
        case .int64: element.physical = .int64
        case .float: element.physical = .float
        case .double: element.physical = .double
        case .binary: element.physical = .byteArray
        case .string:
            element.physical = .byteArray
            element.converted = ConvertedType.utf8
            element.logical = .string
        case .date:
            element.physical = .int32
            element.converted = ConvertedType.date
            element.logical = .date
        case .timestamp:
            element.physical = .int64
            element.converted = ConvertedType.timestampMicros
            element.logical = .timestamp(utc: true, .micros)
        case .localTimestamp:
            element.physical = .int64
            element.logical = .timestamp(utc: false, .micros)
        case .decimal: throw ColumnarError.unsupported(file: "a new file", feature: "the type \(field.type)")
        case .list(let inner, let nullable):
            element.childCount = 1
            element.converted = ConvertedType.list
            element.logical = .list
            elements.append(element)
            elements.append(repeatedGroup("list", children: 1))
            return try append(Field("element", inner, nullable: nullable), to: &elements)
        case .map(let key, let value, let nullable):
            element.childCount = 1
            element.converted = ConvertedType.map
            element.logical = .map
            elements.append(element)
            elements.append(repeatedGroup("key_value", children: 2))
            try append(Field("key", key, nullable: false), to: &elements)
            return try append(Field("value", value, nullable: nullable), to: &elements)
        case .structure(let fields):
            guard !fields.isEmpty else {
                throw ColumnarError.schemaMismatch(reason: "the struct \(field.name) has no fields")
            }
            element.childCount = Int32(fields.count)
            elements.append(element)
            for field in fields { try append(field, to: &elements) }
            return
        }
        elements.append(element)
    }

    private static func repeatedGroup(_ name: String, children: Int32) -> SchemaElement {
        var element = SchemaElement(name: name)
        element.repetition = .repeated
        element.childCount = children
        return element
    }
}
