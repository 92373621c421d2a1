import Foundation
import TestSupport
import Testing

/// What the interface says of itself, held against what it does, by tools that are not ours.
@Suite(
    "The described interface", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: Checkout.python != nil, "needs the Python environment in .venv (make venv)"))
struct InterfaceTests {
    @Test("/openapi.json is sound OpenAPI 3.1, and requests of every kind are answered as it says")
    func schemathesis() async throws {
        let python = try #require(Checkout.python)
        try await withDemo { client, folder in
            let document = folder.appending(path: "openapi.json")
            try Data(try await client.get("/openapi.json").body.utf8).write(to: document)
            let sound = try await runCommand(python.path, ["-m", "openapi_spec_validator", document.path])
            #expect(sound.status == 0, "\(sound.output)")

            // With a key, so that the checks of who may ask have something to find.
            let made = try Loop.json(
                try await Loop.run(
                    [
                        "keys", "create", "everything", "--scopes", "read,events,catalog,models,privacy,admin",
                        "--format", "json",
                    ], in: folder))
            let key = try #require(made["secret"] as? String)
            let own = Checkout.root.appending(path: "Tests/Independent/http")
            let (status, output) = try await runCommand(
                "/usr/bin/env",
                [
                    "-C", folder.path, "SCHEMATHESIS_HOOKS=\(own.appending(path: "formats.py").path)", python.path,
                    "-m",
                    "schemathesis.cli", "--config-file", own.appending(path: "schemathesis.toml").path, "run",
                    client.address + "/openapi.json", "-H", "Authorization: Bearer \(key)", "--phases",
                    "examples,coverage,fuzzing", "--checks", "all",
                    // Of an operation that takes no parameters beside its own, most that is made up against its schema is left out.
                    "--suppress-health-check", "filter_too_much",
                    "--seed", "1", "--no-shrink", "--continue-on-failure", "--max-examples",
                    "\(Effort.rounds(20, nightly: 500))", "--max-time", "\(Effort.rounds(80, nightly: 1200))",
                ])
            #expect(status == 0, "\(output.suffix(12_000))")
            // It still answers, and nothing it was sent has changed that.
            #expect(try await client.get("/healthz/live").status == 200)
        }
    }

    @Test("the manual lists the routes that there are, and no others")
    func manual() async throws {
        let manual = try String(contentsOf: Checkout.root.appending(path: "docs/rest-api.md"), encoding: .utf8)
        let listed = Set(
            manual.split(separator: "\n").compactMap { line -> String? in
                guard line.hasPrefix("- `"), let end = line.dropFirst(3).firstIndex(of: "`") else { return nil }
                let route = line[line.index(line.startIndex, offsetBy: 3)..<end]
                return route.split(separator: " ").count == 2 && route.contains(" /") ? String(route) : nil
            })
        try await withDemo { client, _ in
            let paths = try #require(try await client.object("/openapi.json")["paths"] as? [String: [String: Any]])
            let there = Set(
                paths.flatMap { path, operations in operations.keys.map { "\($0.uppercased()) \(path)" } })
            #expect(listed.subtracting(there).isEmpty, "not there: \(listed.subtracting(there).sorted())")
            #expect(there.subtracting(listed).isEmpty, "not listed: \(there.subtracting(listed).sorted())")
        }
    }

    @Test("the manual has every code of a problem, every source of a score and every header that the document has")
    func manualWords() async throws {
        let manual = try String(contentsOf: Checkout.root.appending(path: "docs/rest-api.md"), encoding: .utf8)
        // Each word between backquotes, where several may stand together.
        let words = Set(
            manual.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
                .flatMap { $0.element.split { " ,:".contains($0) } }.map(String.init))
        try await withDemo { client, _ in
            let document = try await client.object("/openapi.json")
            let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
            var said: Set<String> = []
            for operation in paths.values.flatMap(\.values) {
                for (status, answer) in operation["responses"] as? [String: [String: Any]] ?? [:]
                where (Int(status) ?? 0) >= 400 {
                    let text = try #require(answer["description"] as? String)
                    said.formUnion(text.matches(of: /[a-z]+(-[a-z]+)+/).map { String($0.output.0) })
                }
                for parameter in operation["parameters"] as? [[String: Any]] ?? []
                where parameter["in"] as? String == "header" {
                    said.insert(try #require(parameter["name"] as? String))
                }
            }
            #expect(said.count > 60 && said.isSuperset(of: ["film-exists", "filter-parameters", "X-Timeout-Ms"]))
            let schemas = try #require(
                (document["components"] as? [String: Any])?["schemas"] as? [String: [String: Any]])
            func members(_ name: String) throws -> [String: [String: Any]] {
                try #require(schemas[name]?["properties"] as? [String: [String: Any]])
            }
            said.formUnion(try #require(try members("Reason")["source"]?["enum"] as? [String]))
            said.formUnion(try members("ListedItem").keys.filter { $0 != "id" && $0 != "rank" })
            said.formUnion(try #require(try members("WhyNot")["verdict"]?["enum"] as? [String]))
            #expect(said.subtracting(words).isEmpty, "not in docs/rest-api.md: \(said.subtracting(words).sorted())")
        }
    }

    /// A whole loop with a broker, films, a model and live events.
    private func withDemo(_ body: (Client, URL) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let demo = try MarqueeProcess(
                [
                    "demo", "--port", "0", "--events", "6000", "--data", folder.appending(path: "data").path,
                    "--models", folder.appending(path: "models").path,
                ], in: folder)
            let client = Client(try await demo.line(after: "serve      "))
            defer { client.close() }
            try await body(client, folder)
            demo.signal(SIGINT)
            let end = try await demo.result()
            #expect(end.status == 0, "\(end.errors)")
        }
    }
}
