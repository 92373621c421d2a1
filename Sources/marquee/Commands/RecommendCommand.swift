import Catalog
import Operations
import Platform
import Serving
import Store
import Trainer

/// `marquee recommend`
enum RecommendCommand {
    static let command: Command = Command(
        path: ["recommend"], summary: "Print one user's list, with reasons.",
        details: """
            The same list as 'marquee serve' gives for a user without newer events. With --store it is blended with the
            content of the catalogue, and shows titles. --filter leaves films in that an expression is true of
            (docs/filters.md), and needs --store.
            """,
        options: [
            Options.models.spec, Options.user.spec, Options.number.spec, Options.store.spec, Options.unknownItems.spec,
            Options.filter.spec, Options.filterParameters.spec, Options.excludeSeen.spec, Options.reportFormat.spec,
            Options.stateFolder.spec, Options.pseudonymiseKey.spec,
        ],
        required: ["models", "user"],
        examples: [
            .init(line: "recommend --models models --user u42", meaning: "Ten items, and why each is there."),
            .init(line: "recommend --models models --store data --user u42 -n 20", meaning: "Twenty, with titles."),
            .init(
                line: #"recommend --models models --store data --user u42 --filter 'genre = "Drama" and year >= 1990'"#,
                meaning: "Newer dramas alone."),
        ]
    ) { invocation in
        let registry = try invocation.registry()
        let parameters = invocation.optional(Options.filterParameters)
        let filter = try invocation.optional(Options.filter).map { try FilterText(expression: $0, json: parameters) }
        if parameters != nil, filter == nil { throw FilterError.parametersWithoutFilter }
        if filter != nil, invocation.optional(Options.store) == nil { throw FilterError.noCatalogue }
        let user = try invocation.value(Options.user)
        let pseudonyms = try invocation.pseudonyms()
        let query = RecommendationQuery(
            userID: pseudonyms?.pseudonym(of: user) ?? user, count: try invocation.value(Options.number),
            excludeSeen: .init(rawValue: try invocation.value(Options.excludeSeen)) ?? .interacted, filter: filter,
            explains: true)
        let store = try invocation.storeIfNamed()
        let unknown = UnknownItems(rawValue: try invocation.value(Options.unknownItems)) ?? .hide
        let state = StateDatabase(folder: try invocation.value(Options.stateFolder))
        let recommender = try await BlockingWork.run("recommend") { _ in
            try store?.checkPseudonyms(pseudonyms?.keyID)
            let model = try registry.openCurrent()
            try model.manifest.checkPseudonyms(pseudonyms?.keyID)
            let catalog = try store.flatMap { try StoredCatalogue(store: $0).read()?.snapshot } ?? .empty
            return try LocalRecommender(
                model: model, catalog: catalog, content: ContentIndex(catalog.movies), unknownItems: unknown,
                choices: PersonalRegister(state).table())
        }
        let list = try await recommender.recommend(query)
        if try invocation.value(Options.reportFormat) == "json" {
            return try JSONOutput.write(JSONList(list, of: user))
        }
        let shown = TextLayout.clipped(PrintableText.escaped(user), to: 60)
        StandardOutput.write(prose: "user \(shown) is \(list.userState.rawValue) to model \(list.model.id)")
        StandardOutput.write(table(list).text)
    }

    /// With the names that the REST API has for the same.
    private struct JSONList: Encodable {
        let user: String
        let user_state: String
        let model: String
        let degraded: [String]
        let items: [Item]

        struct Item: Encodable {
            let id: String
            let rank: Int
            let title: String?
            let year: Int?
            let score: Double
            let reasons: [String]
        }

        init(_ list: LocalRecommender.List, of user: String) {
            (self.user, user_state) = (user, list.userState.rawValue)
            (model, degraded) = (list.model.id, list.degraded)
            items = list.items.enumerated().map { rank, item in
                Item(
                    id: item.id, rank: rank + 1, title: item.title, year: item.year, score: item.score,
                    reasons: item.reasons)
            }
        }
    }

    private static func table(_ list: LocalRecommender.List) -> TextTable {
        let hasTitles = list.items.contains { $0.title != nil }
        var table = TextTable(
            [("", .right), ("ITEM", .left)] + (hasTitles ? [("TITLE", .left), ("YEAR", .right)] : [])
                + [("SCORE", .right), ("BECAUSE", .left)])
        for (rank, item) in list.items.enumerated() {
            let title = hasTitles ? [item.title ?? "", item.year.map { "\($0)" } ?? ""] : []
            table.add(
                ["\(rank + 1)", item.id] + title
                    + [Figure.decimal(item.score, digits: 3), item.reasons.joined(separator: ", ")])
        }
        return table
    }
}
