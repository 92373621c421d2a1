internal import Domain

/// The description of an interface as OpenAPI 3.1 has it, made from the routes that answer it.
///
/// Made once: O(routes). What every route may answer (a request that is no request, a server that is stopping) stands once,
/// under `components/responses`, and is referred to.
public struct OpenAPIDocument: Sendable {
    /// The document, UTF-8.
    public let json: [UInt8]

    /// What the document says beside its routes.
    public struct About: Sendable {
        public var title: String
        public var version: String
        public var description: String
        /// Whether requests need a key: then each operation names its scope, 401, 403 and 429.
        public var needsKeys: Bool

        public init(title: String, version: String, description: String, needsKeys: Bool = false) {
            self.title = title
            self.version = version
            self.description = description
            self.needsKeys = needsKeys
        }
    }

    /// Writes the description of `routes`, once: O(routes).
    public init(_ about: About, routes: [Route]) {
        var writer = OpenAPIWriter(about: about)
        json = writer.document(routes)
    }
}

private struct OpenAPIWriter {
    let about: OpenAPIDocument.About
    private var names: [String: JSONSchema] = [:]

    init(about: OpenAPIDocument.About) { self.about = about }

    mutating func document(_ routes: [Route]) -> [UInt8] {
        let paths = Dictionary(grouping: routes, by: \.pattern).sorted { $0.key < $1.key }
        var json = JSONWriter(capacity: 65_536)
        json.object { json in
            json.field("openapi", "3.1.0")
            json.name("info")
            json.object {
                $0.field("title", about.title)
                $0.field("version", about.version)
                $0.field("description", about.description)
                $0.name("license")
                $0.object {
                    $0.field("name", "Apache-2.0")
                    $0.field("identifier", "Apache-2.0")
                }
            }
            json.name("servers")
            json.array { $0.object { $0.field("url", "/") } }
            json.name("tags")
            json.array {
                for tag in Set(routes.map(\.family)).sorted() { $0.object { $0.field("name", tag) } }
            }
            json.name("paths")
            json.object {
                for (pattern, routes) in paths {
                    // A rest is one parameter to those who describe interfaces.
                    $0.name(text: pattern.replacing("...}", with: "}"))
                    $0.object {
                        for route in routes.sorted(by: { "\($0.method)" < "\($1.method)" }) {
                            $0.name(text: "\(route.method)".lowercased())
                            write(route, to: &$0)
                        }
                    }
                }
            }
            json.name("components")
            writeComponents(to: &json)
        }
        return json.bytes
    }

    // MARK: Operations

    private mutating func write(_ route: Route, to json: inout JSONWriter) {
        json.object {
            $0.field("operationId", route.operationID)
            $0.field("summary", route.summary)
            $0.field("tags", [route.family])
            if route.scope != .open { $0.field("x-scope", route.scope.rawValue) }
            $0.name("parameters")
            $0.array {
                for parameter in route.path { write(parameter, in: "path", to: &$0) }
                for parameter in route.parameters { write(parameter, in: "query", to: &$0) }
                for header in route.headers { write(header, in: "header", to: &$0) }
            }
            if let body = route.body { write(body, to: &$0) }
            $0.name("responses")
            $0.object { writeAnswers(of: route, to: &$0) }
            if about.needsKeys {
                $0.name("security")
                $0.array {
                    guard route.scope != .open else { return }
                    for scheme in ["bearer", "apiKey"] {
                        $0.object {
                            $0.name(text: scheme)
                            $0.array { $0.value(route.scope.rawValue) }
                        }
                    }
                }
            }
        }
    }

    private mutating func write(_ parameter: Route.Parameter, in place: String, to json: inout JSONWriter) {
        json.object {
            $0.field("name", parameter.name)
            $0.field("in", place)
            $0.field("description", parameter.meaning)
            if parameter.isRequired || place == "path" { $0.field("required", true) }
            if case .list = parameter.schema.bare, place == "query" {
                $0.field("style", "form")
                $0.field("explode", false)
            }
            $0.name("schema")
            write(parameter.schema, default: parameter.default, to: &$0)
        }
    }

    private mutating func write(_ schema: JSONSchema, default value: JSONValue?, to json: inout JSONWriter) {
        guard let value else { return schema.write(to: &json, naming: &names) }
        json.object {
            schema.writeMembers(to: &$0, naming: &names)
            $0.name("default")
            $0.value(value)
        }
    }

    private mutating func write(_ body: Route.Body, to json: inout JSONWriter) {
        json.name("requestBody")
        json.object {
            $0.field("required", body.isRequired)
            $0.name("content")
            write(body.content, to: &$0)
        }
    }

    private mutating func write(_ content: [(type: String, schema: JSONSchema)], to json: inout JSONWriter) {
        json.object {
            for (type, schema) in content {
                $0.name(text: type)
                $0.object {
                    $0.name("schema")
                    schema.write(to: &$0, naming: &names)
                }
            }
        }
    }

    // MARK: Answers

