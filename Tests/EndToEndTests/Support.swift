import Foundation
import HTTPClient
import TestSupport
import Testing

/// What the end-to-end tests share.
enum Loop {
    /// Runs a command that must succeed.
    /// - Returns: what it printed.
    @discardableResult
    static func run(
        _ words: [String], in folder: URL, environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let result = try await MarqueeProcess.run(words, in: folder, environment: environment)
        #expect(result.status == 0, "marquee \(words): \(result.errors)", sourceLocation: sourceLocation)
        return result.output
    }

    /// Runs a command that must fail with one clear line.
    static func refused(
        _ words: [String], in folder: URL, directory: URL? = nil, environment: [String: String] = [:], status: Int32,
        saying texts: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let result = try await MarqueeProcess.run(words, in: folder, directory: directory, environment: environment)
        let lines = result.errors.split(separator: "\n").filter { $0.hasPrefix("marquee: ") }
        #expect(result.status == status, "\(words): \(result.errors)", sourceLocation: sourceLocation)
        #expect(lines.count == 1, "\(words): \(result.errors)", sourceLocation: sourceLocation)
        #expect(!result.errors.contains("Internal error"), sourceLocation: sourceLocation)
        for text in texts {
            #expect(lines.first?.contains(text) == true, "\(words): \(result.errors)", sourceLocation: sourceLocation)
        }
    }

    /// A small store and its model, as the demo makes them.
    static func trained(in folder: URL) async throws -> (data: String, models: String) {
        let data = folder.appending(path: "data").path
        let models = folder.appending(path: "models").path
        let demo = try MarqueeProcess(
            ["demo", "--events", "4000", "--port", "0", "--data", data, "--models", models], in: folder)
        _ = try await demo.line(after: "serve      ")
        demo.signal(SIGINT)
        #expect(try await demo.result().status == 0)
        return (data, models)
    }

    static func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// Runs a script of `Tests/Independent` in the virtual environment.
    static func python(_ script: String, _ arguments: [String]) async throws -> [String: Any] {
        let python = try #require(Checkout.python)
        let path = Checkout.root.appending(path: "Tests/Independent/\(script)").path
        let (status, output) = try await runCommand(python.path, [path] + arguments)
        #expect(status == 0, "\(script): \(output)")
        // Warnings of the libraries may stand before the answer.
        return try json(String(output.split(separator: "\n").last ?? ""))
    }
}

/// A client of a served address.
struct Client {
    let address: String
    private let http = HTTPClient.unwavering()

    init(_ address: String) { self.address = address }

    func get(_ path: String) async throws -> (status: Int, body: String) {
        let response = try await http.send(HTTPRequest(.get, address + path))
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    /// Sends JSON. Returns the status.
    func post(_ path: String, _ json: String) async throws -> Int {
        let type = [HTTPHeader("Content-Type", "application/json")]
        return try await http.send(HTTPRequest(.post, address + path, headers: type, body: Array(json.utf8))).status
    }

    /// Sends a body with headers of the caller's.
    func send(path: String, headers: [HTTPHeader], body: String) async throws -> (status: Int, body: String) {
        let request = HTTPRequest(.post, address + path, headers: headers, body: Array(body.utf8))
        let response = try await http.send(request)
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    func object(_ path: String) async throws -> [String: Any] {
        let (status, body) = try await get(path)
        #expect(status == 200, "\(path): \(body)")
        return try Loop.json(body)
    }

    /// Identifiers of an answer's items, in order.
    func items(_ path: String) async throws -> [String] {
        let items = try #require(try await object(path)["items"] as? [[String: Any]])
        return items.compactMap { $0["id"] as? String }
    }

    func close() { http.close() }
}

extension HTTPClient {
    /// A client that asks again however often it was told "not yet": what is to be seen is the server, not our breaker.
    static func unwavering() -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.breaker.failures = 0
        return HTTPClient(configuration)
    }
}
