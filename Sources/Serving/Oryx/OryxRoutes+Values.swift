internal import Domain
internal import HTTPServer

extension OryxRoutes {
    /// Numbers about given items, and the items of one user's past.
    var ofValues: [Route] {
        [
            get(
                "/oryx/similarityToItem/{item}/{items...}",
                "the cosines of one item with others, in their order; 0 for one that is not known.",
                of: OryxShape.numbers, problems: [.itemNotFound(id: "")]
            ) { request, path in
                try rows(request) { pipeline in
                    let state = pipeline.state
                    let to = try routes.found(path[0], in: state)
                    let direction = state.items.modelIndex(to).flatMap(state.direction(of:))
                    return path.dropFirst().map { id in
                        OryxRow.number(direction.map { cosine(of: id, $0, state) } ?? 0)
                    }
                }
            },
            get(
                "/oryx/estimate/{user}/{items...}",
                "how strongly a known user would take to items, in their order; 0 for one that is not known.",
                of: OryxShape.numbers, problems: [.userNotFound(id: "")]
            ) { request, path in
                try rows(request) { pipeline in
                    let vector = try profile(of: path[0], in: pipeline).vector
                    return path.dropFirst().map { OryxRow.number(estimate(of: $0, vector, pipeline.state)) }
                }
            },
            get(
                "/oryx/estimateForAnonymous/{item}/{items...}",
                "how strongly somebody would take to an item who is only known by others.", path: [Self.weighedItems],
                of: .number(), problems: [.itemNotFound(id: "")]
            ) { request, path in
                let form = try OryxForm(request)
                let pipeline = service.pipeline()
                _ = try routes.found(path[0], in: pipeline.state)
                let context = try OryxStrength.read(path.dropFirst(), in: pipeline.state)
                let profile = UserProfile(of: nil, with: context, in: pipeline.state, overlay: pipeline.overlay)
                return .now(form.response(number: estimate(of: path[0], profile.vector, pipeline.state)))
            },
            get(
                "/oryx/because/{user}/{item}",
                "which items of a user's past are most like an item, by the cosine of their factors.",
                parameters: Self.window, of: OryxShape.scores, problems: [.userNotFound(id: "")]
            ) { request, path in
                let window = try OryxWindow(request.query)
                return try rows(request) { pipeline in
                    let state = pipeline.state
                    let item = try routes.found(path[1], in: state)
                    let known = try profile(of: path[0], in: pipeline).seen
                    guard let direction = state.items.modelIndex(item).flatMap(state.direction(of:)) else {
                        return [OryxRow]()
                    }
                    return cut(known, window, in: state, by: >) { state.cosine($0, direction) }
                }
            },
            get(
                "/oryx/mostSurprising/{user}",
                "the items of a user's past that the model would have expected least, those first.",
                parameters: Self.window, of: OryxShape.scores, problems: [.userNotFound(id: "")]
            ) { request, path in
                let window = try OryxWindow(request.query)
                return try rows(request) { pipeline in
                    let profile = try profile(of: path[0], in: pipeline)
                    guard let vector = profile.vector else { return [OryxRow]() }
                    let factors = pipeline.state.model.itemFactors
                    return cut(profile.seen, window, in: pipeline.state, by: <) {
                        factors.dot(row: $0.position, vector)
                    }
                }
            },
            get(
                "/oryx/knownItems/{user}", "the items that a user had to do with.", scope: .privacy, of: OryxShape.ids
            ) { request, path in
                let user = try Parameters.identifier(path[0], what: "user")
                return try rows(request) { pipeline in
                    UserProfile(of: user, in: pipeline.state, overlay: pipeline.overlay).seen
                        .map { OryxRow.id(pipeline.state.items.ids[Int($0)]) }
                }
            },
        ]
    }

    /// A part of the model's items among `places`, ordered by a value; equal ones by place.
    private func cut(
        _ places: [Int32], _ window: OryxWindow, in state: ServingState, by order: (Float, Float) -> Bool,
        _ value: (ItemIndex) -> Float
    ) -> [OryxRow] {
        var valued: [(place: Int32, value: Float)] = []
        for place in places {
            if let item = state.items.modelIndex(place) { valued.append((place, value(item))) }
        }
        valued.sort { a, b in a.value == b.value ? a.place < b.place : order(a.value, b.value) }
        return valued.dropFirst(window.offset).prefix(window.howMany).map { row in
            OryxRow.scored(state.items.ids[Int(row.place)], Double(row.value))
        }
    }

    private func cosine(of id: String, _ direction: [Float], _ state: ServingState) -> Double {
        guard let item = state.items.place(of: id).flatMap(state.items.modelIndex) else { return 0 }
        return Double(state.cosine(item, direction))
    }

    private func estimate(of id: String, _ vector: [Float]?, _ state: ServingState) -> Double {
        guard let vector, let item = state.items.place(of: id).flatMap(state.items.modelIndex) else { return 0 }
        return Double(state.model.itemFactors.dot(row: item.position, vector))
    }
}
