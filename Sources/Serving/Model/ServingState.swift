internal import Catalog
internal import Domain
internal import Linalg
internal import Operations
internal import Synchronization
internal import Trainer

/// Everything that one answer is made from, immutable: a request takes the state in force once and uses no other, so
/// an answer is made by exactly one model however often models change meanwhile.
final class ServingState: Sendable {
    /// Of no other state of this process.
    let identity = ServingState.next.add(1, ordering: .relaxed).newValue
    private static let next = Atomic<UInt64>(0)
    /// What answers are made from: the model, with the films of the catalogue that are new to it.
    let model: any FactorModel
    let layout: ModelLayout
    /// Which catalogue it was laid out with: one that was kept can serve again while that is still the newest.
    let catalogueNumber: Int
    let content: any ContentSource
    /// What asks the index if it is in this process; nil for another service.
    let contentPlaces: ContentPlaces?
    /// Answers of an index in this process, which is as immutable as this state.
    let contentMemory = ContentMemory(capacity: 20_000)
    let items: ItemSpace
    /// What no list shows.
    let hidden: HiddenItems
    /// Which films may be shown only at some times; nil if none.
    let availability: Availability?
    /// What a filter lets through.
    let filters: ItemFilters
    let popularity: Popularity
    let popularPages = PopularPages()
    var foldIn: UserSolver { layout.foldIn }
    var users: UserSpace { layout.users }
    /// What is liked lately; nil of a model that has not learned what that is worth.
    let recent: RecentBoard?
    /// ``Popularity/scores`` on the scale of the learned blend; empty of a model that has none.
    let scaledPopularity: [Float]
    /// The films with a release date or year, newest first; of one day by place.
    var releases: [(day: Int32, place: Int32)] { releasesOnDemand.get() }
    private let releasesOnDemand: OnDemand<[(day: Int32, place: Int32)], Never>
    /// What they need of memory.
    var memory: ServingMemory { memoryOnDemand.get() }
    private let memoryOnDemand: OnDemand<ServingMemory, Never>
    /// `model` of every answer, written once.
    let modelJSON: [UInt8]

    /// Lays out a model. O(items × rank²): for a large one seconds, so never on a thread that answers requests.
    convenience init(
        model: any FactorModel, catalog: CatalogSnapshot, content: any ContentSource,
        unknownItems: UnknownItems = .hide, catalogueNumber: Int = 0
    ) throws {
        self.init(
            try ModelLayout(model, with: catalog), catalog: catalog, content: content, unknownItems: unknownItems,
            catalogueNumber: catalogueNumber)
    }

    /// O(items).
    /// - Parameter before: the state whose catalogue this one's is to follow; what has not changed is taken from it.
    init(
        _ layout: ModelLayout, catalog: CatalogSnapshot, content: any ContentSource,
        unknownItems: UnknownItems = .hide, catalogueNumber: Int = 0, before: ServingState? = nil
    ) {
        self.layout = layout
        model = layout.model
        let before = before?.layout === layout ? before : nil
        self.catalogueNumber = catalogueNumber
        self.content = content
        items = ItemSpace(model: model, catalog: catalog, before: before?.items)
        contentPlaces = (content as? ContentIndex).map { [items] in ContentPlaces($0, items) }
        modelJSON = Self.json(model.identity)
        hidden = HiddenItems(items: items, catalog: catalog, unknown: unknownItems)
        availability = Availability(items)
        filters = ItemFilters(
            ids: items.ids, modelCount: items.modelCount, hidden: hidden.places, hasFilms: catalog.isThere,
            movie: items.movie(at:))
        popularity = Popularity(model: model, items: items, hidden: hidden, before: before?.popularity)
        recent = model.blend.map { [items, hidden] in
            RecentBoard($0.recent, items: items, hidden: hidden, curve: $0.blend.curve(.recent))
        }
        scaledPopularity =
            model.blend.map { [popularity] in
                let curve = $0.blend.curve(.popularity)
                return popularity.scores.map { curve($0) }
            } ?? []
        memoryOnDemand = OnDemand { [items] in ServingMemory(layout, items) }
        releasesOnDemand = OnDemand { [items] in
            (0..<Int32(items.count)).compactMap { place in items.releaseDay(of: place).map { ($0, place) } }
                .sorted { $0.0 != $1.0 ? $0.0 > $1.0 : $0.1 < $1.1 }
        }
    }

    /// Whether the training had events of the item. Other films have factors by their content, if any.
    func isTrained(on id: String) -> Bool { items.place(of: id).map { Int($0) < layout.trained.itemCount } ?? false }

    /// The item's factors scaled to length 1; nil if it has none.
    func direction(of item: ItemIndex) -> [Float]? {
        let length = layout.lengths[item.position]
        guard length > 0 else { return nil }
        let row = model.itemFactors.row(item.position)
        return row.indices.map { $0 < model.tasteColumns ? row[$0] / length : 0 }
    }

    /// The cosine of an item's factors and `direction`, a vector of length 1; 0 if the item has none. O(rank).
    func cosine(_ item: ItemIndex, _ direction: [Float]) -> Float {
        let length = layout.lengths[item.position]
        return length > 0 ? model.itemFactors.dot(row: item.position, direction) / length : 0
    }

    private static func json(_ identity: ModelIdentity) -> [UInt8] {
        var json = JSONWriter(capacity: 128)
        json.object {
            $0.field("id", identity.id)
            $0.field("trained_at", identity.trainedAt.description)
            $0.name("data_version")
            if let version = identity.dataVersion { $0.value(Int(version)) } else { $0.null() }
        }
        return json.bytes
    }
}
