internal import Domain
internal import Linalg
internal import Trainer

/// What serves until the first model is promoted: it knows no item and no user, so lists are of the catalogue alone, by its
/// popularity and its words.
struct NoModel: FactorModel {
    let identity = ModelIdentity(id: "none", trainedAt: Timestamp(seconds: 0), dataVersion: nil)
    let parameters = ALSParameters(rank: 1)
    let weights = ConfidenceWeights()
    let itemFactors: Matrix
    let packedItems: PackedItems

    /// - Throws: never what anybody could mend; a `LinalgError`.
    init() throws {
        itemFactors = try Matrix(rows: 0, columns: 1)
        packedItems = try PackedItems(itemFactors)
    }

    var itemCount: Int { 0 }
    var userCount: Int { 0 }
    func userRows() throws -> Matrix { try Matrix(rows: 0, columns: 1) }
    func userIndex(of id: String) -> UserIndex? { nil }

    // Nobody has an index to ask for these by.
    func userID(_ user: UserIndex) -> String { "" }
    func itemID(_ item: ItemIndex) -> String { "" }
    func vector(of user: UserIndex) -> [Float] { [0] }
    func history(of user: UserIndex) -> (items: [ItemIndex], confidences: [Float]) { ([], []) }
    func kinds(of user: UserIndex) -> [EventKinds]? { nil }
    func lastEvent(of user: UserIndex) -> Timestamp { identity.trainedAt }
    func popularity(of item: ItemIndex) -> Int32 { 0 }
}
