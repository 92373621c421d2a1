internal import Domain
internal import Linalg

/// What may come back at all.
struct Eligibility {
    let excluded: Set<Int32>
    private let hidden: HiddenItems
    /// By place, what a filter lets through; nil without one.
    private let allowed: ItemBitmap?
    /// What may not come back of the model's items, as the top-k scan takes it.
    let bitmap: ItemBitmap?

    /// O(excluded), and O(items / 32) with a filter.
    init(excluding places: some Sequence<Int32>, allowing allowed: ItemBitmap? = nil, in state: ServingState) {
        excluded = Set(places)
        hidden = state.hidden
        self.allowed = allowed
        guard !excluded.isEmpty || allowed != nil else {
            bitmap = hidden.bitmap
            return
        }
        let count = state.items.modelCount
        var bitmap = hidden.bitmap ?? ItemBitmap(itemCount: count)
        for place in excluded where Int(place) < count { bitmap.insert(ItemIndex(rawValue: place)) }
        if let allowed { bitmap.formUnion(allowed.prefix(count).complement()) }
        self.bitmap = bitmap
    }

    func allows(_ place: Int32) -> Bool {
        guard !hidden.contains(place), !excluded.contains(place) else { return false }
        return allowed?.contains(ItemIndex(rawValue: place)) ?? true
    }
}

/// What a request says about single items, worked out for one state.
struct ListRules: Sendable {
    /// Places of `exclude_ids`.
    var excluded: [Int32] = []
    /// By place, what the filter lets through; nil without one.
    var allowed: ItemBitmap?
    var boosts: [Boost] = []

    /// By place, which items a boost is for.
    struct Boost: Sendable {
        var places: ItemBitmap
        var factor: Float
        var name: String
    }

    /// - Throws: for a filter that cannot be understood.
    init(_ request: ListRequest, in state: ServingState) throws(ServingError) {
        guard request.filter != nil || !request.boosts.isEmpty || !request.excludedIDs.isEmpty else { return }
        excluded = request.excludedIDs.compactMap(state.items.place(of:))
        if let filter = request.filter { allowed = try state.places(matching: filter) }
        for boost in request.boosts {
            boosts.append(
                Boost(places: try state.places(matching: boost.filter), factor: boost.factor, name: boost.name))
        }
    }
}

extension ServingState {
    /// By place, the items that a filter is true of.
    func places(matching filter: FilterText) throws(ServingError) -> ItemBitmap {
        throw .badParameter(name: "filter", value: filter.expression, allowed: "left out")
    }
}
