internal import Catalog
internal import Domain
internal import HTTPServer

/// What the routes answer, as schemas. Whoever adds a member to an answer adds it here: tests compare the two.
enum Shape {
    static let requestID = JSONSchema.text().meaning("By which the log knows the request.")

    /// Which model made an answer.
    static let model = JSONSchema.named(
        "Model", .object(["id": .text(), "trained_at": .time, "data_version": .nullable(.integer(0...Int.max))]))

    static let userState = JSONSchema.choice(UserState.allCases.map(\.rawValue))
        .meaning("Whether the model knows the user, newer events were folded in, or nobody has heard of them.")

    /// Names of parts that could not contribute.
    static let degraded = JSONSchema.list(.text())
        .meaning("What the answer lacks because a part of the service does not work.")

    /// Facts of a film, as `fields=` chooses them; null where one is not known.
    static let fields = JSONSchema.named(
        "Fields",
        .members(
            ItemField.allCases.map { .init(name: $0.rawValue, schema: .nullable($0.schema), isRequired: false) },
            others: nil))

    /// Why an item is in a list. The parts of an item add up to its score.
    static let reason = JSONSchema.named(
        "Reason",
        .object(
            [
                "source": .choice([
                    "factors", "content", "popularity", "recent", "neighbours", "linear", "boost", "rule",
                ]), "part": .number(),
            ],
            optional: [
                "name": .text(), "text": .text(), "because": .object(["id": .text()], optional: ["title": .text()]),
            ]))

    static let listed = JSONSchema.named(
        "ListedItem",
        .object(
            ["id": .text(), "rank": .integer(1...Int.max), "score": .number()],
            optional: ["probability": .number(0...1), "reasons": .list(reason), "fields": fields]))

    static let list = JSONSchema.named(
        "List",
        .object(
            [
                "request_id": requestID, "recommendation_id": .text(), "model": model, "degraded": degraded,
                "items": .list(listed), "next_cursor": .nullable(.text()), "took_ms": .number(0...Double.infinity),
            ], optional: ["user_state": userState, "scenario": .text()]))

    /// One item with everything that is known of it.
    static let item = JSONSchema.named(
        "Item",
        .members(
            [
                .init(name: "id", schema: .text(), isRequired: true),
                .init(name: "in_catalogue", schema: .boolean, isRequired: true),
                .init(name: "in_model", schema: .boolean, isRequired: true),
            ] + ItemField.allCases.map { .init(name: $0.rawValue, schema: .nullable($0.schema), isRequired: true) },
            others: nil))

    /// A page of the catalogue.
    static let catalogue = JSONSchema.named(
        "Catalogue",
        .object([
            "request_id": requestID, "total": .integer(0...Int.max), "next_cursor": .nullable(.text()),
            "items": .list(
                .named(
                    "Film",
                    .members(
                        [
                            .init(name: "id", schema: .text(), isRequired: true),
                            .init(name: "in_catalogue", schema: .boolean, isRequired: true),
                            .init(name: "in_model", schema: .boolean, isRequired: true),
                        ]
                            + ItemField.allCases.map {
                                .init(name: $0.rawValue, schema: .nullable($0.schema), isRequired: false)
                            }, others: nil))),
        ]))

    /// A film as it is sent; null is as if a member were not there.
    static let film = JSONSchema.named("FilmBody", .members(film(titled: true), others: nil))
    /// What is to become of a film; null takes away.
    static let filmPatch = JSONSchema.named("FilmPatch", .members(film(titled: false), others: nil))

    /// One of many films: no path says which.
    private static let filmOfBatch = JSONSchema.named(
        "BatchedFilm", .members(film(titled: true, identified: true), others: nil))

    private static func film(titled: Bool, identified: Bool = false) -> [JSONSchema.Member] {
        [
            .init(name: "title", schema: .text(bytes: 1...Int.max, pattern: "\\S"), isRequired: titled),
            .init(
                name: "item_id", schema: identified ? .identifier : .nullable(.identifier), isRequired: identified),
        ]
            + ItemField.allCases.filter { $0 != .title }.map {
                .init(name: $0.rawValue, schema: .nullable($0.bodySchema), isRequired: false)
            }
    }

