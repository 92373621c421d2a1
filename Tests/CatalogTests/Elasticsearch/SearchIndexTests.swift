import Domain
import Foundation
import HTTPClient
import TestSupport
import Testing

@testable import Catalog

/// Indices as operators have them: behind aliases, closed, blocked, mapped by somebody else.
@Suite(.serialized, .enabled(if: SearchServer.isPresent, "needs ../shared/servers"))
struct SearchIndexTests {
    private struct Operator {
        let server: SearchServer
        let http = HTTPClient()

        func ask(_ method: HTTPRequest.Method, _ path: String, _ body: String = "") async throws {
            let response = try await http.send(
                HTTPRequest(
                    method, server.url + path, headers: [HTTPHeader("Content-Type", "application/json")],
                    body: body.isEmpty ? nil : Array(body.utf8), deadline: .seconds(60)))
            #expect(response.isSuccess, "\(path): \(String(decoding: response.body, as: UTF8.self))")
        }
    }

    private func client(_ server: SearchServer, _ index: String) throws -> ElasticsearchClient {
        var configuration = try ElasticsearchClient.Configuration(url: server.url)
        // A test machine under load is no reason to fail.
        configuration.queryDeadline = .seconds(60)
        configuration.index = index
        return ElasticsearchClient(configuration)
    }

    private func failure(_ body: () async throws -> Void) async -> CatalogError? {
        do { try await body() } catch { return error as? CatalogError }
        return nil
    }

    @Test(arguments: [SearchServer.Product.elasticsearch8, .elasticsearch9, .openSearch])
    func asOperatorsHaveThem(_ product: SearchServer.Product) async throws {
        try await SearchServer.with(product) { server in
            try await aliases(server)
            try await closed(server)
            try await blocked(server)
            try await mappedOtherwise(server)
            try await pruned(server)
            let warm = try client(server, "blue")
            #expect(try await warm.warmUp(["m1", "m2"], patience: .seconds(600)))
        }
    }

    private func aliases(_ server: SearchServer) async throws {
        let admin = Operator(server: server)
        try await client(server, "blue").createIndex()
        try await client(server, "green").createIndex()
        try await admin.ask(.post, "/_aliases", #"{"actions":[{"add":{"index":"blue","alias":"films"}}]}"#)
        let alias = try client(server, "films")
        try await alias.createIndex()
        let films = Films.generated(60)
        #expect(try await alias.index(films).indexed == 60)
        try await alias.refresh()
        let expected = ContentIndex(films).mostSimilar(to: ["m1"], excluding: [], limit: 10).map(\.itemID)
        #expect(try await alias.similar(to: ["m1"], excluding: [], limit: 10).map(\.itemID) == expected)

        try await admin.ask(.post, "/_aliases", #"{"actions":[{"add":{"index":"green","alias":"films"}}]}"#)
        let several = await failure { try await alias.createIndex() }
        #expect(several?.code == "search-index-mismatch" && several?.message.contains("blue, green") == true)
        try await admin.ask(.post, "/_aliases", #"{"actions":[{"remove":{"index":"green","alias":"films"}}]}"#)
    }

    private func closed(_ server: SearchServer) async throws {
        let admin = Operator(server: server)
        let search = try client(server, "green")
        try await admin.ask(.post, "/green/_close")
        #expect(await failure { try await search.createIndex() }?.code == "search-index-closed")
        #expect(
            await failure { _ = try await search.similar(to: ["m1"], excluding: [], limit: 5) }?.code
                == "search-index-closed")
        try await admin.ask(.post, "/green/_open")
        try await search.createIndex()
    }

    private func blocked(_ server: SearchServer) async throws {
        let admin = Operator(server: server)
        let search = try client(server, "green")
        let films = Films.generated(30)
        for block in ["write", "read_only", "read_only_allow_delete"] {
            try await admin.ask(.put, "/green/_settings", "{\"index.blocks.\(block)\":true}")
            let seen = await failure { try await search.createIndex() }
            #expect(seen?.code == "search-index-blocked" && seen?.message.contains("blocks.\(block)") == true)
            // Also when it comes after that look.
            let late = await failure { _ = try await search.index(films) }
            #expect(late?.code == "search-index-blocked", "\(block): \(String(describing: late))")
            #expect(late?.category == .unavailable)
            try await admin.ask(.put, "/green/_settings", "{\"index.blocks.\(block)\":null}")
        }
        try await search.createIndex()
        #expect(try await search.index(films).indexed == 30)
        try await admin.ask(.put, "/green/_settings", #"{"index.blocks.read":true}"#)
        #expect(
            await failure { _ = try await search.similar(to: ["m1"], excluding: [], limit: 5) }?.code
                == "search-index-blocked")
        try await admin.ask(.put, "/green/_settings", #"{"index.blocks.read":null}"#)
    }

    private func mappedOtherwise(_ server: SearchServer) async throws {
        let admin = Operator(server: server)
        let text = #"{"type":"text"}"#
        for (number, odd) in [
            #""item_id":\#(text)"#, #""item_id":{"type":"long"}"#,
            #""item_id":{"type":"keyword"},"year":{"type":"date"}"#,
            #""item_id":{"type":"keyword"},"updated_at":{"type":"integer"}"#, #""other":\#(text)"#,
        ].enumerated() {
            try await admin.ask(
                .put, "/odd\(number)",
                #"{"mappings":{"properties":{"title":\#(text),"overview":\#(text),"genres":{"type":"keyword"},\#(odd)}}}"#
            )
            let error = await failure { try await client(server, "odd\(number)").createIndex() }
            #expect(error?.code == "search-index-mismatch", "\(odd): \(String(describing: error))")
        }
        // What takes new fields by itself may lack those that similarity does not read.
        try await admin.ask(
            .put, "/bare",
            #"{"mappings":{"properties":{"title":\#(text),"overview":\#(text),"genres":{"type":"keyword"},"item_id":{"type":"keyword"}}}}"#
        )
        try await client(server, "bare").createIndex()
    }

    private func pruned(_ server: SearchServer) async throws {
        let search = try client(server, "films")
        let films = Films.generated(60)
        let catalogue = CatalogSnapshot(
            films.dropFirst(2) + [.withdrawn("m0", at: Timestamp(seconds: 1_900_000_000))])
        let first = try await search.keepOnly(catalogue)
        #expect(first.removed == 2 && first.missing == 0)
        try await search.refresh()
        #expect(try await search.filmCount() == 58)
        let left = try await search.similar(to: ["m5"], excluding: [], limit: 100).map(\.itemID)
        #expect(!left.contains("m0") && !left.contains("m1"))
        #expect(try await search.keepOnly(catalogue).removed == 0)
    }
}

@Suite struct IndexNameTests {
    @Test(arguments: ["movies", "films-2026.11", "a", "größe"])
    func namesThatElasticsearchTakesAreTaken(_ name: String) throws {
        var configuration = try ElasticsearchClient.Configuration(url: "http://h")
        configuration.index = name
        try configuration.checkIndexName()
    }

    @Test(arguments: [
        "", "Movies", "a b", "a/b", "_films", "-films", "+films", ".", "..", "a,b", "a*", "a#b", "Ü", "a:b",
    ])
    func namesThatNoIndexCanHave(_ name: String) throws {
        var configuration = try ElasticsearchClient.Configuration(url: "http://h")
        configuration.index = name
        let error = #expect(throws: CatalogError.self) { try configuration.checkIndexName() }
        #expect(error?.code == "search-index-name")
    }
}
