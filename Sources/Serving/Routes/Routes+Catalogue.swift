internal import Catalog
internal import Domain
internal import HTTPServer

extension Routes {
    /// The films themselves: read page by page, written one by one or many at once.
    var ofCatalogue: [Route] {
        list(
            "/v1/items", "The films of the catalogue, by identifier.",
            taking: [.count, .cursor, .fields, .filter, .params], answering: Shape.catalogue,
            problems: [.badCursor, .cursorOfAnotherList, .cursorExpired].map { (error: ServingError) in
                Route.Problem(error)
            }
        ) { call in
            let state = service.pipeline().state
            let page = try CataloguePage(call.list, of: state)
            return .now(HTTPResponse(body: Answer.catalogue(page, fields: call.list.fields, request: call.request)))
        } + writing
    }

    private var writing: [Route] {
        [
            Route(
                .put, "/v1/items/{item}", "Describes a film, new or anew.", scope: .catalog, headers: Self.conditions,
                body: .json(Shape.film),
                answers: [
                    .json(Shape.item, "The film is described anew.", headers: FilmTag.meaning),
                    .json(Shape.item, status: 201, "The film is new.", headers: FilmTag.meaning),
                ],
                problems: Self.ofEdits + Self.changed
            ) { request, path in
                editing(request, path[0]) {
                    [.put(try FilmBody.movie(try FilmDocument(request).value, itemID: path[0]))]
                }
            },
            Route(
                .patch, "/v1/items/{item}", "Changes what a JSON merge patch says of a film.", scope: .catalog,
                headers: Self.conditions,
                body: Route.Body([
                    "application/merge-patch+json": Shape.filmPatch, "application/json": Shape.filmPatch,
                ]),
                answers: [.json(Shape.item, headers: FilmTag.meaning)],
                problems: Self.ofEdits + Self.missing + Self.changed
            ) { request, path in
                editing(request, path[0]) { [.patch(itemID: path[0], try FilmDocument(request).value)] }
            },
            Route(
                .delete, "/v1/items/{item}", "Withdraws a film from all lists.", scope: .catalog,
                headers: Self.conditions,
                answers: [.nothing("No list shows the film.")],
                problems: Self.unwritable + Self.missing + Self.changed
            ) { request, path in
                .later {
                    await answering(request) {
                        _ = try await edit(path[0], of: request) { [.withdraw(itemID: path[0])] }
                        return HTTPResponse(status: 204, contentType: "")
                    }
                }
            },
            Route(
                .post, "/v1/items/batch", "Describes and withdraws many films, all of them or none.", scope: .catalog,
                body: Route.Body(["application/json": Shape.filmBatch, "application/x-ndjson": .text()]),
                answers: [.json(Shape.edited)],
                problems: Self.ofEdits + Self.missing + [Route.Problem(ServingError.tooManyFilms(limit: 0))]
            ) { request, _ in
                .later {
                    await answering(request) {
                        let films = try await service.edit(try FilmDocument(request).edits())
                        let withdrawn = films.count { $0.movie.isWithdrawn }
                        return HTTPResponse(
                            body: Answer.edited(
                                taken: films.count - withdrawn, withdrawn: withdrawn, request: request))
                    }
                }
            },
        ]
    }

    private static let unwritable = [
        Route.Problem(ServingError.catalogueReadOnly), Route.Problem(ServingError.catalogueUnavailable),
    ]
    private static let ofEdits =
        unwritable + [
            Route.Problem(ServingError.badFilm(number: nil, reason: "")),
            Route.Problem(ServingError.badBody(reason: "")),
        ]
    private static let changed = [
        Route.Problem(ServingError.filmChanged(id: "")), Route.Problem(ServingError.filmExists(id: "")),
    ]
    private static let conditions = [Route.Parameter.ifMatch, .ifNoneMatch]
    private static let missing = [Route.Problem(CatalogError.noSuchFilm(itemID: ""))]

