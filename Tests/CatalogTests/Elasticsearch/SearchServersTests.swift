import Domain
import Foundation
import HTTPClient
import Linalg
import Synchronization
import TestSupport
import Testing

@testable import Catalog

/// One suite on every real server: search, filters, vectors, indices filled anew, users, charts.
@Suite(.serialized, .enabled(if: SearchServer.isPresent, "needs ../shared/servers"))
struct SearchServersTests {
    private static let films = Films.described(2500)

    @Test(arguments: [SearchServer.Product.elasticsearch8, .elasticsearch9, .openSearch])
    func conforms(_ product: SearchServer.Product) async throws {
        try await SearchServer.with(product) { server in
            let admin = SearchAdmin(server: server)
            try await refillsWithoutAGap(server)
            let films = try client(server, "films")
            try await FilmSearchConformance(Self.films).check(films)
            try await nearestFilms(server, .exact)
            try await nearestFilms(server, .approximate)
            try await audience(server, admin)
            try await documents(films)
            try await charts(admin)
            try await foreignIndices(server, admin)
            try await withoutAShard(server, admin)
        }
    }

    private func client(_ server: SearchServer, _ index: String) throws -> ElasticsearchClient {
        var configuration = try ElasticsearchClient.Configuration(url: server.url)
        // A test machine under load is no reason to fail.
        configuration.queryDeadline = .seconds(60)
        configuration.http.breaker.failures = 100
        configuration.index = index
        return ElasticsearchClient(configuration)
    }

    // MARK: Indices filled anew

    /// Queries run all the while, and each finds all films of one index.
    private func refillsWithoutAGap(_ server: SearchServer) async throws {
        let films = try client(server, "films")
        // The old way: an index with the alias' own name.
        try await films.createIndex()
        #expect(try await films.index(Self.films).indexed == Self.films.count)
        try await films.refresh()
        let isDone = Mutex(false)
        let totals = Task {
            var totals: [Int] = []
            while !isDone.withLock({ $0 }) {
                totals.append(try await films.search(FilmQuery(limit: 1)).total)
                totals.append(
                    try await films.similar(to: ["m1"], excluding: [], limit: 5).count == 5 ? Self.films.count : -1)
            }
            return totals
        }
        var names: [String] = []
        for _ in 0..<3 {
            var generation = try await films.beginFilms()
            // A film described twice is in once.
            try await generation.add(Array(Self.films.prefix(10)))
            try await generation.add(Self.films)
            #expect(generation.count == Self.films.count && generation.rejected.isEmpty)
            try await films.putInService(generation)
            names.append(generation.name)
        }
        isDone.withLock { $0 = true }
        let seen = try await totals.value
        #expect(seen.count > 20 && seen.allSatisfy { $0 == Self.films.count }, "\(Set(seen))")
        // The last one answers, the one before is kept, the first is gone.
        let admin = SearchAdmin(server: server)
        let left = try await admin.get("/films-films-*/_alias")
        #expect(left.keys.sorted() == names.suffix(2).sorted())
        #expect(((left[names[2]] as? [String: Any])?["aliases"] as? [String: Any])?.keys.sorted() == ["films"])

        // What is not whole does not get in: the alias stays, and what was begun can be taken away.
        var half = try await films.beginFilms()
        try await half.add(Array(Self.films.prefix(7)))
        try await admin.ask(.delete, "/\(half.name)/_doc/m1?refresh=true")
        let refused = await failure { try await films.putInService(half) }
        #expect(refused?.code == "search-protocol" && refused?.message.contains("6 documents of 7") == true)
        try await films.abandon(half)
        var poor = try await films.beginFilms()
        try await poor.add([
            Movie(itemID: "bad", title: "Bad", genres: [String(repeating: "x", count: 40_000)]), Self.films[0],
        ])
        let dead = try #require(poor.rejected.first)
        #expect(dead.itemID == "bad" && dead.status == 400 && dead.document.contains(#""title":"Bad""#))
        #expect(await failure { try await films.putInService(poor) }?.code == "search-films-rejected")
        try await films.abandon(poor)
        #expect(try await films.search(FilmQuery(limit: 1)).total == Self.films.count)
    }

