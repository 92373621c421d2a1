public import Domain

/// One user's list on its way out.
public struct DeliveredList: Sendable {
    /// One line of it.
    public struct Item: Sendable {
        public var itemID: String
        /// Nil if the catalogue does not know the item.
        public var title: String?
        /// Finite.
        public var score: Double
        /// JSON: the parts of the score.
        public var reasons: [UInt8]

        public init(itemID: String, title: String?, score: Double, reasons: [UInt8]) {
            self.itemID = itemID
            self.title = title
            self.score = score
            self.reasons = reasons
        }
    }

    public var userID: String
    /// Unique.
    public var recommendationID: String
    public var modelID: String
    public var generatedAt: Timestamp
    /// Best first.
    public var items: [Item]

    public init(
        userID: String, recommendationID: String, modelID: String, generatedAt: Timestamp, items: [Item]
    ) {
        self.userID = userID
        self.recommendationID = recommendationID
        self.modelID = modelID
        self.generatedAt = generatedAt
        self.items = items
    }
}

/// What views show of a film.
public struct DeliveredFilm: Sendable {
    public var itemID: String
    public var title: String
    public var year: Int?
    public var genres: [String]

    public init(itemID: String, title: String, year: Int?, genres: [String]) {
        self.itemID = itemID
        self.title = title
        self.year = year
        self.genres = genres
    }
}

/// Where lists come from. Calls block, and come from one thread at a time.
public protocol ListSource: Sendable {
    /// From now on lists know these events, if they did not yet.
    func remember(_ events: [Event])

    /// A fresh list for each of the users, in any order.
    func lists(for users: [String]) throws -> [DeliveredList]

    /// The films of the catalogue; nil if they are still those of this number.
    func films(unless number: Int?) -> (number: Int, films: [DeliveredFilm])?
}