    /// One film, written and shown as it is then. Reading it and waiting for the store are both too long for the
    /// connection's thread.
    private func editing(
        _ request: HTTPRequest, _ itemID: String, _ edits: @escaping @Sendable () throws -> [CatalogEdit]
    ) -> HTTPReply {
        .later {
            await answering(request) {
                let films = try await edit(itemID, of: request, edits)
                let state = service.pipeline().state
                let tag = FilmTag(films[0].movie, inModel: state.isTrained(on: itemID))
                return HTTPResponse(
                    status: films[0].isNew ? 201 : 200, headers: tag.map { [$0.header] } ?? [],
                    body: Answer.item(films[0].movie, in: state))
            }
        }
    }

    /// Edits of one film, if it still is the one of `If-Match`, and none of `If-None-Match`.
    private func edit(
        _ itemID: String, of request: HTTPRequest, _ edits: () throws -> [CatalogEdit]
    ) async throws -> [EditedFilm] {
        do {
            return try await service.edit(FilmTag.conditions(of: request, on: itemID) + edits())
        } catch CatalogError.malformedMovie(let reason) {
            throw ServingError.badFilm(number: nil, reason: reason)
        } catch CatalogError.filmChanged(let id) {
            throw ServingError.filmChanged(id: id)
        } catch CatalogError.filmExists(let id) {
            throw ServingError.filmExists(id: id)
        }
    }
}

/// A body that describes films.
struct FilmDocument {
    /// Films in one request.
    static let maximumFilms = 10_000

    /// One value a line of a body of lines, else one.
    private let values: [JSONValue]
    private let isLines: Bool

    var value: JSONValue { values[0] }

    /// The route has refused other media types already.
    init(_ request: HTTPRequest) throws(ServingError) {
        isLines = request.headers["content-type"]?.lowercased().hasPrefix("application/x-ndjson") == true
        guard isLines else {
            values = [try Self.parse(request.body)]
            return
        }
        var values: [JSONValue] = []
        for line in request.body.split(separator: 0x0A) where line.contains(where: { $0 > 0x20 }) {
            guard values.count < Self.maximumFilms else { throw .tooManyFilms(limit: Self.maximumFilms) }
            do {
                values.append(try Self.parse(Array(line)))
            } catch {
                throw .badFilm(number: values.count + 1, reason: "it is not JSON")
            }
        }
        self.values = values
    }

    private static func parse(_ bytes: [UInt8]) throws(ServingError) -> JSONValue {
        do throws(JSONValue.Flaw) {
            return try JSONValue(parsing: bytes)
        } catch {
            throw .badBody(reason: "\(error.reason), at byte \(error.offset)")
        }
    }

    /// Films as lines, as an array, or as `{"items": […], "withdraw": [ids]}`.
    func edits() throws -> [CatalogEdit] {
        var films: [JSONValue] = []
        var gone: [JSONValue] = []
        if isLines {
            films = values
        } else if case .array(let elements) = value {
            films = elements
        } else if case .object(let members) = value {
            for member in members {
                guard case .array(let elements) = member.value, ["items", "withdraw"].contains(member.name) else {
                    throw ServingError.badBody(reason: "it takes the arrays items and withdraw")
                }
                if member.name == "items" { films = elements } else { gone = elements }
            }
        } else {
            throw ServingError.badBody(reason: "it is neither an array nor an object")
        }
        guard films.count + gone.count <= Self.maximumFilms else {
            throw ServingError.tooManyFilms(limit: Self.maximumFilms)
        }
        guard films.count + gone.count > 0 else { throw ServingError.badBody(reason: "it holds no film") }
        var edits: [CatalogEdit] = []
        edits.reserveCapacity(films.count + gone.count)
        for (number, film) in films.enumerated() {
            do throws(CatalogError) {
                edits.append(.put(try FilmBody.movie(film, itemID: nil)))
            } catch {
                guard case .malformedMovie(let reason) = error else { throw error }
                throw ServingError.badFilm(number: number + 1, reason: reason)
            }
        }
        for element in gone {
            guard case .text(let id) = element else {
                throw ServingError.badBody(reason: "withdraw takes identifiers")
            }
            edits.append(.withdraw(itemID: try Parameters.identifier(id, what: "item")))
        }
        return edits
    }
}
