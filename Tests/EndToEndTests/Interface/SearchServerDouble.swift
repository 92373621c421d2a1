// In a file of its own: HTTPClient and HTTPServer both have an HTTPRequest, and only this file needs the server's.
import Foundation
import HTTPServer
import Synchronization

/// As much of Elasticsearch as `serve` asks for, which answers questions as slowly as it is told to.
final class SearchServerDouble: Sendable {
    private struct State {
        var mappings: Any?
        var documents: [String] = []
        var delay = 0.0
    }

    /// `@unchecked Sendable`: only touched under the mutex.
    private final class Held: @unchecked Sendable {
        var state = State()
    }

    private let held = Mutex(Held())
    private let server = Mutex<HTTPServer?>(nil)

    /// Opens a free port of this machine.
    func start() throws {
        let server = HTTPServer(HTTPServerConfiguration(port: 0)) { [self] request in
            let delay = request.path.hasSuffix("/_search") ? held.withLock { $0.state.delay } : 0
            let response = answer(request)
            guard delay > 0 else { return .now(response) }
            return .later {
                try? await Task.sleep(for: .seconds(delay))
                return response
            }
        }
        try server.start()
        self.server.withLock { $0 = server }
    }

    var address: String { "http://127.0.0.1:\(server.withLock { $0?.port ?? 0 })" }

    /// From here on every question takes so many seconds.
    func delay(_ seconds: Double) { held.withLock { $0.state.delay = seconds } }

    func stop() async { await server.withLock { $0 }?.stop() }

    private func answer(_ request: HTTPRequest) -> HTTPResponse {
        let parts = request.segments
        guard let index = parts.first, !index.isEmpty else { return Self.json(["version": ["number": "8.15.0"]]) }
        return held.withLock { held in
            switch (request.method, parts.dropFirst().last ?? "") {
            case (.get, ""):
                guard let mappings = held.state.mappings else {
                    return Self.json(["error": ["type": "index_not_found_exception", "reason": "none"]], status: 404)
                }
                return Self.json([index: ["aliases": [:], "mappings": mappings, "settings": ["index": [:]]]])
            case (.put, ""):
                let body = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
                held.state.mappings = body?["mappings"] ?? [:]
                return Self.json(["acknowledged": true])
            case (_, "_count"): return Self.json(["count": held.state.documents.count])
            case (_, "_bulk"):
                let lines = request.body.split(separator: UInt8(ascii: "\n"))
                let ids = lines.compactMap { line -> String? in
                    let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
                    return (object?["index"] as? [String: Any])?["_id"] as? String
                }
                held.state.documents = Set(held.state.documents + ids).sorted()
                return Self.json(["errors": false, "items": ids.map { _ in ["index": ["status": 201]] }])
            case (_, "_search"):
                let isListing = request.query["filter_path"]?.contains("hits.sort") == true
                let hits: [[String: Any]] = held.state.documents.prefix(isListing ? .max : 50).map {
                    isListing ? ["_id": $0, "sort": [$0]] : ["_id": $0, "_score": 1]
                }
                return Self.json(["timed_out": false, "hits": ["hits": hits]])
            default: return Self.json(["acknowledged": true])
            }
        }
    }

    private static func json(_ object: [String: Any], status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status, body: Array((try? JSONSerialization.data(withJSONObject: object)) ?? Data()))
    }
}
