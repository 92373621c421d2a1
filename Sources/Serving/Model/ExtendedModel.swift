internal import Domain
internal import Linalg
internal import Trainer

/// A model with rows for films that its training had no events of, predicted from what they are: to everything else they
/// are items as others, behind those of the model.
struct ExtendedModel: FactorModel {
    let trained: any FactorModel
    let films: NewFilms
    let itemFactors: Matrix
    let packedItems: PackedItems

    /// O(items × rank).
    init(_ trained: any FactorModel, _ films: NewFilms) throws {
        self.trained = trained
        self.films = films
        let (rows, rank) = (trained.itemFactors.rows, trained.itemFactors.columns)
        var matrix = try Matrix(rows: rows + films.films.count, columns: rank)
        trained.itemFactors.withUnsafeElements { from in
            matrix.withUnsafeMutableElements { to in
                if let base = from.baseAddress { to.baseAddress?.update(from: base, count: from.count) }
                for (film, row) in films.rows.enumerated() {
                    for t in 0..<rank { to[(rows + film) * rank + t] = row[t] }
                }
            }
        }
        itemFactors = matrix
        packedItems = try PackedItems(matrix, keepsRows: true)
    }

    var identity: ModelIdentity { trained.identity }
    var parameters: ALSParameters { trained.parameters }
    var weights: ConfidenceWeights { trained.weights }
    var itemCount: Int { itemFactors.rows }
    var tasteColumns: Int { trained.tasteColumns }
    var userCount: Int { trained.userCount }
    var blend: ModelBlend? { trained.blend }
    var content: ContentRidge? { trained.content }

    /// The equations are those of the training: a film without events adds nothing to them.
    func solver() throws -> UserSolver { try trained.solver().extended(to: itemFactors) }
    func userRows() throws -> Matrix { try trained.userRows() }
    func userID(_ user: UserIndex) -> String { trained.userID(user) }
    func userIndex(of id: String) -> UserIndex? { trained.userIndex(of: id) }
    func itemID(_ item: ItemIndex) -> String {
        item.position < trained.itemCount ? trained.itemID(item) : films.films[item.position - trained.itemCount].itemID
    }
    func vector(of user: UserIndex) -> [Float] { trained.vector(of: user) }
    func history(of user: UserIndex) -> (items: [ItemIndex], confidences: [Float]) { trained.history(of: user) }
    func kinds(of user: UserIndex) -> [EventKinds]? { trained.kinds(of: user) }
    func historyCount(of user: UserIndex) -> Int { trained.historyCount(of: user) }
    func lastEvent(of user: UserIndex) -> Timestamp { trained.lastEvent(of: user) }
    func popularity(of item: ItemIndex) -> Int32 {
        item.position < trained.itemCount ? trained.popularity(of: item) : 0
    }
}
