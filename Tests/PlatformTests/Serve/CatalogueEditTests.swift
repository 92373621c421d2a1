import Catalog
import Columnar
import Domain
import Foundation
import HTTPServer
import Operations
import Platform
import Serving
import Store
import TestSupport
import Testing

@testable import Trainer

/// The catalogue written over HTTP into a real store, by a whole server.
@Suite("Catalogue edits", .timeLimit(.minutes(5)))
struct CatalogueEditTests {
    private static func train(_ folder: URL) throws -> ModelRegistry {
        let log = try InteractionLog(source: "planted", version: 1)
        var random = SeededGenerator(seed: 3)
        for step in 0..<600 {
            let user = random.below(30)
            let item = random.below(10) * 2 + user % 2
            try log.append(
                userID: "u\(user)", itemID: "f\(item)", kind: .like, value: 1,
                at: Timestamp(seconds: 1_700_000_000 + Int64(step) * 60))
        }
        let registry = ModelRegistry(folder: folder.appending(path: "models").path)
        var configuration = TrainingConfiguration(
            codeVersion: "test", parameters: ALSParameters(rank: 8, epochs: 3, threads: 1), bootstrapResamples: 50)
        configuration.policy = .always
        try TrainingRun(configuration: configuration, registry: registry).run(log)
        return registry
    }

