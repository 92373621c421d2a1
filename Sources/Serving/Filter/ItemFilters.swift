internal import Catalog
internal import Domain
internal import Linalg
internal import Operations
internal import Synchronization

/// The places that a filter lets through. Made once for a state, a text and its values, and shared by requests.
final class FilterSelection: Sendable {
    let text: FilterText
    /// What it asks of a film, for those who search elsewhere.
    let filter: FilmFilter
    /// Of all places, those that match and that some list may show.
    let places: ItemBitmap
    /// The rest of the model's items, as the top-k scan takes it.
    let excludedItems: ItemBitmap
    /// How many places match.
    let count: Int
    /// What ``FilterParts`` knows of it.
    let standing = Mutex(FilterParts.Standing())
    private let translation = Mutex<(for: any AnyObject & Sendable, places: ItemBitmap)?>(nil)

    init(_ places: ItemBitmap, modelCount: Int, by text: FilterText, _ filter: FilmFilter) {
        self.text = text
        self.filter = filter
        self.places = places
        excludedItems = places.prefix(modelCount).complement()
        count = places.count
    }

    func contains(_ place: Int32) -> Bool { places.contains(ItemIndex(rawValue: place)) }

    /// The same set by the numbers of somebody else, made once for each who asks.
    func translated(for other: any AnyObject & Sendable, _ make: () -> ItemBitmap) -> ItemBitmap {
        if let known = translation.withLock({ $0 }), known.for === other { return known.places }
        let places = make()
        translation.withLock { $0 = (other, places) }
        return places
    }
}

/// Answers filters for the films of one state.
///
///     let selection = try state.filters.select(text)
///
/// What was asked for lately is remembered: the text's meaning, and what it selects with which values.
final class ItemFilters: Sendable {
    private let columns: FilterColumns
    private let hidden: ItemBitmap?
    private let modelCount: Int
    private let hasFilms: Bool
    private let parsed = RecentlyUsed<ExactText, ParsedFilter>(capacity: 512)
    private let selected: RecentlyUsed<FilterText, FilterSelection>
    let parts = FilterParts()

    /// Selections take a quarter of a byte an item and entry: with this, 16 MB at a million items.
    private static let capacity = 64

    /// O(items / 32).
    /// - Parameters:
    ///   - ids: by place; the first `modelCount` are the model's items.
    ///   - hidden: places that no list shows.
    ///   - hasFilms: whether there is a catalogue.
    init(
        ids: [String], modelCount: Int, hidden: ItemBitmap?, hasFilms: Bool,
        movie: @escaping @Sendable (_ place: Int32) -> Movie?
    ) {
        columns = FilterColumns(ids: ids, movie: movie)
        self.hidden = hidden?.complement()
        self.modelCount = modelCount
        self.hasFilms = hasFilms
        selected = RecentlyUsed(capacity: Self.capacity)
    }

    /// The places a filter lets through, without those that no list shows. A dictionary look-up for a filter that was
    /// asked lately; else O(items) a condition.
    /// - Throws: ``FilterError``.
    func select(_ filter: FilterText) throws(FilterError) -> FilterSelection {
        if let selection = selected[filter] { return selection }
        let bound = try parse(filter.expression).bound(to: filter.parameters)
        // Without films every filter on their fields would come back empty, and nobody would know why.
        guard hasFilms else { throw .noCatalogue }
        var places = columns.places(bound)
        if let shown = hidden { places.formIntersection(shown) }
        let selection = FilterSelection(places, modelCount: modelCount, by: filter, bound)
        selected[filter] = selection
        return selection
    }

    private func parse(_ text: String) throws(FilterError) -> ParsedFilter {
        if let known = parsed[ExactText(text)] { return known }
        let new = try ParsedFilter(text)
        parsed[ExactText(text)] = new
        return new
    }
}