    // MARK: Vectors

    private func nearestFilms(_ server: SearchServer, _ precision: FactorField.Precision) async throws {
        let films = try client(server, "vectors-\(precision.rawValue)")
        #expect(await failure { _ = try await films.nearest(to: [1], limit: 1) }?.code == "search-index-missing")
        let rank = 16
        var generator = SeededGenerator(seed: 21)
        func vector() -> [Float] { (0..<rank).map { _ in Float(generator.uniform() * 2 - 1) } }
        // Every tenth film is in no model.
        let factors = Dictionary(
            uniqueKeysWithValues: Self.films.enumerated().filter { $0.offset % 10 != 0 }.map {
                ($0.element.itemID, vector())
            })
        var generation = try await films.beginFilms(factors: FactorField(rank: rank, precision: precision))
        try await generation.add(Self.films) { factors[$0] }
        try await films.putInService(generation)
        let filter = try FilmFilter(FilterText(expression: "year < 1950"))
        let places = FilterColumns(ids: Self.films.map(\.itemID)) { Self.films[Int($0)] }.places(filter)
        let allowed = Set(Self.films.indices.filter { places.contains(ItemIndex($0)) }.map { Self.films[$0].itemID })
        var (hits, wanted) = (0, 0)
        for number in 0..<40 {
            let query = vector()
            let isFiltered = number % 2 == 1
            let found = try await films.nearest(to: query, where: isFiltered ? filter : nil, limit: 20)
            let expected = factors.filter { !isFiltered || allowed.contains($0.key) }.map { itemID, factors in
                ScoredItem(itemID: itemID, score: zip(factors, query).reduce(0) { $0 + $1.0 * $1.1 })
            }
            .sorted { $0.score != $1.score ? $0.score > $1.score : $0.itemID < $1.itemID }.prefix(20)
            #expect(found.count == expected.count)
            hits += Set(found.map(\.itemID)).intersection(expected.map(\.itemID)).count
            wanted += expected.count
            guard precision == .exact else { continue }
            #expect(found.map(\.itemID) == expected.map(\.itemID))
            #expect(zip(found, expected).allSatisfy { abs($0.score - $1.score) < 1e-4 })
        }
        let recall = Double(hits) / Double(wanted)
        print("recall of 20 nearest, \(precision.rawValue): \(recall)")
        #expect(precision == .exact ? recall == 1 : recall > 0.9)
        let other = await failure { _ = try await films.nearest(to: [1, 2], limit: 3) }
        #expect(other?.code == "search-without-factors")
        let none = await failure { _ = try await client(server, "films").nearest(to: [1], limit: 3) }
        #expect(none?.code == "search-without-factors")
    }

    // MARK: Users and days

