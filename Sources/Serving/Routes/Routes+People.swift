internal import Domain
internal import HTTPServer
internal import Trainer

extension Routes {
    /// Lists for people whom the request describes, and the people around a user or an item.
    var ofPeople: [Route] {
        [
            list(
                posting: "/v1/recommendations/anonymous",
                "What somebody may like who is only known by a basket or by genres; nothing of it is kept.",
                taking: ListParameter.ofPersonalList, and: [Shape.anonymousBasket, Shape.likedGenres]
            ) { request, _, body in
                let items = try body.take("items")?.basket()
                let genres = try body.take("genres")?.identifiers(1...20) ?? []
                guard items != nil || !genres.isEmpty else { throw ServingError.missingMember(name: "items") }
                let basket = items ?? []
                let list = try ListRequest(body, taking: ListParameter.ofPersonalList)
                let identity = "anonymous/\(basket.identity)/\(genres.map { "\($0.utf8.count):\($0)" }.joined())"
                return try answer(request, list, of: identity, isPersonal: true) { pipeline, page in
                    try pipeline.personal(of: nil, with: basket, liking: genres, page)
                }
            },
            list(
                posting: "/v1/users/{user}/recommendations/with-context",
                "What a user may like, with what they do just now; nothing of that is kept.",
                taking: ListParameter.ofPersonalList, and: [Shape.basket]
            ) { request, path, body in
                let user = try Parameters.identifier(path[0], what: "user")
                let basket = try body.require("items").basket()
                let list = try ListRequest(body, taking: ListParameter.ofPersonalList)
                return try answer(request, list, of: "context/\(basket.identity)/\(user)", isPersonal: true, user: user)
                {
                    pipeline, page in try pipeline.personal(of: user, with: basket, page)
                }
            },
            list(
                posting: "/v1/recommendations/group", "One list for several people.",
                taking: ListParameter.ofPersonalList,
                and: [
                    .init(
                        name: "users", schema: .list(.identifier, count: 1...20, isUnique: true), isRequired: true),
                    .init(
                        name: "aggregate", schema: .nullable(.choice(Pipeline.Aggregate.allCases.map(\.rawValue))),
                        isRequired: false),
                ]
            ) { request, _, body in
                let users = try body.require("users").identifiers(1...20)
                let aggregate = try body.take("aggregate")?.choice(Pipeline.Aggregate.self) ?? .mean
                let list = try ListRequest(body, taking: ListParameter.ofPersonalList)
                let identity = "group/\(aggregate.rawValue)/\(users.map { "\($0.utf8.count):\($0)" }.joined())"
                return try answer(request, list, of: identity, isPersonal: true) { pipeline, page in
                    try pipeline.group(users, aggregate, page)
                }
            },
        ]
            + list(
                "/v1/users/{user}/surprising", "What fits a user's taste and few people know.",
                taking: ListParameter.ofUsersList
            ) { call in
                let user = try Parameters.identifier(call.path[0], what: "user")
                return try answer(call.request, call.list, of: "surprising/\(user)", isPersonal: true, user: user) {
                    pipeline, page in
                    Pipeline.Pending(heavy: { try pipeline.surprising(of: user, page) })
                }
            }
            + [
                Route(
                    .get, "/v1/users/{user}/similar", "The users whose tastes are most like those of one.",
                    scope: .privacy, parameters: [ListParameter.count.declared], answers: [.json(Shape.users)]
                ) { request, path in answering(request) { try similarUsers(request, of: path[0]) } },
                Route(
                    .get, "/v1/items/{item}/users", "The users to whom an item would be recommended first.",
                    scope: .privacy,
                    parameters: [
                        ListParameter.count.declared,
                        Route.Parameter(
                            "exclude_seen", ListParameter.excludeSeen.schema(inBody: false),
                            "Whether to leave out who had to do with it.", default: "interacted"),
                    ], answers: [.json(Shape.users)], problems: [Route.Problem(ServingError.itemNotFound(id: ""))]
                ) { request, path in answering(request) { try audience(request, of: path[0]) } },
            ]
    }

    private func similarUsers(_ request: HTTPRequest, of user: String) throws -> HTTPReply {
        let user = try Parameters.identifier(user, what: "user")
        let count = try ListRequest(query: request.query).count
        let pipeline = service.pipeline()
        // It reads every user's row, and lays them out the first time.
        return .later {
            await answering(request) {
                let profile = UserProfile(of: user, in: pipeline.state, overlay: pipeline.overlay)
                let found = try profile.vector.map {
                    try pipeline.state.users.nearest(
                        to: $0, count: count, without: pipeline.state.model.userIndex(of: pipeline.overlay.known(user)),
                        where: mayBeNamed(in: pipeline.state))
                }
                return HTTPResponse(
                    headers: [("Cache-Control", "no-store")],
                    body: Answer.users(
                        found ?? [], of: pipeline.state, userState: profile.state, request: request))
            }
        }
    }

    /// Who does not object, and is not being erased.
    private func mayBeNamed(in state: ServingState) -> (UserIndex) -> Bool {
        { service.mayBeNamed(state.model.userID($0)) }
    }

    private func audience(_ request: HTTPRequest, of item: String) throws -> HTTPReply {
        let list = try ListRequest(query: request.query)
        let state = service.pipeline().state
        let place = try found(item, in: state)
        return .later {
            await answering(request) {
                let found = try state.items.modelIndex(place).map {
                    try state.users.audience(
                        of: $0, count: list.count, seen: list.excludeSeen == .none, where: mayBeNamed(in: state))
                }
                return HTTPResponse(
                    headers: [("Cache-Control", "no-store")],
                    body: Answer.users(found ?? [], of: state, userState: nil, request: request))
            }
        }
    }
}
