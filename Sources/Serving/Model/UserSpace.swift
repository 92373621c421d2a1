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
    func nearest(to vector: [Float], count: Int, without user: UserIndex?) throws -> [(user: UserIndex, score: Float)] {
        let tastes = model.tasteColumns
        let length = vector.prefix(tastes).reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0, model.userCount > 0 else { return [] }
        let direction = vector.indices.map { $0 < tastes ? vector[$0] / length : 0 }
        var bitmap = ItemBitmap(itemCount: model.userCount)
        if let user { bitmap.insert(ItemIndex(user.position)) }
        return try directions.get().topK(direction, count: count, excluding: bitmap)
            .filter { $0.score > 0 }.map { (UserIndex($0.item.position), min(1, $0.score)) }
    }

    /// The users to whom the model would give an item the highest score. O(users × rank).
    /// - Parameter seen: whether those come back who had to do with the item already.
    func audience(of item: ItemIndex, count: Int, seen: Bool) throws -> [(user: UserIndex, score: Float)] {
        guard model.userCount > 0 else { return [] }
        let query = model.itemFactors.row(item.position)
        let packed = try rows.get()
        var depth = count
        while true {
            let found = packed.topK(query, count: depth).map { (user: UserIndex($0.item.position), score: $0.score) }
            let kept = seen ? found : found.filter { !model.history(of: $0.user).items.contains(item) }
            if kept.count >= count || found.count < depth || depth >= model.userCount {
                return Array(kept.prefix(count))
            }
            depth = min(model.userCount, depth * 4)
        }
    }
}