    private func audience(_ server: SearchServer, _ admin: SearchAdmin) async throws {
        let films = try client(server, "films")
        let start = Timestamp(seconds: 1_700_000_000)
        let users = (0..<40).map { number in
            UserDocument(
                userID: "u/\(number)", events: number + 1, liked: number, firstAt: start,
                lastAt: start.advanced(bySeconds: Double(number)), genres: ["Drama"], languages: ["en"], decade: 1990,
                recentFilms: ["m1", "m2"], recentTitles: ["One", "Two"])
        }
        var generation = try await films.beginUsers()
        try await generation.add(users)
        try await films.putInService(generation)
        var days = try await films.beginActivity()
        try await days.add(
            (0..<3).flatMap { day in
                EventKind.allCases.map {
                    ActivityDocument(day: CalendarDate(days: 20_000 + day), kind: $0, count: 10 + Int(day))
                }
            })
        try await films.putInService(days)
        let user = try await admin.get("/films-users/_doc/u%2F7")["_source"] as? [String: Any]
        #expect(user?["state"] as? String == "some" && user?["taste"] as? String == "Drama · 1990s · en")
        #expect(user?["recent_films"] as? [String] == ["m1", "m2"] && user?["events"] as? Int == 8)
        // Strict: a field that nobody declared is refused, in each of the three and in whatever has such a name.
        for index in ["films", "films-users", "films-activity"] {
            let refused = try await admin.status(.post, "/\(index)/_doc", #"{"surprise":1}"#)
            #expect(refused == 400, "\(index)")
        }
        try await admin.ask(.put, "/films-users-byhand")
        #expect(try await admin.status(.post, "/films-users-byhand/_doc", #"{"surprise":1}"#) == 400)
        try await admin.ask(.delete, "/films-users-byhand")
        try await onePersonIsErased(PersonalDocuments(films))
    }

    /// From every generation of the index, and nobody else.
    private func onePersonIsErased(_ persons: PersonalDocuments) async throws {
        #expect(try await persons.find("u/7") == 1)
        #expect(try await persons.verify("u/7") == ["1 documents of users"])
        var exported: [JSONValue] = []
        try await persons.export("u/7") { exported += $0 }
        #expect(exported.count == 1 && exported.first?["user_id"] == .text("u/7"))
        let erasure = try await persons.erase("u/7")
        #expect(erasure.standing == .done && erasure.removed == 1)
        #expect(try await persons.verify("u/7") == [])
        #expect(try await persons.erase("u/7").removed == 0)
        #expect(try await persons.find("u/8") == 1)
        #expect(try await persons.find("u") == 0)
    }

    // MARK: Documents

    private func documents(_ films: ElasticsearchClient) async throws {
        let read = try await films.films(["m3", "nobody", "m2000", "m3"])
        #expect(read.map { $0?.itemID } == ["m3", nil, "m2000", "m3"])
        let (film, back) = (Self.films[3], try #require(read[0]))
        #expect(back.title == film.title && back.overview == film.overview && back.genres == film.genres)
        #expect(back.releaseDate == film.releaseDate && back.year == film.year && back.updatedAt == film.updatedAt)
        #expect(back.availableFrom == film.availableFrom && back.popularity == film.popularity)
        #expect(try await films.films([]).isEmpty)
        // Pages of a moment: all of them, once, whatever their number.
        var ids: [String] = []
        try await films.forEachPage { ids += $0 }
        #expect(ids == Self.films.map(\.itemID).sorted())
    }

    // MARK: Charts

    /// The aggregation behind each chart of the dashboard comes to what the embedded index counts.
    private func charts(_ admin: SearchAdmin) async throws {
        let objects = try KibanaObjects.read("deploy/kibana/marquee.ndjson")
        let statistics = CatalogStatistics(Self.films)
        func run(_ id: String) async throws -> [KibanaChart.Row] {
            let chart = try KibanaChart(try #require(objects.object(id)), of: objects)
            // The alias of this test, in the place of the data view's.
            let index = chart.index.replacing("movies", with: "films")
            let answer = try await admin.post("/\(index)/_search", chart.request)
            return chart.rows(try #require(answer["aggregations"] as? [String: Any]))
        }
        let years = try await run("marquee-films-by-release-date").filter { $0.count > 0 }
        #expect(years.map(\.count) == statistics.filmsByYear.map(\.count))
        #expect(years.map { String($0.key.prefix(4)) } == statistics.filmsByYear.map { "\($0.year)" })
        let popular = try await run("marquee-top-popular")
        #expect(popular.map(\.key) == statistics.mostPopular.map(\.title))
        #expect(zip(popular, statistics.mostPopular).allSatisfy { abs($0.metric - $1.value) < 1e-4 })
        let voted = try await run("marquee-top-voted")
        #expect(voted.map(\.metric) == statistics.mostVoted.map(\.value))
        let genres = try await run("marquee-mean-rating-by-genre")
        let means = Dictionary(uniqueKeysWithValues: statistics.meanRatingByGenre.map { ($0.genre, $0.mean) })
        #expect(genres.count == means.count)
        #expect(genres.allSatisfy { abs($0.metric - (means[$0.key] ?? -1)) < 1e-6 })
        let languages = try await run("marquee-languages")
        #expect(languages.map { "\($0.key) \($0.count)" } == statistics.languages.map { "\($0.language) \($0.count)" })
        var bins = [Int](repeating: 0, count: 10)
        for row in try await run("marquee-ratings") { bins[min(9, Int(Double(row.key) ?? 0))] += row.count }
        #expect(bins == statistics.ratings.map(\.count))
        let activity = try await run("marquee-events-over-time")
        let events = activity.reduce(0.0) { $0 + $1.metric }
        #expect(events == 99)
    }

    // MARK: Trouble

    /// An index with a foreign mapping behind our alias is left alone, and said to be one.
    private func foreignIndices(_ server: SearchServer, _ admin: SearchAdmin) async throws {
        try await admin.ask(
            .put, "/foreign", #"{"mappings":{"properties":{"title":{"type":"keyword"}}},"aliases":{"theirs":{}}}"#)
        for alias in ["foreign", "theirs"] {
            let films = try client(server, alias)
            let error = await failure { _ = try await films.beginFilms() }
            #expect(error?.code == "search-index-mismatch", "\(alias): \(String(describing: error))")
        }
        try await admin.ask(.put, "/others", #"{"aliases":{"ours-users":{}}}"#)
        #expect(await failure { _ = try await client(server, "ours").beginUsers() }?.code == "search-index-mismatch")
        #expect(try await admin.status(.get, "/others") == 200)
    }

    /// A red index takes nothing and answers nothing, and says why in time.
    private func withoutAShard(_ server: SearchServer, _ admin: SearchAdmin) async throws {
        let text = #"{"type":"text"}"#
        try await admin.ask(
            .put, "/red?wait_for_active_shards=0",
            #"{"settings":{"number_of_replicas":0,"index.routing.allocation.require._name":"nobody"},"mappings":{"properties":{"title":\#(text),"overview":\#(text),"genres":{"type":"keyword"},"item_id":{"type":"keyword"}}}}"#
        )
        var configuration = try ElasticsearchClient.Configuration(url: server.url)
        configuration.index = "red"
        configuration.queryDeadline = .seconds(20)
        configuration.bulkTimeout = .milliseconds(300)
        configuration.bulkAttempts = 2
        configuration.http.breaker.failures = 0
        let films = ElasticsearchClient(configuration)
        try await films.createIndex()
        let unwritten = await failure { _ = try await films.index(Array(Self.films.prefix(3))) }
        #expect(unwritten?.code == "search-unavailable" && unwritten?.message.contains("after 2 attempts") == true)
        let unread = await failure { _ = try await films.search(FilmQuery(limit: 1)) }
        #expect(unread?.category == .unavailable, "\(String(describing: unread))")
        #expect(
            await failure { _ = try await films.similar(to: ["m1"], excluding: [], limit: 1) }?.category == .unavailable
        )
        try await admin.ask(.delete, "/red")
    }
}

/// Runs something that must fail.
func failure(_ body: () async throws -> Void) async -> CatalogError? {
    do { try await body() } catch { return error as? CatalogError }
    return nil
}

/// What an operator of a search server does to it.
struct SearchAdmin {
    let server: SearchServer
    private let http = HTTPClient()

    init(server: SearchServer) { self.server = server }

    func ask(_ method: HTTPRequest.Method, _ path: String, _ body: String = "") async throws {
        let response = try await send(method, path, body)
        #expect(response.isSuccess, "\(path): \(String(decoding: response.body, as: UTF8.self))")
    }

    func status(_ method: HTTPRequest.Method, _ path: String, _ body: String = "") async throws -> Int {
        try await send(method, path, body).status
    }

    func get(_ path: String) async throws -> [String: Any] { try object(await send(.get, path, "")) }
    func post(_ path: String, _ body: String) async throws -> [String: Any] {
        try object(await send(.post, path, body))
    }

    private func object(_ response: HTTPResponse) throws -> [String: Any] {
        #expect(response.isSuccess, "\(String(decoding: response.body, as: UTF8.self))")
        return try #require(try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])
    }

    private func send(_ method: HTTPRequest.Method, _ path: String, _ body: String) async throws -> HTTPResponse {
        try await http.send(
            HTTPRequest(
                method, server.url + path, headers: [HTTPHeader("Content-Type", "application/json")],
                body: body.isEmpty ? nil : Array(body.utf8), deadline: .seconds(60)))
    }
}
