internal import Catalog
internal import Domain
internal import HTTPServer
internal import Operations

extension Routes {
    /// Films by their words, and figures about all of them.
    var ofSearch: [Route] {
        list(
            "/v1/search", "Films that have the words of a text in title or synopsis, best first.",
            taking: [.count, .cursor, .fields, .filter, .params, .excludedIDs],
            and: [
                Route.Parameter(
                    "q", .text(bytes: Self.textLength, pattern: JSONSchema.withoutControlCharacters), "The text.",
                    isRequired: true),
                Route.Parameter(
                    "match", .choice(FilmQuery.Words.allCases.map(\.rawValue)),
                    "`typing` takes the text as typed into a search box: the last word may be a beginning, and words of titles may be misspelt."
                ),
                Route.Parameter("user", .identifier, "Whose taste counts for half of the score."),
            ], answering: Shape.found,
            problems: Routes.ofLists + [Route.Problem(ServingError.searchUnavailable)]
        ) { call in
            guard let q = call.other("q") else { throw ServingError.missingMember(name: "q") }
            let allowed = "a text of \(Self.textLength.lowerBound) to \(Self.textLength.upperBound) bytes"
            let text = try q.text(allowed)
            guard Self.textLength.contains(text.utf8.count) else { throw q.refused(allowed) }
            guard !text.hasControlCharacter else { throw q.refused("\(allowed) without control characters") }
            let user = try call.other("user").map { try Parameters.identifier($0.text(), what: "user") }
            let words = try call.other("match").map { try wordForm($0) } ?? .whole
            let page = try ListPage(
                call.list, of: "search/\(words.rawValue)/\(text.utf8.count):\(text)/\(user ?? "")")
            return .later { await answering(call.request) { try await search(text, words, user, page, call) } }
        }
            + [
                Route(
                    .get, "/v1/catalog/stats", "Figures about the films of the catalogue.",
                    answers: [.json(Shape.statistics)]
                ) { request, _ in
                    .later {
                        await answering(request) {
                            let movies = service.pipeline().state.items.movies
                            let statistics = try await BlockingWork.run("statistics") { _ in CatalogStatistics(movies)
                            }
                            return HTTPResponse(body: Answer.statistics(statistics, request: request))
                        }
                    }
                }
            ]
    }

    /// Of `q`, in bytes.
    private static let textLength = 1...1000

    private func wordForm(_ value: ParameterValue) throws -> FilmQuery.Words {
        let text = try value.text()
        guard let words = FilmQuery.Words(rawValue: text) else {
            throw ServingError.badParameter(
                name: "match", value: text, allowed: FilmQuery.Words.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return words
    }

    private func search(
        _ text: String, _ words: FilmQuery.Words, _ user: String?, _ page: ListPage, _ call: ListCall
    ) async throws -> HTTPResponse {
        let pipeline: Pipeline
        if let present = service.pipeline(for: page) {
            pipeline = present
        } else {
            pipeline = try await service.reopened(for: page)
        }
        guard let source = pipeline.state.content as? any FilmSearch else { throw ServingError.searchUnavailable }
        let films: [ScoredItem]
        do {
            // The filter goes along: of a large catalogue it must not be asked of the best ten thousand only.
            let filter = try page.request.filter.map { try pipeline.state.select($0).filter }
            let query = FilmQuery(text, words: words, filter: filter, limit: Pipeline.maximumFound)
            films = try await source.search(query).items
        } catch let error as ServingError {
            throw error
        } catch {
            service.impairments.add(.content, Impairments.reason(error))
            throw ServingError.searchUnavailable
        }
        var found = try pipeline.found(films, by: user, page)
        found.list = service.finished(found.list, of: [.model, .catalogue, .index])
        return HTTPResponse(
            headers: user == nil ? [] : [("Cache-Control", "no-store")],
            body: Answer.found(found, fields: call.list.fields, request: call.request))
    }
}
