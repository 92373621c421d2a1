internal import Catalog
internal import Domain
internal import Linalg

/// What may come back at all.
struct Eligibility {
    /// What may not come back whatever a filter lets through: what is hidden, excluded, or outside of its window of
    /// availability. By place; nil if that is nothing.
    private let barred: ItemBitmap?
    /// What a filter lets through; nil without one.
    private let selection: FilterSelection?
    /// What may not come back of the model's items, as the top-k scan takes it.
    let bitmap: ItemBitmap?

    /// O(items / 32 + excluded).
    /// - Parameters:
    ///   - places: of items that must not come back.
    ///   - selection: what a filter lets through; nil: everything.
    ///   - now: when it is, for films that may be shown only at some times.
    init(
        excluding places: some Collection<Int32>, allowing selection: FilterSelection? = nil, in state: ServingState,
        at now: Timestamp = .now
    ) {
        self.selection = selection
        let closed = state.availability?.closed(at: now)
        guard !places.isEmpty || closed != nil else {
            barred = state.hidden.places
            bitmap = selection?.excludedItems ?? state.hidden.bitmap
            return
        }
        let (count, models) = (state.items.count, state.items.modelCount)
        var barred = state.hidden.places ?? ItemBitmap(itemCount: count)
        if let closed { barred.formUnion(closed) }
        for place in places where Int(place) < count { barred.insert(ItemIndex(rawValue: place)) }
        self.barred = barred
        var ofModel = count == models ? barred : barred.prefix(models)
        if let unwanted = selection?.excludedItems { ofModel.formUnion(unwanted) }
        bitmap = ofModel
    }

    /// One or two bits looked up: every source asks this of everything it has.
    func allows(_ place: Int32) -> Bool {
        let item = ItemIndex(rawValue: place)
        return selection?.contains(place) != false && barred?.contains(item) != true
    }
}

/// What a request says about single items, worked out for one state.
struct ListRules: Sendable {
    /// Places of `exclude_ids`.
    var excluded: [Int32] = []
    /// What the filter lets through; nil without one.
    var allowed: FilterSelection?
    var boosts: [Boost] = []

    /// By place, which items a boost is for.
    struct Boost: Sendable {
        var places: ItemBitmap
        var factor: Float
        var name: String
    }

    /// - Parameter taken: what is somewhere else already, such as in another rail of a page.
    /// - Throws: for a filter that cannot be understood.
    init(_ request: ListRequest, excluding taken: [Int32] = [], in state: ServingState) throws(ServingError) {
        excluded = taken
        guard request.filter != nil || !request.boosts.isEmpty || !request.excludedIDs.isEmpty else { return }
        excluded += request.excludedIDs.compactMap(state.items.place(of:))
        if let filter = request.filter { allowed = try state.select(filter) }
        for boost in request.boosts {
            do throws(FilterError) {
                let selection = try state.filters.select(boost.filter)
                boosts.append(Boost(places: selection.places, factor: boost.factor, name: boost.name))
            } catch {
                throw .badBoost(error)
            }
        }
    }
}

extension ListRules {
    /// Lets through only what another filter lets through, too.
    mutating func restrict(to selection: FilterSelection, in state: ServingState) {
        guard let allowed else {
            self.allowed = selection
            return
        }
        var places = allowed.places
        places.formIntersection(selection.places)
        // Told apart by both texts; the values of the second under names that no expression can have.
        let (first, second) = (allowed.text, selection.text)
        var text = FilterText(
            expression: "(\(first.expression)) and (\(second.expression))", parameters: first.parameters)
        for (name, value) in second.parameters { text.parameters["and \(name)"] = value }
        self.allowed = FilterSelection(
            places, modelCount: state.items.modelCount, by: text, allowed.filter.and(selection.filter))
    }
}

extension ServingState {
    /// The items that a filter is true of.
    /// - Throws: ``ServingError/badFilter(_:)``.
    func select(_ filter: FilterText) throws(ServingError) -> FilterSelection {
        do {
            return try filters.select(filter)
        } catch {
            throw .badFilter(error)
        }
    }
}
