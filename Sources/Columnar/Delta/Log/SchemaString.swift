/// A table's schema as the log keeps it: JSON in Spark's form. Delta protocol, "Schema serialization format".
enum SchemaString {
    static func text(of schema: Schema) -> String { json(schema.fields).text }

    /// The columns that can be read, and those that cannot by name, each with what it uses.
    /// - Throws: ``ColumnarError`` if the text is no schema.
    static func schema(_ text: String, file: String) throws -> (readable: Schema, unsupported: [String: String]) {
        guard let json = JSONParser.parse(text), json["type"]?.string == "struct", let columns = json["fields"]?.array
        else { throw ColumnarError.malformed(file: file, reason: "its schemaString is not a schema") }
        try naming(file) { try checkNames(columns) }
        var fields: [Field] = []
        var unsupported: [String: String] = [:]
        for column in columns {
            do {
                fields.append(try naming(file) { try field(column) })
            } catch ColumnarError.unsupported(_, let feature) {
                if let name = column["name"]?.string { unsupported[name] = feature }
            }
        }
        return (Schema(fields), unsupported)
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

    private static func fields(_ json: JSON) throws -> [Field] {
        guard let fields = json["fields"]?.array else {
            throw DecodingFault.malformed("a struct in its schemaString has no fields")
        }
        try checkNames(fields)
        return try fields.map(field)
    }

    /// Whoever asks for one of two by its name might get either.
    private static func checkNames(_ fields: [JSON]) throws {
        var names: Set<[UInt8]> = []
        for case let name? in fields.map({ $0["name"]?.string }) where !names.insert(Array(name.utf8)).inserted {
            throw DecodingFault.malformed("two columns are called \(name) in its schemaString")
        }
    }

    private static func field(_ json: JSON) throws -> Field {
        guard let name = json["name"]?.string, let type = json["type"] else {
            throw DecodingFault.malformed("a field in its schemaString has no name or type")
        }
        return Field(name, try self.type(type, of: name), nullable: json["nullable"]?.bool ?? true)
    }

    private static func type(_ json: JSON, of name: String) throws -> ColumnType {
        if let text = json.string {
            return try primitive(text) ?? { throw DecodingFault.unsupported("the type \(text) in column \(name)") }()
        }
        switch json["type"]?.string {
        case "array":
            guard let element = json["elementType"] else { break }
            return .list(try type(element, of: name), elementNullable: json["containsNull"]?.bool ?? true)
        case "map":
            guard let key = json["keyType"], let value = json["valueType"] else { break }
            return .map(
                key: try type(key, of: name), value: try type(value, of: name),
                valueNullable: json["valueContainsNull"]?.bool ?? true)
        case "struct": return .structure(try fields(json))
        case let kind?: throw DecodingFault.unsupported("the type \(kind) in column \(name)")
        case nil: break
        }
        throw DecodingFault.malformed("column \(name) has no valid type in its schemaString")
    }

    /// Nil if there is no such type here.
    private static func primitive(_ text: String) -> ColumnType? {
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
        case "decimal": return .decimal(precision: 10, scale: 0)
        default: break
        }
        let pieces = text.split(whereSeparator: { "(,) ".contains($0) })
        guard text.hasSuffix(")") else { return nil }
        switch pieces.first {
        case "char" where pieces.count == 2, "varchar" where pieces.count == 2: return .string
        case "decimal" where pieces.count == 3:
            guard let precision = Int(pieces[1]), (1...DecimalNumber.maximumPrecision).contains(precision),
                let scale = Int(pieces[2]), (0...precision).contains(scale)
            else { return nil }
            return .decimal(precision: precision, scale: scale)
        default: return nil
        }
    }
}
