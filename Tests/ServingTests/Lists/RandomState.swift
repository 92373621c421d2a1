import Catalog
import Domain
import Linalg
import Testing

@testable import Serving

/// A state with random factors, histories and films; unless more items are asked for, every one is within the depth of each
/// source, so that a list can be compared with one made over all items.
struct RandomState {
    let model: SmallModel
    let state: ServingState
    let overlay = EventOverlay()

    init(seed: UInt64, id: String = "m1", perTaste: Int = 20) throws {
        var random = SeededGenerator(seed: seed)
        var model = try SmallModel(id: id, perTaste: perTaste)
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

    /// Filters with what they say, in code of their own.
    static let filters: [(text: FilterText, isTrue: @Sendable (Movie) -> Bool)] = [
        (FilterText(expression: #"genre = "Drama""#), { $0.genres.contains("Drama") }),
        (FilterText(expression: "year >= 1990"), { $0.year! >= 1990 }),
        (
            FilterText(expression: #"genre in ("War", "Crime") or year < 1960"#),
            { !Set($0.genres).isDisjoint(with: ["War", "Crime"]) || $0.year! < 1960 }
        ),
        (
            FilterText(
                expression: "genre = $g and year > $y", parameters: ["g": .text("Comedy"), "y": .number(1970)]),
            { $0.genres.contains("Comedy") && $0.year! > 1970 }
        ),
        (FilterText(expression: "year = 1"), { _ in false }),
    ]

    func isTrue(_ filter: FilterText, of place: Int32) -> Bool {
        let meaning = Self.filters.first { $0.text == filter }!.isTrue
        return state.items.movie(at: place).map(meaning) ?? false
    }

    /// Every item that a request leaves, by score: boosts and the lowest score are applied by hand to the scores without.
    func eligible(_ user: String, _ request: ListRequest) throws -> [(place: Int32, score: Int32)] {
        var plain = request
        plain.count = 500
        plain.boosts = []
        plain.minimumScore = nil
        plain.diversity = 0
        plain.exploration = 0
        let items = try personal(user, plain).items
        let excluded = Set(request.excludedIDs)
        let left = try everything(user, excludeSeen: request.excludeSeen).map(\.place).filter { place in
            !excluded.contains(state.items.ids[Int(place)]) && (request.filter.map { isTrue($0, of: place) } ?? true)
        }
        #expect(Set(items.map(\.place)) == Set(left) && items.count == left.count)
        return items.compactMap { item in
            var score = Double(item.score.total)
            for boost in request.boosts where isTrue(boost.filter, of: item.place) {
                score = min((score * Double(boost.factor)).rounded(), 1e9)
            }
            return score >= Double(request.minimumScore ?? 0) ? (item.place, Int32(score)) : nil
        }.sorted { a, b in a.score != b.score ? a.score > b.score : a.place < b.place }
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
        if random.below(2) == 0 { request.filter = Self.filters[random.below(Self.filters.count)].text }
        if random.below(3) == 0 {
            request.boosts = (0...random.below(3)).map { _ in
                .init(
                    filter: Self.filters[random.below(Self.filters.count)].text,
                    factor: [0, 0.3, 1, 1.7, 10][random.below(5)], name: "boost")
            }
        }
        request.seed = UInt64(random.below(1000))
        request.explain = .summary
        return request
    }
}

extension RecommendationList {
    var places: [Int32] { items.map(\.place) }
}
