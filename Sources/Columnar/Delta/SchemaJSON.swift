/// Delta's schema as JSON text. Every field needs `metadata` and every array `containsNull`, or readers refuse.
enum SchemaJSON {
    static func text(of schema: Schema) throws -> String { try structure(schema.fields).text }

    private static func structure(_ fields: [Field]) throws -> JSON {
        .object([
            "type": .string("struct"),
            "fields": .array(
                try fields.map {
                    .object([
                        "name": .string($0.name), "type": try json(of: $0.type), "nullable": .bool($0.nullable),
                        "metadata": .object([]),
                    ])
                }),
        ])
    }

    private static func json(of type: ColumnType) throws -> JSON {
        switch type {
        case .list(let element, let nullable):
            .object([
                "type": .string("array"), "elementType": try json(of: element), "containsNull": .bool(nullable),
            ])
        case .map(let key, let value, let nullable):
            .object([
                "type": .string("map"), "keyType": try json(of: key), "valueType": try json(of: value),
                "valueContainsNull": .bool(nullable),
            ])
        case .structure(let fields): try structure(fields)
        case .localTimestamp:
            throw ColumnarError.schemaMismatch(reason: "timestamps without a zone cannot be stored in a table")
        default: .string(type.description)
        }
    }

    struct Parsed {
        var schema: Schema
        /// Something about a column that a writer must honour and this one cannot.
        var writeObstacle: String?
    }

    static func parse(_ text: String) throws -> Parsed {
        var obstacle: String?
        let json = try JSONParser.parse(text)
        guard case .structure(let fields) = try type(of: json, "the table", &obstacle) else {
            throw DecodingFault.malformed("the schema of the table is no struct")
        }
        return Parsed(schema: Schema(fields), writeObstacle: obstacle)
    }

    private static func type(of json: JSON, _ name: String, _ obstacle: inout String?) throws -> ColumnType {
        if let text = json.string { return try primitive(text, name) }
        switch json["type"]?.string {
        case "struct":
            let fields = try (json["fields"]?.array ?? []).map { field in
                guard let inner = field["name"]?.string, let type = field["type"] else {
                    throw DecodingFault.malformed("a field of the schema has no name or type")
                }
                for member in field["metadata"]?.members ?? [] {
                    switch member.key {
                    case "delta.invariants", "delta.generationExpression", "delta.identity.start", "CURRENT_DEFAULT":
                        obstacle = "\(member.key) on column \(inner)"
                    default: break
                    }
                }
                return Field(
                    inner, try self.type(of: type, inner, &obstacle), nullable: field["nullable"]?.bool ?? true)
            }
            return .structure(fields)
        case "array":
            guard let element = json["elementType"] else { throw DecodingFault.malformed("an array has no type") }
            return .list(try type(of: element, name, &obstacle), elementNullable: json["containsNull"]?.bool ?? true)
        case "map":
            guard let key = json["keyType"], let value = json["valueType"] else {
                throw DecodingFault.malformed("a map has no types")
            }
            return .map(
                key: try type(of: key, name, &obstacle), value: try type(of: value, name, &obstacle),
                valueNullable: json["valueContainsNull"]?.bool ?? true)
        default: throw DecodingFault.malformed("the type of \(name) is unknown")
        }
    }

    private static func primitive(_ text: String, _ name: String) throws -> ColumnType {
        switch text {
        case "boolean": .bool
        case "byte", "short", "integer": .int32
        case "long": .int64
        case "float": .float
        case "double": .double
        case "string": .string
        case "binary": .binary
        case "date": .date
        case "timestamp": .timestamp
        case "timestamp_ntz": .localTimestamp
        default: throw DecodingFault.unsupported("the type \(text) in column \(name)")
        }
    }
}
