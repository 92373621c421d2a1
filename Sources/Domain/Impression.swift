/// One item of a list that was shown to somebody.
public struct Impression: Hashable, Sendable {
    /// Unique for ever: a producer that sends the same impression twice sends the same identifier twice.
    public var impressionID: String
    /// The answer that the item was in.
    public var recommendationID: String
    /// Who saw it; nil for a list that was about nobody.
    public var userID: String?
    public var itemID: String
    /// The item's rank in the whole list, `1…`, pages before included.
    public var position: Int
    /// The model that made the list; nil if nobody said.
    public var modelID: String?
    /// The caller's name for the place where the list was shown.
    public var scenario: String?
    /// The probability with which the list had this item at this position, in `(0, 1]`; nil if it is not known. 1 where
    /// nothing was left to chance.
    public var propensity: Double?
    public var at: Timestamp
    /// ``answered`` for what a server wrote when it answered; else where it came from, such as `rest`.
    public var source: String

    /// The ``source`` of impressions that nobody reported: the list was answered, and may or may not have been seen.
    public static let answered = "answer"

    public init(
        impressionID: String, recommendationID: String, userID: String? = nil, itemID: String, position: Int,
        modelID: String? = nil, scenario: String? = nil, propensity: Double? = nil, at: Timestamp, source: String
    ) {
        self.impressionID = impressionID
        self.recommendationID = recommendationID
        self.userID = userID
        self.itemID = itemID
        self.position = position
        self.modelID = modelID
        self.scenario = scenario
        self.propensity = propensity
        self.at = at
        self.source = source
    }

    /// The identifier of an impression whose producer gave none: of one answer and position there is one from each source.
    public static func identifier(recommendationID: String, position: Int, source: String) -> String {
        "\(source)/\(recommendationID)/\(position)"
    }

    /// Bytes of an ``impressionID``: more than other identifiers have, since it may hold one.
    public static let maximumIDLength = 320

    /// What a ``propensity`` can be: what was shown was possible, and one that is smaller weighs more than any log can bear.
    public static let propensities = 1e-12...1

    /// The positions that there can be.
    public static let positions = 1...1_000_000
}

/// Names of an impression's fields in JSON and in tables.
public enum ImpressionField {
    /// See ``Impression/impressionID``.
    public static let impressionID = "impression_id"
    /// See ``Impression/recommendationID``.
    public static let recommendationID = "recommendation_id"
    /// See ``Impression/userID``.
    public static let userID = EventField.userID
    /// See ``Impression/itemID``.
    public static let itemID = EventField.itemID
    /// See ``Impression/position``.
    public static let position = "position"
    /// See ``Impression/modelID``.
    public static let modelID = "model_id"
    /// See ``Impression/scenario``.
    public static let scenario = "scenario"
    /// See ``Impression/propensity``.
    public static let propensity = "propensity"
    /// When it was shown, in RFC 3339.
    public static let at = EventField.at
    /// See ``Impression/source``.
    public static let source = EventField.source
}
