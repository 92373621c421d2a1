import Domain
import Store

/// The indices that this program fills, each with a strict mapping: a field that is not in it is refused, not guessed.
enum SearchIndex {
    /// Films, one document each.
    case films(factors: FactorField?)
    /// Users: what their events say of them, not the events.
    case users
    /// How many events of each kind there were on each day.
    case activity

    /// Behind the alias of films: `movies-films-…`, `movies-users-…`, `movies-activity-…`.
    var name: String {
        switch self {
        case .films: "films"
        case .users: "users"
        case .activity: "activity"
        }
    }

    /// The alias that queries use, from that of films.
    func alias(beside films: String) -> String {
        if case .films = self { films } else { "\(films)-\(name)" }
    }

    /// Settings and mappings, as one object: what an index and an index template take alike.
    func write(
        shards: Int, replicas: Int, isLoading: Bool = false, for product: ElasticsearchClient.Product,
        to json: inout JSONWriter
    ) {
        json.object { json in
            json.field("settings") {
                $0.field("number_of_shards", shards)
                $0.field("number_of_replicas", isLoading ? 0 : replicas)
                if isLoading { $0.field("refresh_interval", "-1") }
                if case .films(.some) = self, product == .openSearch { $0.field("knn", true) }
            }
            json.field("mappings") { json in
                json.field("dynamic", "strict")
                json.field("_meta") {
                    $0.field("made_by", "marquee")
                    if case .films(let factors?) = self { $0.field("factors", factors.precision.rawValue) }
                }
                json.field("properties") { properties in
                    switch self {
                    case .films(let factors):
                        FilmIndex.write(to: &properties)
                        if let factors { ElasticsearchClient.write(factors, product, to: &properties) }
                    case .users: UserDocument.write(to: &properties)
                    case .activity: ActivityDocument.write(to: &properties)
                    }
                }
            }
        }
    }

    static func write(_ fields: [(type: String, names: [String])], to json: inout JSONWriter) {
        for (type, names) in fields {
            for name in names { json.field(name) { $0.field("type", type) } }
        }
    }
}

/// The fields of a film in the index.
enum FilmIndex {
    /// The day that charts of years go by: also a film of which only the year is known has one.
    static let released = "released"

    static let plainFields: [(type: String, names: [String])] = [
        (
            "keyword",
            [
                MovieColumn.itemID, MovieColumn.genres, MovieColumn.keywords, MovieColumn.language,
                MovieColumn.director,
            ]
        ),
        (
            "date",
            [
                MovieColumn.releaseDate, MovieColumn.updatedAt, MovieColumn.availableFrom, MovieColumn.availableUntil,
                released,
            ]
        ),
        ("integer", [MovieColumn.year, MovieColumn.runtime, MovieColumn.voteCount]),
        (
            "float",
            [MovieColumn.popularity, MovieColumn.popularityNorm, MovieColumn.voteAverage, MovieColumn.voteNorm]
        ),
    ]

    /// Fields that an index made by an earlier version lacks; they are added to it.
    static let laterFields: Set<String> = [MovieColumn.availableFrom, MovieColumn.availableUntil, released]

    /// Term vectors spare more_like_this the analysis of the liked films; keywords have none and need none.
    static func write(to json: inout JSONWriter) {
        for name in [MovieColumn.title, MovieColumn.overview, MovieColumn.description] {
            json.field(name) {
                $0.field("type", "text")
                $0.field("term_vector", "yes")
                guard name == MovieColumn.title else { return }
                $0.field("fields") {
                    $0.field("keyword") {
                        $0.field("type", "keyword")
                        // Four bytes a character at most, and Lucene takes 32,766.
                        $0.field("ignore_above", 8191)
                    }
                }
            }
        }
        SearchIndex.write(plainFields, to: &json)
    }
}
