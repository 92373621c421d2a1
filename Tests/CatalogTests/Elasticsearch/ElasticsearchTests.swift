import Domain
import Foundation
import HTTPClient
import TestSupport
import Testing

@testable import Catalog

/// Against the real servers of ../shared/servers.
@Suite(.serialized, .enabled(if: SearchServer.isPresent, "needs ../shared/servers"))
struct ElasticsearchTests {
    private func client(
        _ server: SearchServer, _ change: (inout ElasticsearchClient.Configuration) -> Void = { _ in }
    ) throws -> ElasticsearchClient {
        var configuration = try ElasticsearchClient.Configuration(url: server.url)
        // A test machine under load is no reason to fail.
        configuration.queryDeadline = .seconds(20)
        change(&configuration)
        return ElasticsearchClient(configuration)
    }

    /// The same films, in the same order, with the same scores; and then the server dies.
    @Test(arguments: [SearchServer.Product.elasticsearch8, .elasticsearch9, .openSearch])
    func sameListAsTheEmbeddedIndex(product: SearchServer.Product) async throws {
        try await SearchServer.with(product) { server in
            let search = try client(server) { $0.bulkDocuments = 170 }
            let version = try await search.serverVersion()
            #expect(version.hasPrefix(product == .openSearch ? "opensearch 2." : "elasticsearch "))
            let missing = await #expect(throws: CatalogError.self) {
                try await search.similar(to: ["m1"], excluding: [], limit: 5)
            }
            #expect(missing?.code == "search-index-missing")

            try await search.createIndex()
            // A second time it is there.
            try await search.createIndex()
            let films = Films.generated(600)
            let outcome = try await search.index(films)
            #expect(outcome.indexed == 600 && outcome.stale == 0 && outcome.rejected.isEmpty)
            try await search.refresh()
            try await compare(search, with: ContentIndex(films))

            // Nothing changes by saying it again, or by saying what was before.
            var older = films
            for index in older.indices where index % 2 == 0 { older[index].updatedAt = Timestamp(seconds: 1) }
            let again = try await search.index(older)
            #expect(again.indexed == 0 && again.stale == 600)
            // A newer description replaces.
            var newer = films[0]
            newer.overview = films[100].overview
            newer.updatedAt = Timestamp(seconds: 1_800_000_000)
            #expect(try await search.index([newer]).indexed == 1)
            try await search.refresh()
            #expect(try await search.similar(to: ["m0"], excluding: [], limit: 1).map(\.itemID) == ["m100"])

            await server.kill()
            for _ in 0..<10 {
                let error = await #expect(throws: CatalogError.self) {
                    try await search.similar(to: ["m1"], excluding: [], limit: 5)
                }
                #expect(error?.category == .unavailable)
            }
            // By now the breaker keeps queries from even trying.
            let error = await #expect(throws: CatalogError.self) {
                try await search.similar(to: ["m1"], excluding: [], limit: 5)
            }
            #expect(error?.message.contains("left alone") == true)
        }
    }

    private func compare(_ search: ElasticsearchClient, with embedded: ContentIndex) async throws {
        var differences: [String] = []
        let questions =
            (0..<120).map { ["m\($0)"] } + (0..<20).map { number in (0..<5).map { "m\(number * 7 + $0)" } }
            + [["unknown"], ["unknown", "m3"]]
        for liked in questions {
            let excluded = liked.count > 1 ? ["m100", "m200", "nowhere"] : []
            let ours = embedded.mostSimilar(to: liked, excluding: excluded, limit: 20)
            let theirs = try await search.similar(to: liked, excluding: excluded, limit: 20)
            let same =
                ours.map(\.itemID) == theirs.map(\.itemID)
                && zip(ours, theirs).allSatisfy { isClose($0.score, $1.score, tolerance: 1e-4) }
            if !same { differences.append("\(liked): \(ours.prefix(3)) ≠ \(theirs.prefix(3))") }
        }
        #expect(differences.isEmpty, "\(differences.count) of \(questions.count): \(differences.first ?? "")")
    }

    /// Other settings go to both alike.
    @Test func settingsMeanTheSame() async throws {
        try await SearchServer.with(.elasticsearch8) { server in
            let films = Films.generated(400, seed: 9)
            let first = try client(server)
            try await first.createIndex()
            #expect(try await first.index(films).indexed == 400)
            try await first.refresh()
            for (minTermFreq, minDocFreq, maxDocFreq, terms, percent) in [
                (2, 5, 400, 12, 30), (1, 1, 100, 3, 100), (1, 2, 50, 25, 0), (1, 3, 400, 200, 20),
            ] {
                var parameters = MoreLikeThis()
                (parameters.minTermFreq, parameters.minDocFreq, parameters.maxDocFreq) = (
                    minTermFreq, minDocFreq, maxDocFreq
                )
                (parameters.maxQueryTerms, parameters.minimumShouldMatch) = (terms, percent)
                let chosen = parameters
                try await compare(
                    client(server) { $0.parameters = chosen }, with: ContentIndex(films, parameters: chosen))
            }
        }
    }

    @Test func rejectsAndForeignIndexes() async throws {
        try await SearchServer.with(.elasticsearch8) { server in
            let search = try client(server)
            try await search.createIndex()
            // Too long for Lucene's largest keyword: refused by itself, the others are taken.
            let films = [
                Movie(itemID: "good", title: "Good", updatedAt: Timestamp(seconds: 1)),
                Movie(
                    itemID: "bad", title: "Bad", genres: [String(repeating: "x", count: 40_000)],
                    updatedAt: Timestamp(seconds: 1)),
                Movie(itemID: "a/b ü?\"\\", title: "Odd", updatedAt: Timestamp(microseconds: -5)),
            ]
            let outcome = try await search.index(films)
            #expect(outcome.indexed == 2 && outcome.rejected.map(\.itemID) == ["bad"])
            #expect(outcome.rejected.first?.document.contains(#""title":"Bad""#) == true)
            try await search.refresh()
            #expect(try await search.similar(to: ["a/b ü?\"\\"], excluding: [], limit: 5).isEmpty)

            let http = HTTPClient()
            let foreign = HTTPRequest(.put, server.url + "/foreign", deadline: .seconds(30))
            #expect(try await http.send(foreign).isSuccess)
            let error = await #expect(throws: CatalogError.self) {
                try await client(server) { $0.index = "foreign" }.createIndex()
            }
            #expect(error?.code == "search-index-mismatch")
        }
    }

    @Test func credentialsAndTLSAreUsedAndNeverShown() async throws {
        try await SearchServer.with(
            .elasticsearch8, options: ["--user", "marquee", "--password", "s/ecret@1", "--tls"]
        ) {
            server in
            let address = server.url.replacing("://", with: "://marquee:s%2Fecret%401@")
            var configuration = try ElasticsearchClient.Configuration(url: address)
            configuration.queryDeadline = .seconds(20)
            #expect(configuration.url == server.url)
            #expect(!"\(configuration)".contains("ecret"))

            // Its authority is not the system's: no connection, rather than one to whoever answers.
            let untrusted = await #expect(throws: CatalogError.self) {
                try await ElasticsearchClient(configuration).serverVersion()
            }
            #expect(untrusted?.code == "search-unavailable" && untrusted?.message.contains("trusted") == true)

            configuration.http.certificateAuthority = server.authority.path
            let search = ElasticsearchClient(configuration)
            #expect(try await search.serverVersion().hasPrefix("elasticsearch 8."))
            try await search.createIndex()
            #expect(try await search.index(Films.generated(20)).indexed == 20)

            configuration.credentials = .basic(user: "marquee", password: "wrong")
            let refused = await #expect(throws: CatalogError.self) {
                try await ElasticsearchClient(configuration).createIndex()
            }
            #expect(refused == .searchRefused(server: server.url, status: 401))

            // A key that may do nothing but with indices of such names: no templates, no greeting, no other index.
            configuration.credentials = .apiKey(try await key(server, for: "movies*"))
            #expect(!"\(configuration)".contains("ecret"))
            let limited = ElasticsearchClient(configuration)
            configuration.index = "movies-by-key"
            let named = ElasticsearchClient(configuration)
            var generation = try await named.beginFilms()
            try await generation.add(Films.generated(20))
            try await named.putInService(generation)
            #expect(try await named.search(FilmQuery(limit: 1)).total == 20)
            #expect(try await limited.similar(to: ["m1"], excluding: [], limit: 3).count == 3)
            configuration.index = "others"
            let other = await #expect(throws: CatalogError.self) {
                try await ElasticsearchClient(configuration).createIndex()
            }
            #expect(other == .searchRefused(server: server.url, status: 403))
        }
    }

    private func key(_ server: SearchServer, for indices: String) async throws -> String {
        var configuration = HTTPClient.Configuration()
        configuration.certificateAuthority = server.authority.path
        let body =
            #"{"name":"films","role_descriptors":{"films":{"index":[{"names":["\#(indices)"],"privileges":["all"]}]}}}"#
        let response = try await HTTPClient(configuration).send(
            HTTPRequest(
                .post, server.url + "/_security/api_key", headers: [HTTPHeader("Content-Type", "application/json")],
                body: Array(body.utf8), credentials: .basic(user: "marquee", password: "s/ecret@1"),
                deadline: .seconds(30)))
        let answer = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
        return try #require(answer?["encoded"] as? String)
    }

    /// A server that neither answers nor hangs up is the worst case for whoever waits.
    @Test func aFrozenServerIsLeftAlone() async throws {
        try await SearchServer.with(.elasticsearch8) { server in
            let films = Films.generated(50)
            let search = try client(server)
            try await search.createIndex()
            _ = try await search.index(films)
            try await search.refresh()
            let impatient = try client(server) { $0.queryDeadline = .milliseconds(300) }
            server.freeze()
            var messages: [String] = []
            for _ in 0..<5 {
                do {
                    _ = try await impatient.similar(to: ["m1"], excluding: [], limit: 5)
                    Issue.record("a frozen server answered")
                } catch let error as CatalogError {
                    #expect(error.category == .unavailable)
                    messages.append(error.message)
                }
            }
            #expect(messages.last?.contains("left alone") == true)
            server.thaw()
            #expect(try await search.similar(to: ["m1"], excluding: [], limit: 5).count == 5)
        }
    }
}

@Suite struct ElasticsearchConfigurationTests {
    @Test(arguments: [
        ("http://localhost:9200", "http://localhost:9200"), ("HTTPS://Host/", "https://Host"),
        ("http://u:p@h:1/path//", "http://h:1/path"), ("http://u:p%40q:r@h", "http://h"),
    ])
    func addressesLoseTheirCredentials(given: String, url: String) throws {
        #expect(try ElasticsearchClient.Configuration(url: given).url == url)
    }

    @Test(arguments: [
        "", "localhost:9200", "ftp://h", "http://", "http://u@h", "http://:9200", "http://h?x", "http://u:p@",
    ])
    func oddAddressesAreRefused(given: String) {
        let error = #expect(throws: CatalogError.self) { try ElasticsearchClient.Configuration(url: given) }
        #expect(error?.code == "search-address")
    }
}
