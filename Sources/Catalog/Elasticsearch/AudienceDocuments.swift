public import Domain
import Foundation

/// What a user's events say of them, for a search index: never the events themselves.
public struct UserDocument: Sendable, Hashable {
    /// How much is known of a user.
    public enum State: String, Sendable, CaseIterable {
        /// Up to five events.
        case few
        /// Up to fifty.
        case some
        case many

        /// - Parameter events: of the user, one or more.
        public init(events: Int) { self = events <= 5 ? .few : events <= 50 ? .some : .many }
    }

    public var userID: String
    public var events: Int
    /// Events that speak for a film: likes, reviews of 3.5 stars or more, views of half or more.
    public var liked: Int
    public var firstAt: Timestamp
    public var lastAt: Timestamp
    /// Genres of the films liked, most first; five at most.
    public var genres: [String]
    /// Languages of the films liked, most first; three at most.
    public var languages: [String]
    /// The decade of most of the films liked, such as 1990.
    public var decade: Int?
    /// The films of the newest events, newest first, each once; ten at most.
    public var recentFilms: [String]
    /// Their titles; a film that the catalogue does not have is left out.
    public var recentTitles: [String]

    public init(
        userID: String, events: Int, liked: Int, firstAt: Timestamp, lastAt: Timestamp, genres: [String] = [],
        languages: [String] = [], decade: Int? = nil, recentFilms: [String] = [], recentTitles: [String] = []
    ) {
        self.userID = userID
        self.events = events
        self.liked = liked
        self.firstAt = firstAt
        self.lastAt = lastAt
        self.genres = genres
        self.languages = languages
        self.decade = decade
        self.recentFilms = recentFilms
        self.recentTitles = recentTitles
    }

    /// In a few words, such as `Drama, Crime · 1990s · en`.
    public var taste: String {
        [
            genres.joined(separator: ", "), decade.map { "\($0)s" } ?? "", languages.joined(separator: ", "),
        ].filter { !$0.isEmpty }.joined(separator: " · ")
    }

    static func write(to json: inout JSONWriter) {
        SearchIndex.write(
            [
                (
                    "keyword",
                    ["user_id", "state", "liked_genres", "languages", "recent_films", "recent_titles"]
                ),
                ("integer", ["events", "liked", "favourite_decade"]), ("date", ["first_event", "last_event"]),
                ("text", ["taste"]),
            ], to: &json)
    }

    var document: SearchDocument {
        SearchDocument(id: userID, version: lastAt.microseconds) { json in
            json.field("user_id", userID)
            json.field("state", State(events: events).rawValue)
            json.field("events", events)
            json.field("liked", liked)
            json.field("first_event", firstAt.description)
            json.field("last_event", lastAt.description)
            json.field("liked_genres", genres)
            json.field("languages", languages)
            if let decade { json.field("favourite_decade", decade) }
            json.field("recent_films", recentFilms)
            json.field("recent_titles", recentTitles)
            json.field("taste", taste)
        }
    }
}

/// How many events of one kind there were on one day.
public struct ActivityDocument: Sendable, Hashable {
    public var day: CalendarDate
    public var kind: EventKind
    public var count: Int

    /// - Parameter day: in UTC.
    public init(day: CalendarDate, kind: EventKind, count: Int) {
        self.day = day
        self.kind = kind
        self.count = count
    }

    static func write(to json: inout JSONWriter) {
        SearchIndex.write([("date", ["day"]), ("keyword", ["kind"]), ("long", ["count"])], to: &json)
    }

    var document: SearchDocument {
        SearchDocument(id: "\(day.description)-\(kind.name)", version: Int64(count)) { json in
            json.field("day", day.description)
            json.field("kind", kind.name)
            json.field("count", count)
        }
    }
}
