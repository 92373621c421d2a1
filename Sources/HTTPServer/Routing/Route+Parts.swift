public import Domain

extension Route {
    /// A parameter of the path or the query.
    public struct Parameter: Sendable {
        public let name: String
        /// What it decides, in a sentence.
        public let meaning: String
        public let schema: JSONSchema
        /// What holds if it is not given; nil if nothing does.
        public let `default`: JSONValue?
        public let isRequired: Bool

        /// - Parameter isRequired: whether a request without it is refused.
        public init(
            _ name: String, _ schema: JSONSchema, _ meaning: String, default: JSONValue? = nil, isRequired: Bool = false
        ) {
            self.name = name
            self.schema = schema
            self.meaning = meaning
            self.default = `default`
            self.isRequired = isRequired
        }
    }

    /// What a request carries.
    public struct Body: Sendable {
        /// Media types in lower case and what each holds; a request with another is refused.
        public let content: [(type: String, schema: JSONSchema)]
        /// Bytes, at most. The server has a limit of its own, which goes before.
        public let limit: Int
        /// Whether a request without one is refused.
        public let isRequired: Bool

        /// - Parameter content: what each media type holds, in lower case.
        public init(_ content: KeyValuePairs<String, JSONSchema>, limit: Int = .max, isRequired: Bool = true) {
            self.content = content.map { (type: $0.key, schema: $0.value) }
            self.limit = limit
            self.isRequired = isRequired
        }

        /// One JSON text.
        public static func json(_ schema: JSONSchema, limit: Int = .max, isRequired: Bool = true) -> Body {
            Body(["application/json": schema], limit: limit, isRequired: isRequired)
        }
    }

    /// What comes back when all is well.
    public struct Answer: Sendable {
        /// 200…399.
        public let status: Int
        /// In a sentence.
        public let meaning: String
        /// Media types and what each holds; empty if nothing comes back but the status.
        public let content: [(type: String, schema: JSONSchema)]
        /// Names of further headers, and what each says.
        public let headers: [(name: String, meaning: String)]

        /// - Parameter content: what each media type holds.
        public init(
            _ status: Int, _ content: KeyValuePairs<String, JSONSchema>, _ meaning: String = "It worked.",
            headers: KeyValuePairs<String, String> = [:]
        ) {
            self.status = status
            self.meaning = meaning
            self.content = content.map { (type: $0.key, schema: $0.value) }
            self.headers = headers.map { (name: $0.key, meaning: $0.value) }
        }

        /// A JSON text.
        public static func json(
            _ schema: JSONSchema, status: Int = 200, _ meaning: String = "It worked.",
            headers: KeyValuePairs<String, String> = [:]
        ) -> Answer {
            Answer(status, ["application/json": schema], meaning, headers: headers)
        }

        /// A text of another media type, such as `text/html` or `text/csv`; without parameters such as `charset`.
        public static func text(_ type: String = "text/plain", _ meaning: String = "It worked.") -> Answer {
            Answer(200, [type: .text()], meaning)
        }

        /// 204, nothing.
        public static func nothing(_ meaning: String = "It is done.") -> Answer { Answer(204, [:], meaning) }
    }

    /// An error that a route may answer, as problem+json.
    public struct Problem: Sendable, Hashable {
        public let status: Int
        public let code: String

        /// - Parameter code: the last part of the problem's `type`.
        public init(_ status: Int, _ code: String) {
            self.status = status
            self.code = code
        }

        /// What this fault becomes.
        public init(_ fault: any Fault) {
            let problem = HTTPProblem(fault)
            self.init(problem.status, problem.code)
        }
    }
}

extension Route.Parameter {
    /// The header of RFC 9110, 13.1.1.
    public static let ifMatch = Route.Parameter(
        "If-Match", .text(), "Entity tags, or `*`: 412 unless what is there has one of them.")
    /// The header of RFC 9110, 13.1.2.
    public static let ifNoneMatch = Route.Parameter(
        "If-None-Match", .text(),
        "Entity tags, or `*`: if what is there has one of them, 304 to whoever reads it, 412 to whoever changes it.")
}
