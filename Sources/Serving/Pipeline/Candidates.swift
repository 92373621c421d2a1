internal import Domain
internal import Linalg

/// What may come back at all.
struct Eligibility {
    let excluded: Set<Int32>
    private let hidden: HiddenItems
    /// The same for the model's items, as the top-k scan takes it.
    let bitmap: ItemBitmap?

    init(excluding places: some Sequence<Int32>, in state: ServingState) {
        excluded = Set(places)
        hidden = state.hidden
        guard !excluded.isEmpty else {
            bitmap = hidden.bitmap
            return
        }
        let count = state.items.modelCount
        var bitmap = hidden.bitmap ?? ItemBitmap(itemCount: count)
        for place in excluded where Int(place) < count { bitmap.insert(ItemIndex(rawValue: place)) }
        self.bitmap = bitmap
    }

    func allows(_ place: Int32) -> Bool { !hidden.contains(place) && !excluded.contains(place) }
}

/// What each source proposes, best first, all of it eligible.
struct Candidates {
    var factors: [(place: Int32, score: Float)] = []
    var content: [(place: Int32, score: Float)] = []
    /// Enough of the most popular that `min(n, eligible)` items can come back whatever the others found.
    var popular: [Int32] = []

    /// How deep to ask a source for a list of `count`: what one source ranks lower than this cannot win much.
    static func depth(for count: Int) -> Int { max(100, 2 * count) }

    /// - Parameters:
    ///   - packed: the factors to scan, of the model or of unit length.
    ///   - similar: what content similarity answered; excluded items are dropped.
    init(
        state: ServingState, vector: [Float]?, packed: PackedItems, similar: SimilarItems, eligibility: Eligibility,
        count: Int
    ) {
        if let vector {
            factors = packed.topK(vector, count: Self.depth(for: count), excluding: eligibility.bitmap)
                .map { (place: $0.item.rawValue, score: $0.score) }
        }
        content = similar.items.filter { eligibility.allows($0.place) }
    }

    mutating func addPopular(_ count: Int, state: ServingState, eligibility: Eligibility) {
        popular.reserveCapacity(count)
        for place in state.popularity.order where eligibility.allows(place) {
            guard popular.count < count else { break }
            popular.append(place)
        }
    }
}

extension Matrix {
    /// ⟨row, vector⟩. O(columns).
    func dot(row: Int, _ vector: [Float]) -> Float {
        withRow(row) { row in
            var sum: Float = 0
            for i in 0..<min(row.count, vector.count) { sum += row[i] * vector[i] }
            return sum
        }
    }
}
