import Catalog
import Domain
import Linalg
import Testing

@testable import Serving

/// A state with random factors, histories and films; every item is within the depth of each source, so that a list can
/// be compared with one made over all items.
struct RandomState {
    let model: SmallModel
    let state: ServingState
    let overlay = EventOverlay()

    init(seed: UInt64, id: String = "m1") throws {
        var random = SeededGenerator(seed: seed)
        var model = try SmallModel(id: id)
        let factors = (0..<model.itemCount * SmallModel.rank).map { _ in Float(random.uniform() - 0.4) }
        model.itemFactors = try Matrix(rows: model.itemCount, columns: SmallModel.rank, elements: factors)
        model.packedItems = try PackedItems(model.itemFactors)
        model.userFactors = model.users.map { _ in (0..<SmallModel.rank).map { _ in Float(random.uniform() - 0.3) } }
        model.histories = model.users.map { _ in
            (0..<Int32(model.itemCount)).filter { _ in random.below(5) == 0 }
                .map { ($0, Float(random.uniform() * 4 - 1)) }
        }
        let genres = ["Drama", "Crime", "Comedy", "War"]
        let words = ["robot", "village", "summer", "galaxy", "letter", "train", "winter", "opera"]
        let films = model.catalog.movies.filter { _ in random.below(12) > 0 }.map { film in
            var film = film
            film.genres = genres.filter { _ in random.below(2) == 0 }
            film.keywords = words.filter { _ in random.below(4) == 0 }
            film.overview = (0..<6).map { _ in words[random.below(words.count)] }.joined(separator: " ")
            film.year = Int32(1950 + random.below(90))
            return film
        }
        let catalog = CatalogSnapshot(films)
        self.model = model
        state = try ServingState(model: model, catalog: catalog, content: ContentIndex(catalog.movies))
    }

    var pipeline: Pipeline { Pipeline(state: state, overlay: overlay, weights: BlendWeights()) }

    /// A list that is made at once.
    func list(_ pending: Pipeline.Pending) throws -> RecommendationList {
        let lookup = ContentLookup(deadline: .seconds(1))
        let similar = try #require(lookup.immediately(pending.content, state))
        return try pending.finish(similar, try pending.more.map { try #require(lookup.immediately($0, state)) })
    }

    func personal(_ user: String, _ request: ListRequest) throws -> RecommendationList {
        try list(try pipeline.personal(of: user, try ListPage(request, of: "users/\(user)")))
    }

    /// Every item that may come, by score: what the formula over all items gives (`PipelineTests.bruteForce`).
    func everything(_ user: String, excludeSeen: RecommendationQuery.ExcludeSeen = .interacted) throws
        -> [RecommendedItem]
    {
        var request = ListRequest()
        request.count = 500
        request.excludeSeen = excludeSeen
        return try personal(user, request).items
    }

    /// A request with some of everything.
    func randomRequest(_ random: inout SeededGenerator) -> ListRequest {
        var request = ListRequest()
        request.count = 1 + random.below(45)
        request.excludeSeen = random.below(2) == 0 ? .none : .interacted
        if random.below(2) == 0 {
            request.excludedIDs = state.items.ids.filter { _ in random.below(5) == 0 } + ["no such item"]
        }
        if random.below(3) == 0 { request.diversity = Float(random.uniform()) }
        if random.below(3) == 0 { request.exploration = Float(random.uniform()) }
        if random.below(3) == 0 { request.minimumScore = Int32(random.below(600_000)) }
        request.seed = UInt64(random.below(1000))
        request.explain = .summary
        return request
    }
}

extension RecommendationList {
    var places: [Int32] { items.map(\.place) }
}
