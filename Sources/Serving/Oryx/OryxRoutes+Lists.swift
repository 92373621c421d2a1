internal import Domain
internal import HTTPServer
internal import Trainer

extension OryxRoutes {
    /// Lists of items that the pipeline makes.
    var ofLists: [Route] {
        [
            get(
                "/oryx/recommend/{user}", "what a known user may like.", parameters: Self.personalWindow,
                of: OryxShape.scores, problems: [.userNotFound(id: "")]
            ) { request, path in
                try list(request, isPersonal: true) { pipeline, page in
                    try pipeline.pending(pipeline.prepare(profile(of: path[0], in: pipeline), page))
                }
            },
            get(
                "/oryx/recommendToMany/{users...}", "one list for several known users.",
                parameters: Self.personalWindow, of: OryxShape.scores, problems: [.userNotFound(id: "")]
            ) { request, path in
                try list(request, isPersonal: true) { pipeline, page in
                    let profiles = try path.map { try profile(of: $0, in: pipeline) }
                    return try pipeline.pending(pipeline.prepare(UserProfile(mean: profiles), page))
                }
            },
            get(
                "/oryx/recommendToAnonymous/{items...}",
                "what somebody may like who is only known by items, each as item or item=strength.",
                path: [Self.weighedItems], parameters: Self.window, of: OryxShape.scores
            ) { request, path in try recommendToAnonymous(request, path) },
            withContext("/oryx/recommendWithContext/{user}"),
            withContext("/oryx/recommendWithContext/{user}/{items...}"),
            get(
                "/oryx/similarity/{items...}", "items like others, by the cosine of their factors.",
                parameters: Self.window, of: OryxShape.scores, problems: [.itemNotFound(id: "")]
            ) { request, path in
                try list(request, leavingOut: path) { pipeline, page in
                    let places = try path.map { try routes.found($0, in: pipeline.state) }
                    return try pipeline.similar(to: places, method: .factors, page)
                }
            },
        ]
    }

    private func recommendToAnonymous(_ request: HTTPRequest, _ path: [String]) throws -> HTTPReply {
        let state = service.pipeline().state
        let context = try OryxStrength.read(path, in: state)
        guard context.contains(where: { state.items.place(of: $0.itemID) != nil }) else {
            throw ServingError.badParameter(
                name: "items", value: path.joined(separator: "/"), allowed: "items of which one is known at least")
        }
        return try list(request, leavingOut: context.map(\.itemID)) { pipeline, page in
            let profile = UserProfile(of: nil, with: context, in: pipeline.state, overlay: pipeline.overlay)
            return try pipeline.pending(pipeline.prepare(profile, page))
        }
    }

    /// The items of the context never come back, whatever `considerKnownItems` says.
    private func withContext(_ pattern: String) -> Route {
        get(
            pattern, "what a known user may like, as if they had also met some items.", path: [Self.weighedItems],
            parameters: Self.personalWindow, of: OryxShape.scores, problems: [.userNotFound(id: "")]
        ) { request, path in
            let context = try OryxStrength.read(path.dropFirst(), in: service.pipeline().state)
            return try list(request, leavingOut: context.map(\.itemID), isPersonal: true) { pipeline, page in
                // A stranger stays one, whatever the context.
                _ = try profile(of: path[0], in: pipeline)
                return try pipeline.pending(pipeline.prepare(profile(of: path[0], with: context, in: pipeline), page))
            }
        }
    }
}

/// A step of a path that is `item` or `item=strength`, as an event that nobody stores.
enum OryxStrength {
    /// - Throws: ``ServingError`` for a strength that is no number, and for identifiers that cannot be.
    static func read(
        _ path: some Sequence<String>, in state: ServingState
    ) throws(ServingError) -> [EventOverlay.Fresh] {
        var events: [EventOverlay.Fresh] = []
        for step in path {
            var (item, strength) = (step, Float(1))
            // An identifier may have the sign in it.
            if state.items.place(of: step) == nil, let sign = step.firstIndex(of: "=") {
                item = String(step[..<sign])
                strength = try number(String(step[step.index(after: sign)...]))
            }
            let (kind, value) = event(of: strength, in: state)
            events.append(
                EventOverlay.Fresh(
                    itemID: try Parameters.identifier(item, what: "item"), kind: kind, value: value, at: .now))
        }
        return events
    }

    /// What a strength comes to in the terms of the model: stars where it was trained on stars, else a liking of −1 to 1.
    static func event(of strength: Float, in state: ServingState) -> (kind: EventKind, value: Float) {
        state.model.weights.counts(.like)
            ? (.like, min(1, max(-1, strength))) : (.review, min(5, max(0.5, strength)))
    }

    static func number(_ text: String) throws(ServingError) -> Float {
        guard let number = Float(text), number.isFinite else {
            throw .badParameter(name: "strength", value: text, allowed: "a number")
        }
        return number
    }
}

extension UserProfile {
    /// Several users as one: the mean of what the factors know of them, and all that any of them had to do with.
    /// - Precondition: there is one at least.
    init(mean profiles: [UserProfile]) {
        self = profiles[0]
        guard profiles.count > 1 else { return }
        let vectors = profiles.compactMap(\.vector)
        if let first = vectors.first {
            vector = first.indices.map { t in vectors.reduce(0) { $0 + $1[t] } / Float(vectors.count) }
        }
        seen = Set(profiles.flatMap(\.seen)).sorted()
        var weights: [Int32: Float] = [:]
        for like in profiles.flatMap(\.likes) { weights[like.place, default: 0] += like.weight / Float(profiles.count) }
        likes = weights.map { (place: $0.key, weight: $0.value) }.sorted { $0.place < $1.place }
        // In turns, so that everybody's newest are among them.
        var mixed: [Int32] = []
        let seeds = profiles.map(\.seeds)
        for rank in 0..<Self.maximumSeeds {
            for theirs in seeds where rank < theirs.count && !mixed.contains(theirs[rank]) {
                mixed.append(theirs[rank])
            }
        }
        newest = Array(mixed.prefix(Self.maximumSeeds))
        degraded = Set(profiles.flatMap(\.degraded)).sorted()
    }
}
