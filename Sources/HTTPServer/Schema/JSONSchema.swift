/// What a value may be: the part of JSON Schema 2020-12 that describes parameters, bodies and answers here.
///
/// It is written once and used three times: the router checks parameters with it, `/openapi.json` shows it, and tests hold
/// answers to it. Objects have the members that are named and no others, so that an answer with a field that nobody
/// wrote down is found.
///
///     .object(["id": .identifier, "rank": .integer(1...500)], optional: ["title": .nullable(.text())])
public indirect enum JSONSchema: Sendable, Hashable {
    case any
    case null
    case boolean
    case integer(ClosedRange<Int> = Int.min...Int.max)
    /// A finite number.
    case number(ClosedRange<Double> = -Double.infinity...Double.infinity)
    /// A text; `bytes` counts UTF-8. `pattern` (ECMA-262) and `format` are shown to clients, and checked by who reads it.
    case text(bytes: ClosedRange<Int> = 0...Int.max, pattern: String? = nil, format: String? = nil)
    /// One of these texts.
    case choice([String])
    /// An array; in a query its elements stand comma-separated.
    case list(JSONSchema, count: ClosedRange<Int> = 0...Int.max, isUnique: Bool = false)
    /// An object; `others` are members of any further name.
    case members([Member], others: JSONSchema?)
    case either([JSONSchema])
    /// A schema that is shown once under its name, and referred to.
    case named(String, JSONSchema)
    case described(JSONSchema, String)

    /// A member of an object.
    public struct Member: Sendable, Hashable {
        public let name: String
        public let schema: JSONSchema
        public let isRequired: Bool

        public init(name: String, schema: JSONSchema, isRequired: Bool) {
            self.name = name
            self.schema = schema
            self.isRequired = isRequired
        }
    }

    // MARK: Often used

    /// An object with these members and no others.
    /// - Parameters:
    ///   - required: by name, those that are always there.
    ///   - optional: those that may be left out.
    public static func object(
        _ required: KeyValuePairs<String, JSONSchema>, optional: KeyValuePairs<String, JSONSchema> = [:]
    ) -> JSONSchema {
        .members(
            required.map { Member(name: $0.key, schema: $0.value, isRequired: true) }
                + optional.map { Member(name: $0.key, schema: $0.value, isRequired: false) }, others: nil)
    }

    /// An object whose members have any name, and values of one kind.
    public static func map(of values: JSONSchema) -> JSONSchema { .members([], others: values) }

    /// The value, or null where it is not known or not given.
    public static func nullable(_ schema: JSONSchema) -> JSONSchema { .either([schema, .null]) }

    /// RFC 3339, UTC.
    public static let time = JSONSchema.text(format: "date-time")

    /// Of a user, an item, an event: 1 to 256 bytes of UTF-8 without control characters.
    public static let identifier = JSONSchema.text(
        bytes: 1...256, pattern: withoutControlCharacters, format: "identifier")

    /// The pattern of such texts.
    public static let withoutControlCharacters = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"

    /// The same schema with words that say what the value means.
    public func meaning(_ text: String) -> JSONSchema { .described(self, text) }

    /// Its members beside further ones: for answers that add to what others have.
    /// - Precondition: it is an object.
    public func with(
        _ required: KeyValuePairs<String, JSONSchema>, optional: KeyValuePairs<String, JSONSchema> = [:]
    ) -> JSONSchema {
        let added = JSONSchema.object(required, optional: optional)
        guard case .members(let mine, let others) = bare, case .members(let more, _) = added else {
            preconditionFailure("only an object has members")
        }
        return .members(mine + more, others: others)
    }

    /// Without its name and its description.
    var bare: JSONSchema {
        switch self {
        case .named(_, let schema), .described(let schema, _): schema.bare
        default: self
        }
    }
}
