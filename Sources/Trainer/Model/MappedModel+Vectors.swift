public import Domain
internal import Linalg

extension MappedModel {
    /// A copy of an item's row of the factors, ``rank`` numbers.
    public func itemVector(_ item: ItemIndex) -> [Float] {
        itemFactors.withRow(item.position) { row in (0..<row.count).map { row[$0] } }
    }

    /// A copy of a user's row of the factors, ``rank`` numbers: its product with an item's is what ranks the item.
    public func userVector(_ user: UserIndex) -> [Float] {
        userFactors.withRow(user.position) { row in (0..<row.count).map { row[$0] } }
    }
}
