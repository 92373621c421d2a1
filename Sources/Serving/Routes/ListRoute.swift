internal import Catalog
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
    /// What a list may answer beside itself.
    static let ofLists = [
        Route.Problem(ServingError.itemNotFound(id: "")), Route.Problem(ServingError.badCursor),
        Route.Problem(ServingError.cursorOfAnotherList), Route.Problem(ServingError.cursorExpired),
    ]

    /// What a filter, a boost or their values may be refused for.
    static let ofFilters: [Route.Problem] = [
        FilterError.syntax(position: 0, found: "", expected: "", advice: ""), .unknownField(name: "", position: 0),
        .wrongType(field: "", position: 0, reason: "", advice: ""), .unusedParameter(name: ""),
        .tooLarge(what: "", limit: 0, position: nil), .noCatalogue,
    ].map { (error: FilterError) in Route.Problem(error) }

    /// What values of a body may be refused for; of a query the route says so itself.
    static let ofBodies = [
        Route.Problem(ServingError.badParameter(name: "", value: "", allowed: "")),
        Route.Problem(ServingError.badIdentifier(what: "", bytes: 0)),
        Route.Problem(ServingError.missingMember(name: "")),
    ]

    private static func problems(of parameters: [ListParameter]) -> [Route.Problem] {
        parameters.contains(.filter) ? ofFilters : []
    }

    /// The two routes of a list that is asked for without a body: `GET`, and `POST` to the same path and `/query` for
    /// what is too long for a path. Both give the same list.
    func list(
        _ pattern: String, _ summary: String, scope: Route.Scope = .read,
        taking parameters: [ListParameter] = ListParameter.ofEveryList, and others: [Route.Parameter] = [],
        answering shape: JSONSchema = Shape.list, problems: [Route.Problem] = Routes.ofLists,
        _ answer: @escaping @Sendable (ListCall) throws -> HTTPReply
    ) -> [Route] {
        let names = others.map(\.name)
        return [
            Route(
                .get, pattern, summary, scope: scope, parameters: others + parameters.map(\.declared),
                answers: [.json(shape)], problems: problems + Self.problems(of: parameters)
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
                scope: scope,
                body: ListParameter.body(
                    parameters,
                    and: others.map {
                        .init(
                            name: $0.name,
                            schema: ($0.isRequired ? $0.schema : .nullable($0.schema)).meaning($0.meaning),
                            isRequired: $0.isRequired)
                    }),
                answers: [.json(shape)],
                problems: problems + Self.problems(of: parameters) + Self.ofBodies
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
    /// - Parameter others: its own members.
    func list(
        posting pattern: String, _ summary: String, scope: Route.Scope = .read,
        taking parameters: [ListParameter] = ListParameter.ofEveryList, and others: [JSONSchema.Member],
        _ answer: @escaping @Sendable (HTTPRequest, [String], inout RequestBody) throws -> HTTPReply
    ) -> Route {
        Route(
            .post, pattern, summary, scope: scope, body: ListParameter.body(parameters, and: others),
            answers: [.json(Shape.list)],
            problems: Self.ofLists + Self.problems(of: parameters) + Self.ofBodies
        ) { request, path in
            answering(request) {
                var body = try RequestBody(request)
                return try answer(request, path, &body)
            }
        }
    }
}