    private mutating func writeAnswers(of route: Route, to json: inout JSONWriter) {
        for answer in route.answers {
            json.name(text: "\(answer.status)")
            json.object {
                $0.field("description", answer.meaning)
                $0.name("headers")
                $0.object {
                    writeCommonHeaders(of: route, answer.status, to: &$0)
                    for header in answer.headers {
                        $0.name(text: header.name)
                        Self.writeHeader(header.meaning, to: &$0)
                    }
                }
                guard !answer.content.isEmpty else { return }
                $0.name("content")
                write(answer.content, to: &$0)
            }
        }
        for (status, codes) in problems(of: route) {
            json.name(text: "\(status)")
            json.object {
                $0.field("description", "\(HTTPProblem.title(of: status)): \(codes.joined(separator: ", ")).")
                $0.name("headers")
                $0.object {
                    writeCommonHeaders(of: route, status, to: &$0)
                }
                $0.name("content")
                $0.object {
                    $0.name("application/problem+json")
                    $0.object {
                        $0.name("schema")
                        JSONSchema.named("Problem", HTTPProblem.schema).write(to: &$0, naming: &names)
                    }
                }
            }
        }
    }

    /// Headers that answers of a status have whatever their route is.
    private func writeCommonHeaders(of route: Route, _ status: Int, to json: inout JSONWriter) {
        for header in Self.commonHeaders where header.isSent(route, status, about.needsKeys) {
            json.name(text: header.name)
            json.object { $0.field("$ref", "#/components/headers/\(header.component)") }
        }
    }

    private struct CommonHeader {
        let name: String
        let component: String
        let meaning: String
        let isSent: @Sendable (_ route: Route, _ status: Int, _ needsKeys: Bool) -> Bool
    }

    private static let commonHeaders: [CommonHeader] =
        [
            CommonHeader(
                name: "X-Request-Id", component: "RequestId",
                meaning: "By which the log knows the request: the one that was sent, or a new one."
            ) { _, _, _ in true },
            CommonHeader(
                name: "WWW-Authenticate", component: "WWWAuthenticate",
                meaning: "What kind of key is asked for (RFC 6750, 3)."
            ) { route, status, needsKeys in needsKeys && route.scope != .open && [401, 403].contains(status) },
            CommonHeader(
                name: "Retry-After", component: "RetryAfter", meaning: "Seconds after which to ask again."
            ) { _, status, _ in [429, 503].contains(status) },
        ]
        + [
            ("RateLimit", "What is left to the key, and the seconds until its bucket is full; of a key with a rate."),
            ("RateLimit-Policy", "How many requests may come at once, and the seconds in which the bucket fills."),
            ("RateLimit-Limit", "How many requests may come at once."),
            ("RateLimit-Remaining", "How many requests are left."),
            ("RateLimit-Reset", "Seconds until the bucket is full."),
        ].map { name, meaning in
            CommonHeader(name: name, component: name.filter { $0 != "-" }, meaning: meaning) {
                // What is refused before the key is known, or for want of one, does not count.
                route, status, needsKeys in
                needsKeys && route.scope != .open && ![401, 408, 414, 431, 501, 505].contains(status)
            }
        }

    private func problems(of route: Route) -> [(status: Int, codes: [String])] {
        let answered = Set(route.answers.map(\.status))
        let all = Set(route.problems + route.alwaysPossible(needsKeys: about.needsKeys))
        return Dictionary(grouping: all, by: \.status).filter { !answered.contains($0.key) }
            .map { (status: $0.key, codes: $0.value.map(\.code).sorted()) }.sorted { $0.status < $1.status }
    }

    // MARK: Components

    private mutating func writeComponents(to json: inout JSONWriter) {
        json.object {
            $0.name("headers")
            $0.object {
                for header in Self.commonHeaders {
                    $0.name(text: header.component)
                    Self.writeHeader(header.meaning, to: &$0)
                }
            }
            if about.needsKeys {
                $0.name("securitySchemes")
                $0.object { Self.writeSecuritySchemes(to: &$0) }
            }
            $0.name("schemas")
            $0.object {
                for (name, schema) in names.sorted(by: { $0.key < $1.key }) {
                    $0.name(text: name)
                    schema.write(to: &$0, naming: &names)
                }
            }
        }
    }

    private static func writeHeader(_ meaning: String, to json: inout JSONWriter) {
        json.object {
            $0.field("description", meaning)
            $0.name("schema")
            $0.object { $0.field("type", "string") }
        }
    }

    private static func writeSecuritySchemes(to json: inout JSONWriter) {
        json.name("bearer")
        json.object {
            $0.field("type", "http")
            $0.field("scheme", "bearer")
            $0.field("description", "A key of `marquee keys create`, with the scope that the operation names.")
        }
        json.name("apiKey")
        json.object {
            $0.field("type", "apiKey")
            $0.field("in", "header")
            $0.field("name", "X-API-Key")
            $0.field("description", "The same key in another header.")
        }
    }
}
