internal import Domain
internal import HTTPServer
internal import Linalg
internal import Operations

extension OryxRoutes {
    /// What the model as a whole knows.
    var ofModel: [Route] {
        [
            get(
                "/oryx/mostPopularItems", "the items that most users like, with how many do.",
                parameters: Self.window, of: OryxShape.counts
            ) { request, _ in
                let window = try OryxWindow(request.query)
                return try rows(request) { popular(window, in: $0.state) }
            },
            get(
                "/oryx/mostActiveUsers", "the users who had to do with most items, with how many they were.",
                scope: .privacy, parameters: Self.window, of: OryxShape.counts
            ) { request, _ in
                let window = try OryxWindow(request.query)
                return try slowly(request) { active(window, in: $0) }
            },
            get(
                "/oryx/popularRepresentativeItems",
                "items unlike each other, the strongest of each factor of the model.", of: OryxShape.ids
            ) { request, _ in try slowly(request) { representative(of: $0) } },
            get("/oryx/user/allIDs", "the users that the model knows.", scope: .privacy, of: OryxShape.ids) {
                request, _ in
                try slowly(request) { state in
                    (0..<state.model.userCount).map { OryxRow.id(state.model.userID(UserIndex($0))) }
                }
            },
            get("/oryx/item/allIDs", "the items that the model knows.", of: OryxShape.ids) { request, _ in
                try slowly(request) { state in state.items.ids.prefix(state.items.modelCount).map { .id($0) } }
            },
            // A service without a model does not start.
            Route(
                .get, "/oryx/ready", "As Oryx: whether there is a model.", scope: .open,
                answers: [.text("text/plain", "There is one.")]
            ) { _, _ in .now(HTTPResponse(contentType: "text/plain; charset=utf-8")) },
        ]
    }

    /// Answers with what takes a look at the whole model, away from the threads of connections.
    private func slowly(
        _ request: HTTPRequest, _ make: @escaping @Sendable (ServingState) -> [OryxRow]
    ) throws -> HTTPReply {
        let form = try OryxForm(request)
        let state = service.pipeline().state
        return .later { [routes] in
            await routes.answering(request) {
                try await BlockingWork.run("oryx", priority: .low) { _ in form.response(make(state)) }
            }
        }
    }

    private func popular(_ window: OryxWindow, in state: ServingState) -> [OryxRow] {
        var rows: [OryxRow] = []
        var rest = window.offset
        for place in state.popularity.order {
            guard rows.count < window.howMany else { break }
            guard let item = state.items.modelIndex(place) else { continue }
            let likes = Int(state.model.popularity(of: item))
            guard likes > 0 else { continue }
            if rest > 0 { rest -= 1 } else { rows.append(.counted(state.items.ids[Int(place)], likes)) }
        }
        return rows
    }

    private func active(_ window: OryxWindow, in state: ServingState) -> [OryxRow] {
        let model = state.model
        var counts: [(user: Int, items: Int)] = []
        counts.reserveCapacity(model.userCount)
        for user in 0..<model.userCount { counts.append((user, model.historyCount(of: UserIndex(user)))) }
        counts.sort { a, b in a.items == b.items ? a.user < b.user : a.items > b.items }
        return counts.dropFirst(window.offset).prefix(window.howMany).map { row in
            OryxRow.counted(model.userID(UserIndex(row.user)), row.items)
        }
    }

    /// No item twice.
    private func representative(of state: ServingState) -> [OryxRow] {
        let model = state.model
        var taken = state.hidden.bitmap ?? ItemBitmap(itemCount: model.itemCount)
        var rows: [OryxRow] = []
        for taste in 0..<model.tasteColumns {
            var unit = [Float](repeating: 0, count: model.itemFactors.columns)
            unit[taste] = 1
            guard let best = model.packedItems.topK(unit, count: 1, excluding: taken).first else { break }
            taken.insert(best.item)
            rows.append(.id(model.itemID(best.item)))
        }
        return rows
    }
}
