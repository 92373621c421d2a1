import Foundation
import TestSupport
import Testing

/// `catalog index|search|stats`, and a server that searches what they filled: on every search server, the same as from the
/// store alone.
@Suite struct CatalogCommandTests {
    private static let servers: [(name: String, options: [String])] = [
        ("elasticsearch", []), ("elasticsearch", ["--nine"]), ("opensearch", []),
    ]

    private static let isPossible = RealServer.isPresent("elasticsearch") && RealServer.isPresent("opensearch")

    @Test(.enabled(if: isPossible, "there is no ../shared/servers beside the checkout"))
    func theIndexAnswersAsTheStore() async throws {
        try await withTemporaryFolder { folder in
            let (data, models) = try await Loop.trained(in: folder)
            let store = ["--store", data]
            let questions = [
                ["catalog", "search", "the"], ["catalog", "search", "love", "--filter", "year >= 1990", "-n", "30"],
                ["catalog", "search", "sta", "--typing"], ["catalog", "search", "--filter", #"genre = "Drama""#],
            ]
            var expected: [NSDictionary] = []
            for question in questions {
                let output = try await Loop.run(question + store + ["--format", "json"], in: folder)
                expected.append(try Loop.json(output) as NSDictionary)
            }
            let statistics = try Loop.json(
                await Loop.run(["catalog", "stats", "--format", "json"] + store, in: folder))
            let paths = [
                "/v1/search?q=the&n=20", "/v1/search?q=sta&match=typing&n=20",
                "/v1/search?q=the&n=20&filter=year%20%3E%3D%201990",
                "/v1/items/f0100/similar?n=20&method=content&filter=year%20%3C%201980",
            ]
            let serve = ["serve", "--models", models, "--store", data, "--port", "0"]
            let embedded = try await answers(serve, paths, in: folder)
            #expect(embedded.allSatisfy { !$0.isEmpty })

            for (name, options) in Self.servers {
                try await RealServer.with(name, options) { server in
                    let service = ["--elasticsearch", server.address]
                    let filled = try Loop.json(
                        await Loop.run(
                            ["catalog", "index", "--models", models, "--users", "--format", "json"] + store + service,
                            in: folder))
                    let aliases = (filled["indices"] as? [[String: Any]])?.compactMap { $0["alias"] as? String }
                    #expect(aliases == ["movies", "movies-users", "movies-activity"])
                    #expect((filled["films_with_factors"] as? Int ?? 0) > 100)
                    for (question, expected) in zip(questions, expected) {
                        let output = try await Loop.run(question + service + ["--format", "json"], in: folder)
                        let found = try Loop.json(output) as NSDictionary
                        #expect(found["total"] as? Int == expected["total"] as? Int, "\(name): \(question)")
                        #expect(found["facets"] as? NSDictionary == expected["facets"] as? NSDictionary)
                        #expect(Self.ids(found) == Self.ids(expected), "\(name): \(question)")
                    }
                    let figures = try Loop.json(
                        await Loop.run(["catalog", "stats", "--format", "json"] + service, in: folder))
                    for name in ["films_by_year", "languages", "ratings", "most_voted"] {
                        #expect(figures[name] as? NSArray == statistics[name] as? NSArray, "\(name)")
                    }
                    let nearest = try await Loop.run(
                        ["catalog", "search", "--user", "u1", "--models", models, "-n", "5"] + service, in: folder)
                    #expect(nearest.contains("5 films"))
                    let found = try await answers(
                        serve + service + ["--content-deadline", "25"], paths, in: folder)
                    for (path, (ours, theirs)) in zip(paths, zip(embedded, found)) {
                        #expect(ours == theirs, "\(name) \(options): \(path)")
                    }
                }
            }
        }
    }

    private static func ids(_ found: NSDictionary) -> [String] {
        (found["items"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
    }

    private func answers(_ command: [String], _ paths: [String], in folder: URL) async throws -> [[String]] {
        let server = try MarqueeProcess(command, in: folder)
        let client = Client(try await server.line(after: "serving on "))
        defer { client.close() }
        try await eventually("the service is ready") { (try? await client.get("/healthz/ready").status) == 200 }
        var answers: [[String]] = []
        for path in paths { answers.append(try await client.items(path)) }
        server.signal(SIGINT)
        #expect(try await server.result().status == 0)
        return answers
    }

    @Test func whatCannotBeDoneIsSaid() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appending(path: "data").path
            try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
            try await Loop.refused(
                ["catalog", "index", "--store", store], in: folder, status: 64, saying: ["elasticsearch"])
            try await Loop.refused(
                ["catalog", "index", "--store", store, "--elasticsearch", "http://127.0.0.1:9", "--alias", "Films"],
                in: folder, status: 64, saying: ["upper-case"])
            try await Loop.refused(["catalog", "stats", "--store", store], in: folder, status: 65, saying: ["films"])
            try await Loop.refused(
                ["catalog", "search", "x", "--store", store, "--filter", "yeer > 1"], in: folder, status: 64,
                saying: ["yeer"])
        }
    }
}
