/// What a user did with an item.
public enum EventKind: UInt8, CaseIterable, Sendable {
    /// Watched it; the value is the watched share, `0…1`.
    case view
    /// Liked (value 1) or disliked (value −1) it.
    case like
    /// Reviewed it; the value is stars, `0.5…5`. May carry text.
    case review

    /// The name on the wire and in the table.
    public var name: String {
        switch self {
        case .view: "view"
        case .like: "like"
        case .review: "review"
        }
    }

    public init?(name: String) {
        guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }

    /// The topic that carries this kind.
    public var topic: String {
        switch self {
        case .view: Topics.views
        case .like: Topics.likes
        case .review: Topics.reviews
        }
    }

    /// The values an event of this kind may have.
    public func accepts(_ value: Float) -> Bool {
        switch self {
        case .view: value >= 0 && value <= 1
        case .like: value == 1 || value == -1
        case .review: value >= 0.5 && value <= 5
        }
    }
}

/// Which kinds of events there were between a user and an item, one bit each.
public struct EventKinds: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The one kind.
    public init(_ kind: EventKind) { rawValue = 1 << kind.rawValue }

    /// What says that the user has watched the film: a view or a review. A like alone does not.
    public static let watching: EventKinds = [EventKinds(.view), EventKinds(.review)]

    /// Whether there was a view or a review.
    public var hasWatched: Bool { !isDisjoint(with: .watching) }
}

/// One view, like or review of one item by one user at one time.
public struct Event: Hashable, Sendable {
    /// Unique for ever: a producer that sends the same event twice sends the same identifier twice.
    public var eventID: String
    public var userID: String
    public var itemID: String
    public var kind: EventKind
    /// Meaning and range depend on ``kind``: see ``EventKind/accepts(_:)``.
    public var value: Float
    public var reviewText: String?
    public var at: Timestamp
    /// Where it came from, such as `simulator`, `rest` or `movielens`.
    public var source: String

    public init(
        eventID: String, userID: String, itemID: String, kind: EventKind, value: Float, reviewText: String? = nil,
        at: Timestamp, source: String
    ) {
        self.eventID = eventID
        self.userID = userID
        self.itemID = itemID
        self.kind = kind
        self.value = value
        self.reviewText = reviewText
        self.at = at
        self.source = source
    }
}

/// The Kafka topics. Events are keyed by user, so that one user's events stay in order; movies by item.
public enum Topics {
    public static let views = "movie-views"
    public static let likes = "movie-likes"
    public static let reviews = "movie-reviews"
    public static let movies = "movies"
    public static let impressions = "impressions"
    public static let consents = "consents"
    public static let deadLetters = "dead-letters"
    public static let events = [views, likes, reviews]
}

/// Names of an event's fields in JSON and in tables.
public enum EventField {
    /// See ``Event/eventID``.
    public static let eventID = "event_id"
    /// See ``Event/userID``.
    public static let userID = "user_id"
    /// See ``Event/itemID``.
    public static let itemID = "item_id"
    /// The ``EventKind/name`` of the kind.
    public static let kind = "kind"
    /// See ``Event/value``.
    public static let value = "value"
    /// See ``Event/reviewText``.
    public static let reviewText = "review_text"
    /// When it happened, in RFC 3339.
    public static let at = "at"
    /// See ``Event/source``.
    public static let source = "source"
}