    /// Many films at once.
    static let filmBatch = JSONSchema.either([
        .list(filmOfBatch, count: 1...FilmDocument.maximumFilms),
        .object(
            [:],
            optional: [
                "items": .list(filmOfBatch, count: 0...FilmDocument.maximumFilms),
                "withdraw": .list(.identifier, count: 0...FilmDocument.maximumFilms),
            ]),
    ])

    /// Films found by words.
    static let found = JSONSchema.named(
        "Found",
        .object(
            [
                "request_id": requestID, "model": model, "degraded": degraded, "items": .list(listed),
                "total": .integer(0...Int.max), "next_cursor": .nullable(.text()),
                "facets": .object(["genre": .list(facet), "language": .list(facet), "decade": .list(facet)]),
            ], optional: ["user_state": userState]))
    private static let facet = JSONSchema.object(["value": .text(), "count": .integer(1...Int.max)])

    static let statistics = JSONSchema.named(
        "CatalogueStatistics",
        .object([
            "request_id": requestID, "films_by_year": .list(.object(["year": .integer(), "count": .integer()])),
            "most_popular": .list(ranked), "most_voted": .list(ranked),
            "mean_rating_by_genre": .list(
                .object(["genre": .text(), "mean": .number(0...10), "count": .integer(1...Int.max)])),
            "languages": .list(.object(["language": .text(), "count": .integer(1...Int.max)])),
            "ratings": .list(.object(["from": .number(), "to": .number(), "count": .integer(0...Int.max)])),
        ]))
    private static let ranked = JSONSchema.object(["id": .text(), "title": .text(), "value": .number()])

    static let edited = JSONSchema.named(
        "Edited",
        .object(["request_id": requestID, "taken": .integer(0...Int.max), "withdrawn": .integer(0...Int.max)]))

    static let accepted = JSONSchema.named(
        "Accepted",
        .object([
            "request_id": requestID, "accepted": .integer(1...10_000), "event_ids": .list(.text()),
            "waited_for": .choice(["none", "stored", "visible"]),
        ]))

    static let acceptedImpressions = JSONSchema.named(
        "AcceptedImpressions",
        .object([
            "request_id": requestID, "accepted": .integer(1...10_000), "impression_ids": .list(.text()),
        ]))

    /// An impression as it is sent.
    static let impression = JSONSchema.named(
        "Impression",
        .object(
            [
                ImpressionField.recommendationID: .identifier, ImpressionField.itemID: .identifier,
                ImpressionField.position: JSONSchema.integer(Impression.positions).meaning(
                    "The item's rank in the whole list, pages before included."),
            ],
            optional: [
                ImpressionField.impressionID: .nullable(
                    .text(bytes: 1...Impression.maximumIDLength, pattern: JSONSchema.withoutControlCharacters)
                ).meaning("Unique for ever: the same one sent again counts once."),
                ImpressionField.userID: .nullable(.identifier).meaning("Null for a list that was about nobody."),
                ImpressionField.modelID: .nullable(.identifier),
                ImpressionField.scenario: .nullable(.identifier).meaning("The place where the list was shown."),
                ImpressionField.propensity: .nullable(.number(Impression.propensities)).meaning(
                    "The probability with which the item was at this position."),
                ImpressionField.at: .nullable(.text(format: "event-time")).meaning(
                    "RFC 3339; now, if it is not given."),
            ]))

    /// Of one user.
    static let events = JSONSchema.named(
        "Events",
        .object([
            "request_id": requestID,
            "events": .list(
                .object([
                    "event_id": .text(), "item_id": .text(), "kind": .choice(EventKind.allCases.map(\.name)),
                    "value": .number(), "at": .time, "source": .text(),
                ])),
        ]))

    /// An event as it is sent.
    static let event = JSONSchema.named("Event", .either(EventKind.allCases.map(event)))

