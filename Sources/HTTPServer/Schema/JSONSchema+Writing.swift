internal import Domain

extension JSONSchema {
    /// The schema as JSON Schema 2020-12 writes it; what has a name is referred to and collected.
    func write(to json: inout JSONWriter, naming names: inout [String: JSONSchema]) {
        json.object { writeMembers(to: &$0, naming: &names) }
    }

    /// The members of the schema, inside of an object that is open.
    func writeMembers(to json: inout JSONWriter, naming names: inout [String: JSONSchema]) {
        switch self {
        case .any: break
        case .null: json.field("type", "null")
        case .boolean: json.field("type", "boolean")
        case .integer(let range):
            json.field("type", "integer")
            if range.lowerBound != .min { json.field("minimum", range.lowerBound) }
            if range.upperBound != .max { json.field("maximum", range.upperBound) }
        case .number(let range):
            json.field("type", "number")
            if range.lowerBound.isFinite { json.field("minimum", range.lowerBound) }
            if range.upperBound.isFinite { json.field("maximum", range.upperBound) }
        case .text(let bytes, let pattern, let format):
            json.field("type", "string")
            if bytes.lowerBound > 0 { json.field("minLength", 1) }
            if bytes.upperBound != .max { json.field("maxLength", bytes.upperBound) }
            if let pattern { json.field("pattern", pattern) }
            if let format { json.field("format", format) }
        case .choice(let words):
            json.field("type", "string")
            json.field("enum", words)
        case .list(let element, let count, let isUnique):
            json.field("type", "array")
            if count.lowerBound > 0 { json.field("minItems", count.lowerBound) }
            if count.upperBound != .max { json.field("maxItems", count.upperBound) }
            if isUnique { json.field("uniqueItems", true) }
            json.name("items")
            element.write(to: &json, naming: &names)
        case .members(let members, let others): Self.write(members, others, to: &json, naming: &names)
        case .either(let schemas):
            json.name("anyOf")
            json.array { for schema in schemas { schema.write(to: &$0, naming: &names) } }
        case .named(let name, let schema):
            json.field("$ref", "#/components/schemas/\(name)")
            guard names.updateValue(schema, forKey: name) == nil else { return }
            // For the names inside of it.
            var unused = JSONWriter()
            schema.write(to: &unused, naming: &names)
        case .described(let schema, let text):
            schema.writeMembers(to: &json, naming: &names)
            json.field("description", text)
        }
    }

    private static func write(
        _ members: [Member], _ others: JSONSchema?, to json: inout JSONWriter, naming names: inout [String: JSONSchema]
    ) {
        json.field("type", "object")
        if !members.isEmpty {
            json.name("properties")
            json.object {
                for member in members {
                    $0.name(text: member.name)
                    member.schema.write(to: &$0, naming: &names)
                }
            }
            let required = members.filter(\.isRequired).map(\.name)
            if !required.isEmpty { json.field("required", required) }
        }
        json.name("additionalProperties")
        if let others { others.write(to: &json, naming: &names) } else { json.value(false) }
    }
}
