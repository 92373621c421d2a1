import Foundation
import TestSupport
import Testing

/// `import tmdb --api` against a server that answers as TMDB does, and as nobody should.
@Suite("Films from TMDB's API", .timeLimit(.minutes(10)), .enabled(if: TMDBDouble.python != nil, "needs python3"))
struct ImportTMDBAPITests {
    private static let key = "0123456789abcdef0123456789abcdef"
    private static let token = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0LXBheWxvYWQ.c2lnbmF0dXJl"

    private static func words(_ server: TMDBDouble, in folder: URL) -> [String] {
        [
            "import", "tmdb", "--api", "--api-url", server.url, "--api-folder", folder.appending(path: "tmdb").path,
            "--store", folder.appending(path: "data").path, "--api-pages", "2", "--api-rate", "500/s",
        ]
    }

    private static func films(in folder: URL) async throws -> [String: [String: Any]] {
        let rows = try await StoredEvent.rows(of: "movies", in: folder.appending(path: "data").path, folder)
        return Dictionary(rows.map { ($0["item_id"] as? String ?? "", $0) }) { $1 }
    }

    @Test("pages of lists and of films become films, whatever goes wrong on the way, and the key is nowhere")
    func faults() async throws {
        try await withTemporaryFolder { folder in
            let server = try await TMDBDouble(
                in: folder,
                plan: [
                    "/movie/popular?page=1": ["500", "cut", "429"], "/movie/popular?page=2": ["html"],
                    "/movie/550": ["429", "503", "slow"], "/movie/7": ["array", "cut"], "/movie/420818": ["404"],
                    "/movie/429617": ["other", "other"], "/movie/399579": ["bare", "bare"],
                    "/movie/287947": ["html", "500"],
                ])
            let words = Self.words(server, in: folder)
            let result = try await MarqueeProcess.run(
                words + ["--log-level", "debug"], in: folder, environment: ["TMDB_API_KEY": Self.key])
            await server.quit()
            #expect(result.status == 0, "\(result.errors)")
            #expect(!(result.output + result.errors).contains(Self.key), "the key was printed")
            let log = server.log
            #expect(log.allSatisfy { $0.contains("api_key=\(Self.key)") && $0.hasSuffix("\t") }, "\(log)")
            #expect(log.filter { $0.contains("popular?page=1") }.count == 4)

            let films = try await Self.films(in: folder)
            let club = try #require(films["550"])
            #expect(club["runtime"] as? Int == 139 || club["runtime"] as? Int == 90)
            #expect(club["director"] as? String == "A. Director" && club["keywords"] as? [String] == ["a keyword"])
            #expect(films["7"]?["runtime"] as? Int == 90 && films["7"]?["is_partial"] is NSNull)
            if server.hasRealPages {
                #expect(films.count == 22)
                // Without a page of its own, a film is what the list says of it.
                let lion = try #require(films["420818"])
                #expect(lion["runtime"] is NSNull && lion["title"] as? String == "The Lion King")
                #expect(lion["is_partial"] as? Bool == true && films["429617"]?["runtime"] is NSNull)
                #expect(result.output.contains("1 films have no page of their own"), "\(result.output)")
                #expect(result.output.contains("2 answers are no films"), "\(result.output)")
                #expect(films["287947"]?["director"] as? String == "A. Director")
            }
            // Nothing that was written holds the key either.
            let files = FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []
            for file in files where !file.hasSuffix("requests.log") {
                let bytes = (try? Data(contentsOf: folder.appending(path: file))) ?? Data()
                #expect(bytes.range(of: Data(Self.key.utf8)) == nil, "\(file)")
            }
        }
    }

