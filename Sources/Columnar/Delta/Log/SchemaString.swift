/// A table's schema as the log keeps it: JSON in Spark's form. Delta protocol, "Schema serialization format".
enum SchemaString {
    static func text(of schema: Schema) -> String { json(schema.fields).text }

    /// - Throws: ``ColumnarError`` if the text is no schema or has a type that is not supported.
    static func schema(_ text: String, file: String) throws -> Schema {
        guard let json = JSONParser.parse(text), json["type"]?.string == "struct" else {
            throw ColumnarError.malformed(file: file, reason: "its schemaString is not a schema")
        }
        return Schema(try fields(json, file: file))
    }

    /// Adds fields to the end of a schema text; the rest stays as it is.
    static func appending(_ fields: [Field], to text: String, file: String) throws -> String {
        guard case .object(var members)? = JSONParser.parse(text),
            let index = members.firstIndex(where: { $0.name == "fields" }), let old = members[index].value.array
        else { throw ColumnarError.malformed(file: file, reason: "its schemaString is not a schema") }
        members[index].value = .array(old + fields.map(json))
        return JSON.object(members).text
    }

    /// The names of metadata keys that some field carries, such as `delta.invariants`.
    static func metadataKeys(_ text: String) -> Set<String> {
        var keys: Set<String> = []
        func visit(_ json: JSON) {
            for field in json["fields"]?.array ?? [] {
                for member in field["metadata"]?.members ?? [] { keys.insert(member.name) }
                if let type = field["type"] { visit(type) }
            }
            for name in ["elementType", "keyType", "valueType"] { if let type = json[name] { visit(type) } }
        }
        if let json = JSONParser.parse(text) { visit(json) }
        return keys
    }

    private static func json(_ fields: [Field]) -> JSON {
        .object(["type": .string("struct"), "fields": .array(fields.map(json))])
    }

    private static func json(_ field: Field) -> JSON {
        // Readers demand `metadata` on every field.
        .object([
            "name": .string(field.name), "type": json(field.type), "nullable": .bool(field.nullable),
            "metadata": .object([JSON.Member]()),
        ])
    }

    private static func json(_ type: ColumnType) -> JSON {
        switch type {
        case .list(let element, let nullable):
            .object([
                "type": .string("array"), "elementType": json(element), "containsNull": .bool(nullable),
            ])
        case .map(let key, let value, let nullable):
            .object([
                "type": .string("map"), "keyType": json(key), "valueType": json(value),
                "valueContainsNull": .bool(nullable),
            ])
        case .structure(let fields): json(fields)
        default: .string(type.description)
        }
    }

    private static func fields(_ json: JSON, file: String) throws -> [Field] {
        guard let fields = json["fields"]?.array else {
            throw ColumnarError.malformed(file: file, reason: "a struct in its schemaString has no fields")
        }
        return try fields.map { field in
            guard let name = field["name"]?.string, let type = field["type"] else {
                throw ColumnarError.malformed(file: file, reason: "a field in its schemaString has no name or type")
            }
            return Field(
                name, try self.type(type, of: name, file: file), nullable: field["nullable"]?.bool ?? true)
        }
    }

    private static func type(_ json: JSON, of name: String, file: String) throws -> ColumnType {
        if let text = json.string {
            switch text {
            case "boolean": return .bool
            // Parquet stores the small integers as 32 bits too.
            case "integer", "short", "byte": return .int32
            case "long": return .int64
            case "float": return .float
            case "double": return .double
            case "string": return .string
            case "binary": return .binary
            case "date": return .date
            case "timestamp": return .timestamp
            case "timestamp_ntz": return .localTimestamp
            default: throw ColumnarError.unsupported(file: file, feature: "the type \(text) of column \(name)")
            }
        }
        switch json["type"]?.string {
        case "array":
            guard let element = json["elementType"] else { break }
            return .list(
                try type(element, of: name, file: file), elementNullable: json["containsNull"]?.bool ?? true)
        case "map":
            guard let key = json["keyType"], let value = json["valueType"] else { break }
            return .map(
                key: try type(key, of: name, file: file), value: try type(value, of: name, file: file),
                valueNullable: json["valueContainsNull"]?.bool ?? true)
        case "struct": return .structure(try fields(json, file: file))
        default: break
        }
        throw ColumnarError.malformed(file: file, reason: "column \(name) has no valid type in its schemaString")
    }
}
