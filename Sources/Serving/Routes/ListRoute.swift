internal import Domain
internal import HTTPServer

/// What one request asks of a list: the common parameters, those that only this list has, and the path.
struct ListCall: Sendable {
    let request: HTTPRequest
    /// What the pattern's parameters stand for, in order.
    let path: [String]
    let list: ListRequest
    fileprivate let others: [ParameterValue]

    /// A parameter that only this list has; nil if it was not given.
    func other(_ name: String) -> ParameterValue? { others.first { $0.name == name } }
}

extension Routes {
    /// The two routes of a list that is asked for without a body: `GET`, and `POST` to the same path and `/query` for
    /// what is too long for a path. Both give the same list.
    func list(
        _ pattern: String, _ summary: String, scope: Route.Scope = .read,
        taking parameters: [ListParameter] = ListParameter.ofEveryList, and others: [Route.Parameter] = [],
        _ answer: @escaping @Sendable (ListCall) throws -> HTTPReply
    ) -> [Route] {
        let names = others.map(\.name)
        return [
            Route(
                .get, pattern, summary, scope: scope, parameters: others + parameters.map(\.declared)
            ) { request, path in
                answering(request) {
                    let call = ListCall(
                        request: request, path: path, list: try ListRequest(query: request.query),
                        others: names.isEmpty
                            ? []
                            : request.query.parameters.filter { names.contains($0.name) }
                                .map { ParameterValue($0.name, query: $0.value) })
                    return try answer(call)
                }
            },
            Route(
                .post, pattern + "/query", "\(summary.dropLast()), as GET \(pattern) with its parameters in a body.",
                scope: scope
            ) { request, path in
                answering(request) {
                    var body = try RequestBody(request)
                    let others = names.compactMap { body.take($0) }
                    return try answer(
                        ListCall(
                            request: request, path: path, list: try ListRequest(body, taking: parameters),
                            others: others))
                }
            },
        ]
    }

    /// The route of a list that needs a body: its own members beside the common parameters.
    func list(
        posting pattern: String, _ summary: String, scope: Route.Scope = .read,
        taking parameters: [ListParameter] = ListParameter.ofEveryList,
        _ answer: @escaping @Sendable (HTTPRequest, [String], inout RequestBody) throws -> HTTPReply
    ) -> Route {
        Route(.post, pattern, summary, scope: scope) { request, path in
            answering(request) {
                var body = try RequestBody(request)
                return try answer(request, path, &body)
            }
        }
    }
}

extension ListParameter {
    /// As a route declares it.
    var declared: Route.Parameter { Route.Parameter(name: rawValue, meaning: meaning) }
}
