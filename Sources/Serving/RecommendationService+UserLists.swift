public import Catalog
internal import Domain
internal import Synchronization
internal import Trainer

/// A list of the service as a value: for what carries lists elsewhere.
public struct UserList: Sendable {
    /// One line of it.
    public struct Item: Sendable {
        public var id: String
        /// nil if the catalogue does not know the item.
        public var title: String?
        public var score: Double
        /// JSON: the parts of the score, as the REST API writes them; an empty array unless asked for.
        public var reasons: [UInt8]
    }

    public var modelID: String
    /// The parts that could not contribute, such as `content`.
    public var degraded: [String]
    /// Best first.
    public var items: [Item]
}

extension RecommendationService {
    /// The list that `GET /v1/users/{user}/recommendations` would give at this moment. Nothing of it is kept.
    /// - Throws: ``ServingError`` for a query that cannot be understood.
    public func list(_ query: RecommendationQuery) async throws -> UserList {
        let pipeline = pipeline()
        let personal = try pipeline.prepare(query)
        let similar: SimilarItems
        if let known = contentLookup.immediately(personal.content, pipeline.state) {
            similar = known
        } else {
            similar = await contentLookup.ask(personal.content, pipeline.state)
        }
        let list = finished(pipeline.finish(personal, similar: similar))
        let items = list.state.items
        return UserList(
            modelID: list.state.model.identity.id, degraded: list.degraded,
            items: list.items.map { item in
                UserList.Item(
                    id: items.ids[Int(item.place)], title: items.movie(at: item.place)?.title,
                    score: Double(item.score.total) / 1_000_000, reasons: Self.json(item.reasons, of: list.state))
            })
    }

    /// The films in service, and a number that grows with each change of them.
    public var films: (number: Int, snapshot: CatalogSnapshot) { catalogue.withLock { ($0.number, $0.snapshot) } }

    private static func json(_ reasons: [Reason], of state: ServingState) -> [UInt8] {
        var json = JSONWriter(capacity: 200)
        json.array { json in
            for reason in reasons { json.object { reason.write(of: state, to: &$0) } }
        }
        return json.bytes
    }
}