    @Test("killed in the middle it goes on where it was, and asks nothing twice")
    func kill() async throws {
        try await withTemporaryFolder { folder in
            let server = try await TMDBDouble(in: folder, plan: [:], delay: 0.05)
            let words = Self.words(server, in: folder)
            let keyFile = folder.appending(path: "key")
            try Data("\(Self.token)\n".utf8).write(to: keyFile)
            let options = words + ["--api-key-file", keyFile.path]
            let pages = folder.appending(path: "tmdb").path
            func answers() -> [String] {
                ((try? FileManager.default.contentsOfDirectory(atPath: pages)) ?? []).filter { !$0.hasPrefix(".") }
            }
            let process = try MarqueeProcess(options, in: folder)
            try await eventually("some answers are there") { answers().count >= 3 }
            process.signal(SIGKILL)
            #expect(try await process.result().wasKilled)
            let there = answers()
            let asked = server.log.count
            let result = try await MarqueeProcess.run(options, in: folder)
            #expect(result.status == 0, "\(result.errors)")
            // A request that was on the wire when the kill came may be asked again; what is a file is not.
            for file in there {
                let path =
                    file.hasPrefix("film-")
                    ? "/movie/\(file.dropFirst(5).dropLast(5))?" : "popular?page=\(file.dropFirst(13).dropLast(5))"
                #expect(server.log.filter { $0.contains(path) }.count == 1, "\(file)")
            }
            #expect(server.log.count <= asked + (server.hasRealPages ? 24 : 4) - there.count + 0)
            #expect(server.log.allSatisfy { $0.hasSuffix("\tBearer \(Self.token)") && !$0.contains("api_key") })
            #expect(!(result.output + result.errors).contains("c2VjcmV0"))
            #expect(try await Self.films(in: folder).count == (server.hasRealPages ? 22 : 2))
            // Young answers are kept, old ones fetched anew.
            let before = server.log.count
            #expect(try await Loop.run(options, in: folder).contains("fetched 0 answers"))
            #expect(server.log.count == before)
            try await Loop.run(options + ["--api-max-age", "0.001s"], in: folder)
            #expect(server.log.count > before)
            await server.quit()
        }
    }

    @Test("what cannot go on ends with one clear line")
    func refusals() async throws {
        try await withTemporaryFolder { folder in
            let server = try await TMDBDouble(
                in: folder, plan: ["/movie/popular?page=1": ["401"], "/movie/upcoming?page=1": ["html", "html"]])
            let words = Self.words(server, in: folder)
            let key = ["TMDB_API_KEY": Self.key]
            try await Loop.refused(
                words, in: folder, environment: key, status: 64, saying: ["refuses the key (status 401)"])
            try await Loop.refused(
                words + ["--api-lists", "upcoming"], in: folder, environment: key, status: 65, saying: ["no results"])
            try await Loop.refused(words, in: folder, status: 64, saying: ["there is none", "API"])
            try await Loop.refused(
                words, in: folder, environment: ["TMDB_API_KEY": "short"], status: 64, saying: ["neither the API key"])
            try await Loop.refused(
                words + ["--api-key-file", "/nowhere"], in: folder, status: 64, saying: ["/nowhere cannot be read"])
            try await Loop.refused(
                ["import", "tmdb", "--api", "--api-url", "http://example.com/3", "--store", folder.path], in: folder,
                environment: key, status: 64, saying: ["https://"])
            try await Loop.refused(["import", "tmdb"], in: folder, status: 64, saying: ["PATH, or --api"])
            try await Loop.refused(words + ["pages"], in: folder, environment: key, status: 64, saying: ["'pages'"])
            await server.quit()
        }
    }
}

/// A stand-in for TMDB's API in a process of its own: Tests/Independent/tmdb/server.py.
private final class TMDBDouble: Sendable {
    static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private let logFile: URL
    let url: String
    private let origin: String
    let hasRealPages = Checkout.shared("data/tmdb/api") != nil

    init(in folder: URL, plan: [String: [String]], delay: Double = 0) async throws {
        let port = folder.appending(path: "port")
        let planFile = folder.appending(path: "plan.json")
        logFile = folder.appending(path: "requests.log")
        var plan: [String: Any] = plan
        plan["delay"] = delay
        try JSONSerialization.data(withJSONObject: plan).write(to: planFile)
        let script = Checkout.root.appending(path: "Tests/Independent/tmdb/server.py").path
        let words =
            [Self.python ?? "python3", script, port.path, logFile.path, planFile.path]
            + (Checkout.shared("data/tmdb/api").map { [$0.path] } ?? [])
        let line = words.map { "'\($0)'" }.joined(separator: " ")
        _ = try await runCommand("/bin/sh", ["-c", "\(line) > /dev/null 2> '\(folder.path)/server.err' &"])
        try await eventually("the server listens") { FileManager.default.fileExists(atPath: port.path) }
        origin = "http://127.0.0.1:\(try String(contentsOf: port, encoding: .utf8))"
        url = origin + "/3"
    }

    /// A line for each request.
    var log: [String] {
        ((try? String(contentsOf: logFile, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    func quit() async {
        let client = Client(origin)
        _ = try? await client.get("/quit")
        client.close()
    }
}
