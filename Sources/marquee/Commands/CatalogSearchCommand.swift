import Catalog
import Columnar
import Domain
import Operations
import Platform
import Store
import Trainer

/// `marquee catalog search`
enum CatalogSearchCommand {
    static let command: Command = Command(
        path: ["catalog", "search"], summary: "Find films by words, by a filter, or by a user's factors.",
        details: """
            With --store the films of the store are searched in this process, with --elasticsearch those of the index; both
            find the same with the same scores. Without a text all films are listed, the most popular first. --typing takes
            the text as typed into a search box: the last word may be a beginning, and words of titles may be misspelt.
            --user asks the index for the films nearest to the factors of a user of the model, and needs an index that was
            filled with --models.
            """,
        arguments: [.init(name: "TEXT", summary: "Words that a film has in title or synopsis.", isOptional: true)],
        options: [
            Options.store.spec, typing.spec, Options.filter.spec, Options.filterParameters.spec, Options.number.spec,
            Options.user.spec, Options.models.spec, Options.reportFormat.spec,
        ] + CatalogCommand.service,
        examples: [
            .init(
                line: #"catalog search "young woman" --store data"#,
                meaning: "Films with both words, and what kinds there are."),
            .init(line: "catalog search --typing matr --store data", meaning: "As a search box would."),
            .init(
                line: #"catalog search war --elasticsearch http://localhost:9200 --filter 'year < 1960'"#,
                meaning: "The same of an index."),
        ]
    ) { invocation in
        let client = try CatalogCommand.client(invocation)
        defer { client?.close() }
        let found: FilmHits
        let films: [Movie?]
        if let client {
            found = try await hits(of: client, invocation)
            films = found.items.isEmpty ? [] : try await client.films(found.items.map(\.itemID))
        } else {
            guard invocation.optional(Options.user) == nil else { throw needsService(invocation) }
            let query = try filmQuery(invocation)
            let snapshot = try await CatalogCommand.films(invocation)
            found = try await BlockingWork.run("search") { _ in ContentIndex(snapshot.movies).films(query) }
            films = found.items.map { snapshot[$0.itemID] }
        }
        if try invocation.value(Options.reportFormat) == "json" {
            return try JSONOutput.write(JSONHits(found, films))
        }
        write(found, films)
        if found.total == 0, let text = invocation.arguments.first {
            StandardOutput.write(prose: try hint(text, invocation))
        }
    }

    /// Why nothing may have been found.
    private static func hint(_ text: String, _ invocation: Invocation) throws -> String {
        let filter = invocation.optional(Options.filter) == nil ? "" : " and pass the filter"
        if try invocation.value(typing) {
            return "A film must have each of the words, or nearly, in its title or synopsis\(filter)."
        }
        return
            "A film must have each of the words in its title or synopsis\(filter): take one away, or use --typing for "
            + "beginnings of words and for slips."
    }

    private static func hits(of client: ElasticsearchClient, _ invocation: Invocation) async throws -> FilmHits {
        let query = try filmQuery(invocation)
        guard let user = invocation.optional(Options.user) else { return try await client.search(query) }
        let registry = try invocation.registry()
        let factors = try await BlockingWork.run("model") { _ in try Self.vector(of: user, registry.openCurrent()) }
        var found = FilmHits()
        found.items = try await client.nearest(to: factors, where: query.filter, limit: query.limit)
        found.total = found.items.count
        return found
    }

    private static func filmQuery(_ invocation: Invocation) throws -> FilmQuery {
        var query = FilmQuery(
            invocation.arguments.first, words: try invocation.value(typing) ? .typing : .whole,
            filter: try filmFilter(invocation), limit: try invocation.value(Options.number))
        query.facets = Set(FilmFacet.allCases)
        return query
    }

    private static func needsService(_ invocation: Invocation) -> CommandLineError {
        .missingOption(
            command: invocation.command.name, option: Options.elasticsearch.spec.name, placeholder: "URL",
            environment: Options.elasticsearch.spec.environmentName)
    }

    private static let typing = Option<Bool>.flag("typing", "Take the text as typed into a search box.")

    private static func filmFilter(_ invocation: Invocation) throws -> FilmFilter? {
        let parameters = invocation.optional(Options.filterParameters)
        guard let expression = invocation.optional(Options.filter) else {
            if parameters != nil { throw FilterError.parametersWithoutFilter }
            return nil
        }
        return try FilmFilter(FilterText(expression: expression, json: parameters))
    }

    private static func vector(of user: String, _ model: MappedModel) throws -> [Float] {
        guard let index = model.userIndex(of: user) else { throw UnknownUser(user: user, model: "\(model.id)") }
        return model.userVector(index)
    }

    private static func write(_ found: FilmHits, _ films: [Movie?]) {
        var table = TextTable([
            ("", .right), ("ITEM", .left), ("TITLE", .left), ("YEAR", .right), ("LANGUAGE", .left), ("SCORE", .right),
        ])
        for (rank, (item, film)) in zip(found.items, films).enumerated() {
            table.add([
                "\(rank + 1)", item.itemID, film?.title ?? "", film?.year.map { "\($0)" } ?? "", film?.language ?? "",
                Figure.decimal(Double(item.score), digits: 3),
            ])
        }
        if !found.items.isEmpty { StandardOutput.write(table.text) }
        StandardOutput.write(line: "\(Figure.count(found.total)) films")
        for facet in FilmFacet.allCases {
            guard let counts = found.facets[facet], !counts.isEmpty else { continue }
            let shown = counts.prefix(8).map { "\(PrintableText.escaped($0.value)) \(Figure.count($0.count))" }
            StandardOutput.write(prose: "\(facet.rawValue): \(shown.joined(separator: ", "))")
        }
    }

    /// With the names that the REST API has for the same.
    private struct JSONHits: Encodable {
        struct Item: Encodable {
            let id: String
            let rank: Int
            let score: Float
            let title: String?
            let year: Int32?
            let language: String?
        }
        struct Count: Encodable {
            let value: String
            let count: Int
        }

        let total: Int
        let items: [Item]
        let facets: [String: [Count]]

        init(_ found: FilmHits, _ films: [Movie?]) {
            total = found.total
            items = zip(found.items, films).enumerated().map { rank, entry in
                let (item, film) = entry
                return Item(
                    id: item.itemID, rank: rank + 1, score: item.score, title: film?.title, year: film?.year,
                    language: film?.language)
            }
            facets = Dictionary(
                uniqueKeysWithValues: found.facets.map { facet, counts in
                    (facet.rawValue, counts.map { Count(value: $0.value, count: $0.count) })
                })
        }
    }

    /// A user that the model does not have.
    struct UnknownUser: Fault {
        let user: String
        let model: String

        var code: String { "user-not-found" }
        var message: String { "The model \(model) does not know the user “\(user.prefix(80))”." }
        var advice: String { "Name another one; 'marquee recommend' has a list for unknown users, too." }
        var category: FaultCategory { .notFound }
    }
}
