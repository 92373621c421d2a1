public import Domain
internal import Linalg
internal import Trainer

/// Which model made an answer.
public struct ModelIdentity: Hashable, Sendable {
    public var id: String
    public var trainedAt: Timestamp
    /// The version of the event table it was trained on; nil if it was trained on something else.
    public var dataVersion: Int64?
    /// When that version was committed; nil if that is not known.
    public var dataAt: Timestamp?

    public init(id: String, trainedAt: Timestamp, dataVersion: Int64?, dataAt: Timestamp? = nil) {
        self.id = id
        self.trainedAt = trainedAt
        self.dataVersion = dataVersion
        self.dataAt = dataAt
    }

    /// Whether it is of older data than another; where that is not known, whether it was trained before.
    func isOlder(than other: Self) -> Bool {
        guard let own = dataAt, let theirs = other.dataAt else { return trainedAt < other.trainedAt }
        return own < theirs
    }
}

/// What serving needs of a factor model. `MappedModel` is one; tests make small ones by hand.
protocol FactorModel: Sendable {
    var identity: ModelIdentity { get }
    /// With what settings it was trained: fold-in solves the same equations.
    var parameters: ALSParameters { get }
    /// How it weighed events: newer events are weighed alike.
    var weights: ConfidenceWeights { get }
    var itemCount: Int { get }
    /// The first columns of the factors that say what an item is like; behind them an explicit model has its bias.
    var tasteColumns: Int { get }
    /// items × rank.
    var itemFactors: Matrix { get }
    /// The same, laid out for exact top-k.
    var packedItems: PackedItems { get }

    /// Solves the row of a user with newer events.
    func solver() throws -> UserSolver
    var userCount: Int { get }
    /// users × rank, as the item factors have it.
    func userRows() throws -> Matrix
    func userID(_ user: UserIndex) -> String
    func userIndex(of id: String) -> UserIndex?
    func itemID(_ item: ItemIndex) -> String
    func vector(of user: UserIndex) -> [Float]
    /// The items of the user's training events, rising, with confidences: above zero liked, otherwise not.
    func history(of user: UserIndex) -> (items: [ItemIndex], confidences: [Float])
    /// By item of the history, of which kinds the events were; nil if the model does not say.
    func kinds(of user: UserIndex) -> [EventKinds]?
    /// How many items the history has.
    func historyCount(of user: UserIndex) -> Int
    /// The newest event of the user that went into the model.
    func lastEvent(of user: UserIndex) -> Timestamp
    /// How many users liked the item.
    func popularity(of item: ItemIndex) -> Int32
    /// How lists are mixed from their sources; nil if that was not learned.
    var blend: ModelBlend? { get }
    /// What predicts the factors of films without events; nil if that was not learned.
    var content: ContentRidge? { get }
    /// Which key the users' pseudonyms are of, by its digest; nil if it has identifiers as they are, or nobody can tell.
    var pseudonymKey: String? { get }
    /// Of the files that it reads in place; 0 if there are none.
    var mappedBytes: Int { get }
}

extension FactorModel {
    var tasteColumns: Int { itemFactors.columns }
    var blend: ModelBlend? { nil }
    var content: ContentRidge? { nil }
    var pseudonymKey: String? { nil }
    var mappedBytes: Int { 0 }
    func historyCount(of user: UserIndex) -> Int { history(of: user).items.count }
    /// See ``lastEvent(of:)``; nil for a user that it does not know.
    func lastEvent(ofUser id: String) -> Timestamp? { userIndex(of: id).map { lastEvent(of: $0) } }
    func solver() throws -> UserSolver { try UserSolver(itemFactors: itemFactors, parameters: parameters) }
}

extension MappedModel: FactorModel {
    func solver() throws -> UserSolver { try UserSolver(self) }
    var identity: ModelIdentity {
        ModelIdentity(
            id: manifest.id.rawValue, trainedAt: manifest.trainedAt, dataVersion: manifest.data.version,
            dataAt: manifest.data.committedAt)
    }
    var parameters: ALSParameters { manifest.parameters }
    var pseudonymKey: String? { manifest.data.pseudonymKey }
    var weights: ConfidenceWeights { manifest.weights }

    func userRows() -> Matrix { userFactors }
    func vector(of user: UserIndex) -> [Float] { userFactors.row(user.position) }
    func historyCount(of user: UserIndex) -> Int { withHistory(of: user) { items, _ in items.count } }
}

/// Where models come from. `ModelRegistry` is one. All calls block.
protocol ModelSource: Sendable {
    /// The promoted model, or nil if none is.
    func currentID() throws -> String?
    func open(_ id: String) throws -> any FactorModel
    /// - Throws: if none is promoted.
    func openCurrent() throws -> any FactorModel
}

extension ModelRegistry: ModelSource {
    func currentID() throws -> String? { try current()?.rawValue }
    /// Compares digests, too: it is read in the background, and a damaged one must not go into service.
    func open(_ id: String) throws -> any FactorModel { try open(find(id), verifying: true) }
    func openCurrent() throws -> any FactorModel { try openCurrent(verifying: true) }
}
