internal import Domain
internal import HTTPServer

/// Of answers about people, scores and reasons, and of the bodies that ask for them.
extension Shape {
    /// What every answer about somebody has.
    private static func framed(_ members: KeyValuePairs<String, JSONSchema>) -> JSONSchema {
        JSONSchema.object(
            ["request_id": requestID, "model": model, "degraded": degraded, "took_ms": .number(0...Double.infinity)],
            optional: ["user_state": userState]
        ).with(members)
    }

    static let users = JSONSchema.named(
        "Users",
        framed([
            "users": .list(.object(["id": .text(), "rank": .integer(1...Int.max), "score": .nullable(.number())]))
        ]))

    static let scores = JSONSchema.named(
        "Scores", framed(["items": .list(.object(["id": .text(), "score": .nullable(.number())]))]))

    static let because = JSONSchema.named(
        "Because",
        framed([
            "item": .text(), "score": .number(),
            "contributions": .list(
                .object([
                    "id": .text(), "title": .nullable(.text()), "part": .number(), "weight": .number(),
                    "similarity": .number(),
                ])), "rest": .number().meaning("What the items not listed add."), "text": .text(),
        ]))

    static let explanation = JSONSchema.named(
        "Explanation",
        framed([
            "score": .number(), "rank": .nullable(.integer(1...Int.max)), "parts": .list(reason), "text": .text(),
        ]))

    static let whyNot = JSONSchema.named(
        "WhyNot",
        framed([
            "verdict": .choice(Pipeline.Standing.Verdict.allCases.map(\.rawValue)), "detail": .text(),
            "rank": .nullable(.integer(1...Int.max)), "score": .nullable(.number()),
            "score_needed": .nullable(.number()),
        ]))

    private static let rails = JSONSchema.list(
        .object(["name": .text(), "title": .text(), "items": .list(listed)]))

    static let page = JSONSchema.named(
        "Page", framed(["recommendation_id": .text(), "page": .text(), "rails": rails]))

    static let replay = JSONSchema.named(
        "Replay",
        .either([
            list.with(["answered_at": .time, "replayed": .boolean]),
            page.with(["answered_at": .time, "replayed": .boolean]),
        ]))

    // MARK: Bodies

    static func items(_ count: ClosedRange<Int>) -> JSONSchema.Member {
        .init(name: "items", schema: .list(.identifier, count: count, isUnique: true), isRequired: true)
    }

    static let basket = JSONSchema.Member(name: "items", schema: basketItems, isRequired: true)
    /// The same where genres can stand for it.
    static let anonymousBasket = JSONSchema.Member(name: "items", schema: .nullable(basketItems), isRequired: false)
    static let likedGenres = JSONSchema.Member(
        name: "genres",
        schema: .nullable(.list(.identifier, count: 1...20, isUnique: true))
            .meaning("Genres of the catalogue, for which their most popular films stand."),
        isRequired: false)
    private static let basketItems: JSONSchema =
        .list(
            .either([
                .identifier,
                .object(
                    ["id": .identifier],
                    optional: [
                        "value": .nullable(.number(-1...1)).meaning("-1 disliked, 1 liked, which it is if not given."),
                        "at": .nullable(.time),
                    ]),
            ]), count: 1...1000)

    private static func optional(_ parameters: [ListParameter]) -> [JSONSchema.Member] {
        parameters.map {
            .init(name: $0.rawValue, schema: .nullable($0.schema(inBody: true)).meaning($0.meaning), isRequired: false)
        }
    }

    private static let name = JSONSchema.text(bytes: 1...64, pattern: "^[A-Za-z0-9._-]+$")

    private static let rail = JSONSchema.members(
        [
            .init(name: "name", schema: name, isRequired: true),
            .init(
                name: "kind", schema: .choice(Pipeline.Rail.Kind.allCases.map(\.rawValue)), isRequired: true),
            .init(name: "n", schema: .nullable(.integer(1...100)), isRequired: false),
            .init(
                name: "seed",
                schema: .nullable(.either([.identifier, .integer(0...9_007_199_254_740_991)]))
                    .meaning("Of because an item, of genre a genre to start from; of others what chance goes by."),
                isRequired: false),
        ] + optional([.filter, .params, .boost, .excludedIDs, .diversity, .exploration, .minimumScore]), others: nil)

    static let pageBody = JSONSchema.members(
        [
            .init(name: "user", schema: .identifier, isRequired: true),
            .init(name: "rails", schema: .list(rail, count: 1...20), isRequired: true),
        ] + optional([.fields, .explain, .excludeSeen]), others: nil)

    /// What a page is called.
    static let pageName = Route.Parameter("page", name, "Your name for the page.", isRequired: true)
}
