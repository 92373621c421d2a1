internal import Domain
internal import Linalg
internal import Operations

/// The users of a model, laid out to be searched. Beside the mapped file each layout takes as much memory as the user
/// factors do, so both are made only when somebody asks.
struct UserSpace: Sendable {
    private let model: any FactorModel
    /// Rows scaled to length 1, biases 0: for the cosine of two users.
    private let directions: OnDemand<PackedItems, any Error>
    /// Rows as they are: for what each thinks of an item.
    private let rows: OnDemand<PackedItems, any Error>

    init(_ model: any FactorModel) {
        self.model = model
        directions = OnDemand {
            var unit = try model.userRows()
            let tastes = model.tasteColumns
            for row in 0..<unit.rows {
                let length = (0..<tastes).reduce(Float(0)) { $0 + unit[row, $1] * unit[row, $1] }.squareRoot()
                for i in 0..<unit.columns { unit[row, i] = i < tastes && length > 0 ? unit[row, i] / length : 0 }
            }
            return try PackedItems(unit)
        }
        rows = OnDemand { try PackedItems(try model.userRows()) }
    }

    /// The users whose tastes point the same way, by cosine, above zero, without `user`. O(users × rank).
    /// - Parameter allows: who may come back at all: as many do as were asked for, if there are.
    func nearest(
        to vector: [Float], count: Int, without user: UserIndex?, where allows: (UserIndex) -> Bool
    ) throws -> [(user: UserIndex, score: Float)] {
        let tastes = model.tasteColumns
        let length = vector.prefix(tastes).reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0, model.userCount > 0 else { return [] }
        let direction = vector.indices.map { $0 < tastes ? vector[$0] / length : 0 }
        var bitmap = ItemBitmap(itemCount: model.userCount)
        if let user { bitmap.insert(ItemIndex(user.position)) }
        return first(count, of: try directions.get(), by: direction, excluding: bitmap, above: 0, where: allows)
            .map { ($0.user, min(1, $0.score)) }
    }

    /// The users to whom the model would give an item the highest score. O(users × rank).
    /// - Parameters:
    ///   - seen: whether those come back who had to do with the item already.
    ///   - allows: who may come back at all.
    func audience(
        of item: ItemIndex, count: Int, seen: Bool, where allows: (UserIndex) -> Bool
    ) throws -> [(user: UserIndex, score: Float)] {
        guard model.userCount > 0 else { return [] }
        return first(count, of: try rows.get(), by: model.itemFactors.row(item.position)) { user in
            (seen || !model.history(of: user).items.contains(item)) && allows(user)
        }
    }

    /// The best of those that are allowed: `min(count, allowed)` of them. Who is left out is not known before, so that where
    /// some are, more are looked at.
    private func first(
        _ count: Int, of packed: PackedItems, by query: [Float], excluding: ItemBitmap? = nil,
        above floor: Float = -.infinity, where allows: (UserIndex) -> Bool
    ) -> [(user: UserIndex, score: Float)] {
        var depth = count
        while true {
            let found = packed.topK(query, count: depth, excluding: excluding)
                .map { (user: UserIndex($0.item.position), score: $0.score) }
            let kept = found.filter { $0.score > floor && allows($0.user) }
            let isAll = found.count < depth || depth >= model.userCount || (found.last?.score ?? 0) <= floor
            if kept.count >= count || isAll { return Array(kept.prefix(count)) }
            depth = min(model.userCount, depth * 4)
        }
    }
}