    /// Runs a whole server on what lies in `folder`, for the length of `body`.
    private func withServer(
        _ folder: URL, _ registry: ModelRegistry, _ configuration: ServingConfiguration = ServingConfiguration(),
        _ body: (EditClient) async throws -> Void
    ) async throws {
        let server = try await RecommendationServer(
            http: HTTPServerConfiguration(port: 0), registry: registry,
            catalogue: StoredCatalogue(store: EventStore(folder: folder.appending(path: "data").path)),
            configuration: configuration)
        try server.http.open()
        let running = Task { try await server.group.run() }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(EditClient(address: server.address)))
        } catch {
            result = .failure(error)
        }
        running.cancel()
        _ = try? await running.value
        try result.get()
    }

    @Test("an edit of a film that somebody else has changed is refused, and a film that is known is not sent again")
    func tags() async throws {
        try await withTemporaryFolder { folder in
            _ = try EventStore(folder: folder.appending(path: "data").path).openOrCreate(.movies)
            try await withServer(folder, try Self.train(folder)) { client in
                let made = try await client.send("PUT", "/v1/items/f1", #"{"title":"One","year":1999}"#)
                #expect(made.status == 201 && !made.tag.isEmpty)
                let read = try await client.send("GET", "/v1/items/f1")
                #expect(read.tag == made.tag)
                for known in [read.tag, "W/\(read.tag)", "\"other\", \(read.tag)", "*"] {
                    let again = try await client.send("GET", "/v1/items/f1", headers: ["If-None-Match": known])
                    #expect(again.status == 304 && again.body.isEmpty && again.tag == read.tag, "\(known)")
                }
                #expect(try await client.send("GET", "/v1/items/f1", headers: ["If-None-Match": "\"x\""]).status == 200)

                // Two who have read the same: the second must read again.
                let first = try await client.send(
                    "PATCH", "/v1/items/f1", #"{"year":2000}"#, headers: ["If-Match": read.tag])
                #expect(first.status == 200 && first.tag != read.tag)
                for (method, body) in [("PATCH", #"{"year":2001}"#), ("PUT", #"{"title":"Two"}"#), ("DELETE", nil)] {
                    let second = try await client.send(method, "/v1/items/f1", body, headers: ["If-Match": read.tag])
                    #expect(second.status == 412 && second.json["code"] as? String == "film-changed", "\(second)")
                }
                #expect(try await client.send("GET", "/v1/items/f1").json["year"] as? Int == 2000)
                #expect(
                    try await client.send("PUT", "/v1/items/new", #"{"title":"N"}"#, headers: ["If-Match": "*"]).status
                        == 412)
                #expect(
                    try await client.send("DELETE", "/v1/items/f1", headers: ["If-Match": "\"x\", \(first.tag)"]).status
                        == 204)
            }
        }
    }

    @Test("an edit that is not meant for a film that is there leaves it as it is")
    func unwantedTags() async throws {
        try await withTemporaryFolder { folder in
            _ = try EventStore(folder: folder.appending(path: "data").path).openOrCreate(.movies)
            try await withServer(folder, try Self.train(folder)) { client in
                func put(_ title: String, _ headers: [String: String]) async throws -> EditClient.Answer {
                    try await client.send("PUT", "/v1/items/f1", #"{"title":"\#(title)"}"#, headers: headers)
                }
                // Whoever only means to make a new one makes it once.
                let made = try await put("One", ["If-None-Match": "*"])
                #expect(made.status == 201)
                for known in ["*", made.tag, "W/\(made.tag)", "\"other\", \(made.tag)"] {
                    for (method, body) in [
                        ("PUT", #"{"title":"Two"}"#), ("PATCH", #"{"title":"Two"}"#), ("DELETE", nil),
                    ] {
                        let refused = try await client.send(
                            method, "/v1/items/f1", body, headers: ["If-None-Match": known])
                        #expect(refused.status == 412, "\(method) \(known): \(refused.body)")
                        #expect(refused.json["code"] as? String == "film-exists")
                        #expect(refused.json["title"] as? String == "Precondition Failed")
                    }
                }
                #expect(try await client.send("GET", "/v1/items/f1").tag == made.tag)
                // Meant for any other description than one that is known, and it is another one.
                let changed = try await put("Two", ["If-None-Match": "\"other\""])
                #expect(changed.status == 200)
                #expect(try await put("Three", ["If-None-Match": made.tag, "If-Match": changed.tag]).status == 200)
                // A film that was withdrawn is not there.
                #expect(try await client.send("DELETE", "/v1/items/f1").status == 204)
                #expect(try await put("Four", ["If-None-Match": "*"]).status == 201)
            }
        }
    }

    @Test("an edit of a large catalogue is in service before its words are indexed, and they follow")
    func indexFollows() async throws {
        try await withTemporaryFolder { folder in
            let registry = try Self.train(folder)
            _ = try EventStore(folder: folder.appending(path: "data").path).openOrCreate(.movies)
            var configuration = ServingConfiguration()
            configuration.filmsIndexedAtOnce = 0
            try await withServer(folder, registry, configuration) { client in
                for round in 1...3 {
                    _ = try await client.send("PUT", "/v1/items/f1", #"{"title":"Marker\#(round)"}"#)
                    #expect(try await client.send("GET", "/v1/items/f1").json["title"] as? String == "Marker\(round)")
                    #expect(try await client.ids("/v1/items/popular?n=500") == ["f1"])
                    try await eventually("the words of the edit are found") {
                        try await client.ids("/v1/search?q=marker\(round)") == ["f1"]
                    }
                }
                _ = try await client.send("DELETE", "/v1/items/f1")
                #expect(try await client.ids("/v1/items/popular?n=500").isEmpty)
                #expect(try await client.ids("/v1/search?q=marker3").isEmpty)
            }
        }
    }

    @Test("what is written is in every list at once, and after a restart; what is withdrawn is in none")
    func roundTrip() async throws {
        try await withTemporaryFolder { folder in
            let registry = try Self.train(folder)
            let store = EventStore(folder: folder.appending(path: "data").path)
            // A table of before: without the columns of availability.
            let old = TableContract(
                name: "movies",
                schema: Schema(TableContract.movies.schema.fields.filter { !$0.name.hasPrefix("available_") }))
            _ = try store.openOrCreate(old)
            try await withServer(folder, registry) { client in
                // New.
                let made = try await client.send(
                    "PUT", "/v1/items/f1", #"{"title":"One","genres":["Drama"],"year":1999}"#)
                #expect(made.status == 201 && made.json["title"] as? String == "One")
                #expect(made.json["in_model"] as? Bool == true)
                #expect(try await client.ids("/v1/items/popular?n=500") == ["f1"])
                // Many at once.
                let lines = (2..<10).map { #"{"item_id":"f\#($0)","title":"Film \#($0)","year":\#(1990 + $0)}"# }
                let many = try await client.send(
                    "POST", "/v1/items/batch", lines.joined(separator: "\n"), type: "application/x-ndjson")
                #expect(many.status == 200 && many.json["taken"] as? Int == 8)
                #expect(try await client.ids("/v1/items/popular?n=500").count == 9)
                // Changed.
                let patched = try await client.send(
                    "PATCH", "/v1/items/f1", #"{"year":2005,"genres":null,"available_until":"2999-01-01T00:00:00Z"}"#,
                    type: "application/merge-patch+json")
                #expect(patched.status == 200 && patched.json["year"] as? Int == 2005)
                #expect(patched.json["title"] as? String == "One")
                #expect(try await client.ids("/v1/items?filter=year%20%3E%202000") == ["f1"])
                // Not shown any more.
                let closed = try await client.send(
                    "PATCH", "/v1/items/f2", #"{"available_until":"2001-01-01T00:00:00Z"}"#)
                #expect(closed.status == 200)
                #expect(try await client.send("DELETE", "/v1/items/f3").status == 204)
                #expect(try await client.send("DELETE", "/v1/items/f3").status == 404)
                #expect(try await client.send("PATCH", "/v1/items/f3", #"{"year":1}"#).status == 404)
                let again = try await client.send("PUT", "/v1/items/f4", #"{"title":"Four anew"}"#)
                #expect(again.status == 200 && again.json["year"] is NSNull)
                let shown = try await client.ids("/v1/users/u1/recommendations?n=500&exclude_seen=none")
                #expect(Set(shown) == ["f1", "f4", "f5", "f6", "f7", "f8", "f9"])
            }
            try await withServer(folder, registry) { client in
                let shown = try await client.ids("/v1/users/u1/recommendations?n=500&exclude_seen=none")
                #expect(Set(shown) == ["f1", "f4", "f5", "f6", "f7", "f8", "f9"])
                #expect(try await client.send("GET", "/v1/items/f1").json["year"] as? Int == 2005)
                // A withdrawn film may come back.
                #expect(try await client.send("PUT", "/v1/items/f3", #"{"title":"Three"}"#).status == 201)
                #expect(try await client.ids("/v1/items/popular?n=500").contains("f3"))
            }
            let snapshot = try store.open(.movies).snapshot()
            #expect(Set(TableContract.movies.schema.names).isSubset(of: snapshot.schema.names))
        }
    }

    @Test("what is refused is refused whole, and the catalogue stays as it was")
    func refusals() async throws {
        try await withTemporaryFolder { folder in
            let registry = try Self.train(folder)
            _ = try EventStore(folder: folder.appending(path: "data").path).openOrCreate(.movies)
            try await withServer(folder, registry) { client in
                for (method, path, body, type, status) in [
                    ("PUT", "/v1/items/f1", "{", "application/json", 400),
                    ("PUT", "/v1/items/f1", #"{"title":"T","stars":5}"#, "application/json", 400),
                    ("PUT", "/v1/items/f1", #"{"title":"T","item_id":"f2"}"#, "application/json", 400),
                    ("PUT", "/v1/items/f1", #"{"title":"T"}"#, "text/plain", 415),
                    (
                        "PUT", "/v1/items/\(String(repeating: "x", count: 257))", #"{"title":"T"}"#, "application/json",
                        400
                    ),
                    ("PATCH", "/v1/items/f1", #"{"title":"T"}"#, "application/json", 404),
                    (
                        "POST", "/v1/items/batch", #"[{"item_id":"f1","title":"T"},{"item_id":"f2"}]"#,
                        "application/json", 400
                    ),
                    (
                        "POST", "/v1/items/batch", #"{"items":[{"item_id":"f1","title":"T"}],"withdraw":["f9"]}"#,
                        "application/json", 404
                    ),
                    ("POST", "/v1/items/batch", #"{"films":[]}"#, "application/json", 400),
                    ("POST", "/v1/items/batch", "[]", "application/json", 400),
                    ("POST", "/v1/items/batch", "{\"item_id\":\"f1\",\"title\":\"T\"}\n{", "application/x-ndjson", 400),
                    ("POST", "/v1/items/batch", "7", "application/json", 400),
                ] as [(String, String, String, String, Int)] {
                    let answer = try await client.send(method, path, body, type: type)
                    #expect(answer.status == status, "\(method) \(path) \(body): \(answer.body)")
                    #expect(answer.type == "application/problem+json", "\(method) \(body)")
                }
                #expect(try await client.ids("/v1/items").isEmpty)
            }
        }
    }

    @Test("films whose identifiers differ in bytes alone are two, also after a restart")
    func identifiersAreBytes() async throws {
        try await withTemporaryFolder { folder in
            let registry = try Self.train(folder)
            _ = try EventStore(folder: folder.appending(path: "data").path).openOrCreate(.movies)
            let paths = ["/v1/items/caf%C3%A9", "/v1/items/cafe%CC%81"]
            try await withServer(folder, registry) { client in
                for path in paths {
                    let made = try await client.send("PUT", path, #"{"title":"\#(path)"}"#)
                    #expect(made.status == 201)
                }
            }
            try await withServer(folder, registry) { client in
                for path in paths {
                    let film = try await client.send("GET", path)
                    #expect(film.json["title"] as? String == path)
                }
                let gone = try await client.send("DELETE", paths[0])
                let left = try await client.send("GET", paths[1])
                #expect(gone.status == 204 && left.status == 200)
            }
        }
    }

    @Test("many writers at once lose nothing, and each finds what it wrote")
    func together() async throws {
        try await withTemporaryFolder { folder in
            let registry = try Self.train(folder)
            _ = try EventStore(folder: folder.appending(path: "data").path).openOrCreate(.movies)
            try await withServer(folder, registry) { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<24 {
                        group.addTask {
                            let path = "/v1/items/g\(number % 12)"
                            let put = try await client.send("PUT", path, #"{"title":"Film \#(number)"}"#)
                            #expect([200, 201].contains(put.status))
                            #expect(try await client.send("GET", path).status == 200)
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await client.ids("/v1/items?n=500").count == 12)
            }
        }
    }
}
