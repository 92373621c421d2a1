/// Finds the action for a method and path. Which routes there are is the caller's knowledge.
///
/// A pattern is a path whose segments are literal or, in braces, stand for any one segment: `/v1/items/{item}`. A
/// literal goes before a parameter, so `/v1/items/popular` and `/v1/items/{item}` live side by side. `{items...}` at the
/// end stands for one or more segments, where nothing else fits.
public struct HTTPRouter: HTTPHandler {
    /// Gets the request and the segments that the pattern's parameters stand for, in order.
    public typealias Action = @Sendable (HTTPRequest, [String]) -> HTTPReply

    private struct Node {
        var literals: [String: Int] = [:]
        var parameter: Int?
        /// Of `{name...}`.
        var rest: Int?
        var actions: [HTTPMethod: Action] = [:]
        var pattern = ""
    }

    /// What a path leads to. Copying it copies references.
    public struct Match: Sendable {
        /// The pattern, not the path: a bounded vocabulary for metrics.
        public let pattern: String
        fileprivate let actions: [HTTPMethod: Action]
        fileprivate let parameters: [String]
    }

    private var nodes = [Node()]

    public init() {}

    /// Adds a route. `HEAD` is answered by the action for `GET`, `OPTIONS` by the router.
    /// - Precondition: the pattern begins with a slash and has no other action for this method.
    public mutating func on(_ method: HTTPMethod, _ pattern: String, _ action: @escaping Action) {
        precondition(pattern.hasPrefix("/"), "a pattern begins with a slash")
        var node = 0
        for segment in pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: pattern == "/") {
            precondition(node == 0 || !isRest(node), "{…...} ends a pattern")
            let isParameter = segment.hasPrefix("{") && segment.hasSuffix("}")
            let isRest = isParameter && segment.hasSuffix("...}")
            let next =
                isRest
                ? nodes[node].rest : isParameter ? nodes[node].parameter : nodes[node].literals[String(segment)]
            if let next {
                node = next
            } else {
                nodes.append(Node())
                let added = nodes.count - 1
                if isRest {
                    nodes[node].rest = added
                } else if isParameter {
                    nodes[node].parameter = added
                } else {
                    nodes[node].literals[String(segment)] = added
                }
                node = added
            }
        }
        precondition(nodes[node].actions[method] == nil, "\(method) \(pattern) has an action")
        nodes[node].actions[method] = action
        nodes[node].pattern = pattern
    }

    private func isRest(_ node: Int) -> Bool { nodes.contains { $0.rest == node } }

    /// Every route, sorted by pattern: for a page that lists them.
    public var routes: [(method: HTTPMethod, pattern: String)] {
        nodes.flatMap { node in node.actions.keys.map { (method: $0, pattern: node.pattern) } }
            .sorted { ($0.pattern, $0.method.description) < ($1.pattern, $1.method.description) }
    }

    /// Where the path leads, whatever the method; nil if nowhere. O(segments), unless literals hide parameters.
    public func match(_ segments: [String]) -> Match? {
        var parameters: [String] = []
        guard let node = find(segments[...], from: 0, &parameters) else { return nil }
        return Match(pattern: nodes[node].pattern, actions: nodes[node].actions, parameters: parameters)
    }

    public func respond(to request: HTTPRequest) -> HTTPReply {
        guard let match = match(request.segments) else { return .now(Self.notFound(request)) }
        return respond(to: request, by: match)
    }

    /// The reply of a matched route: its action's, or 405 with `Allow`, or what `OPTIONS` asks for.
    public func respond(to request: HTTPRequest, by match: Match) -> HTTPReply {
        let method = request.method == .head ? .get : request.method
        if let action = match.actions[method] { return action(request, match.parameters) }
        var allowed = match.actions.keys.map(\.description)
        if match.actions[.get] != nil { allowed.append("HEAD") }
        allowed = (allowed + ["OPTIONS"]).sorted()
        let allow = (name: "Allow", value: allowed.joined(separator: ", "))
        if method == .options { return .now(HTTPResponse(status: 204, contentType: "", headers: [allow])) }
        let problem = HTTPProblem(
            status: 405, code: "method-not-allowed", detail: "\(match.pattern) does not take \(request.method).",
            advice: "Use one of \(allow.value).", headers: [allow])
        return .now(problem.response(requestID: request.id))
    }

    /// The 404 for a path that no pattern matches, as problem+json. For those, too, who match by themselves.
    public static func notFound(_ request: HTTPRequest) -> HTTPResponse {
        HTTPProblem(
            status: 404, code: "no-such-path", detail: "There is nothing at this path.",
            advice: "The root page / lists what there is."
        ).response(requestID: request.id)
    }

    private func find(_ segments: ArraySlice<String>, from node: Int, _ parameters: inout [String]) -> Int? {
        guard let first = segments.first else { return nodes[node].actions.isEmpty ? nil : node }
        let rest = segments.dropFirst()
        if let next = nodes[node].literals[first], let found = find(rest, from: next, &parameters) { return found }
        guard !first.isEmpty else { return nil }
        if let next = nodes[node].parameter {
            parameters.append(first)
            if let found = find(rest, from: next, &parameters) { return found }
            parameters.removeLast()
        }
        guard let next = nodes[node].rest, !segments.contains("") else { return nil }
        parameters += segments
        return next
    }
}
