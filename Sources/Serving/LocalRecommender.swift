public import Catalog
public import Domain
public import Trainer

/// The lists of the service without the service: for the command line and for notebooks.
///
///     let recommender = try LocalRecommender(model: model, catalog: catalog, content: ContentIndex(catalog.movies))
///     let list = try await recommender.recommend(RecommendationQuery(userID: "u42", count: 10, explains: true))
public struct LocalRecommender: Sendable {
    /// One line of a list.
    public struct Item: Sendable {
        public var id: String
        /// nil if the catalogue does not know the item.
        public var title: String?
        public var year: Int?
        public var score: Double
        /// In words, the part of the score in front: `0.61 liked with Alien (1979)`. Empty unless asked for.
        public var reasons: [String]
    }

    /// The answer to one query: the items, best first, and what they were made from.
    public struct List: Sendable {
        public var model: ModelIdentity
        public var userState: UserState
        /// The parts that could not contribute, such as `content`.
        public var degraded: [String]
        public var items: [Item]
    }

    private let state: ServingState
    private let overlay: EventOverlay
    private let weights: BlendWeights?
    private let lookup: ContentLookup

    /// O(items × rank² + interactions).
    /// - Parameter weights: see ``ServingConfiguration/weights``.
    public init(
        model: MappedModel, catalog: CatalogSnapshot, content: any ContentSource,
        weights: BlendWeights? = nil, unknownItems: UnknownItems = .hide,
        contentDeadline: Duration = .seconds(2), choices: any PersonalChoices = NoObjections()
    ) throws {
        overlay = EventOverlay(choices: choices)
        state = try ServingState(model: model, catalog: catalog, content: content, unknownItems: unknownItems)
        self.weights = weights
        lookup = ContentLookup(deadline: contentDeadline)
    }

    /// The same list, scores and parts as the REST API gives for a user without newer events.
    /// - Throws: ``ServingError`` for a query that cannot be understood.
    public func recommend(_ query: RecommendationQuery) async throws -> List {
        let pipeline = Pipeline(state: state, overlay: overlay, weights: weights)
        let personal = try pipeline.prepare(query)
        let similar = await lookup.ask(personal.content, state)
        let list = pipeline.finish(personal, similar: similar)
        return List(
            model: state.model.identity, userState: personal.profile.state, degraded: list.degraded,
            items: list.items.map { item in
                let movie = state.items.movie(at: item.place)
                return Item(
                    id: state.items.ids[Int(item.place)], title: movie?.title, year: movie?.year.map(Int.init),
                    score: Double(item.score.total) / 1_000_000, reasons: item.reasons.map(words))
            })
    }

    private func words(_ reason: Reason) -> String {
        let part = (Double(reason.part) / 10_000).rounded() / 100
        switch reason.source {
        case .factors:
            guard let because = reason.because else { return "\(part) to your taste" }
            let title = state.items.movie(at: because)?.title ?? state.items.ids[Int(because)]
            return "\(part) liked with \(title)"
        case .content: return "\(part) like what you liked"
        case .popularity: return "\(part) popular"
        case .recent: return "\(part) popular lately"
        case .neighbours, .linear: return "\(part) liked along with what you liked"
        case .boost, .rule: return "\(part) \(reason.name ?? "by rule")"
        }
    }
}