    private static func event(_ kind: EventKind) -> JSONSchema {
        let value: JSONSchema =
            switch kind {
            case .view: JSONSchema.number(0...1).meaning("The share that was watched.")
            case .like: JSONSchema.either([.integer(1...1), .integer(-1 ... -1)]).meaning("Liked or disliked.")
            case .review: JSONSchema.number(0.5...5).meaning("Stars.")
            }
        let event = JSONSchema.object(
            [
                EventField.userID: .identifier, EventField.itemID: .identifier,
                EventField.kind: .choice([kind.name]), EventField.value: value,
            ],
            optional: [
                EventField.eventID: .nullable(.identifier).meaning(
                    "Unique for ever: the same one sent again counts once."),
                EventField.at: .nullable(.text(format: "event-time")).meaning("RFC 3339; now, if it is not given."),
            ])
        guard kind == .review else { return event }
        return event.with([:], optional: [EventField.reviewText: .nullable(.text(bytes: 0...65_536))])
    }
}

extension ItemField {
    /// What it holds where it is known.
    var schema: JSONSchema {
        switch self {
        case .title, .overview, .language, .director: .text()
        case .year, .runtime, .voteCount: .integer()
        case .popularity, .voteAverage: .number()
        case .genres, .keywords: .list(.text())
        case .releaseDate: .text(format: "date")
        case .availableFrom, .availableUntil, .updatedAt: .time
        }
    }
}

extension ItemField {
    /// What it may be in a body.
    fileprivate var bodySchema: JSONSchema {
        switch self {
        case .title, .overview, .director: .text()
        case .language: .text(pattern: "^[A-Za-z]{2,3}$")
        case .year: .integer(1870...2200)
        case .runtime: .integer(1...10_000)
        case .voteCount: .integer(0...Int(Int32.max))
        case .popularity: .number(0...1e9)
        case .voteAverage: .number(0...10)
        case .genres, .keywords: .list(.text(bytes: 1...Int.max, pattern: "\\S"))
        case .releaseDate: .text(format: "date")
        case .availableFrom, .availableUntil: .text(format: "event-time")
        case .updatedAt: .time
        }
    }
}

extension ListParameter {
    /// What its value may be: in a query, where lists are comma-separated and objects are written as text, or in a body.
    func schema(inBody: Bool) -> JSONSchema {
        switch self {
        case .count: .integer(ListRequest.countRange)
        case .cursor: .text(format: "cursor")
        case .fields: Self.texts(.choice(ItemField.allCases.map(\.rawValue)), 1...ItemField.allCases.count, inBody)
        case .filter: .text(format: "filter")
        case .params: inBody ? .map(of: .any) : .text(format: "json-object")
        case .boost: inBody ? .list(Self.oneBoost, count: 0...ListRequest.maximumBoosts) : .text(format: "boost")
        case .excludedIDs: Self.texts(.identifier, (inBody ? 0 : 1)...ListRequest.maximumExcluded, inBody)
        case .excludeSeen: .choice(RecommendationQuery.ExcludeSeen.allCases.map(\.rawValue))
        case .contentWeight, .diversity, .exploration: .number(0...1)
        case .minimumScore: .number(0...1000)
        case .explain: .choice(ListRequest.ExplainLevel.allCases.map(\.rawValue))
        case .scenario: .text(bytes: 1...64, pattern: "^[A-Za-z0-9._-]+$")
        case .seed: .integer(0...9_007_199_254_740_991)
        }
    }

    /// A body may hold the comma-separated text, too.
    private static func texts(_ element: JSONSchema, _ count: ClosedRange<Int>, _ inBody: Bool) -> JSONSchema {
        let list = JSONSchema.list(element, count: count, isUnique: true)
        return inBody ? .either([list, .text(format: "comma-separated")]) : list
    }

    private static let oneBoost = JSONSchema.object(
        ["filter": .text(format: "filter"), "factor": .number(ListRequest.Boost.factorRange)],
        optional: ["name": .nullable(.text(bytes: 1...64))])

    /// As a route declares it.
    var declared: Route.Parameter {
        Route.Parameter(rawValue, schema(inBody: false), meaning, default: self == .count ? 20 : nil)
    }

    /// The members of a body: the common parameters, each of which may be null as if it were not there, and those of the
    /// list.
    static func body(_ parameters: [ListParameter], and others: [JSONSchema.Member] = []) -> Route.Body {
        .json(
            .members(
                others
                    + parameters.map {
                        .init(
                            name: $0.rawValue, schema: .nullable($0.schema(inBody: true)).meaning($0.meaning),
                            isRequired: false)
                    }, others: nil), limit: RequestBody.limit)
    }
}
