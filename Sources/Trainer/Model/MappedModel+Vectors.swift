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

extension MappedModel {
    /// Whether it has learned from somebody who does not allow that: then no other training may begin with it. O(users).
    public func hasLearned(against choices: any PersonalChoices) -> Bool {
        guard choices.revision != 0 else { return false }
        return (0..<userCount).contains {
            !choices.choice(of: userID(UserIndex(rawValue: Int32($0)))).allows(.training)
        }
    }
}
