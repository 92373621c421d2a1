import Catalog
import Domain
import Foundation
import HTTPServer
import Operations
import Testing

@testable import Serving

/// A service on a free port, and a client for it.
struct RunningService: Sendable {
    let service: RecommendationService
    let server: HTTPServer
    private let fetch = Fetch()

    /// Opens a free port for the service's routes alone.
    init(_ service: RecommendationService) throws {
        self.service = service
        var router = HTTPRouter()
        router.add(service.routes + service.oryxRoutes)
        server = HTTPServer(HTTPServerConfiguration(port: 0), handler: router)
        try server.start()
    }

    /// The model in service.
    var model: String? {
        let json = try? JSONSerialization.jsonObject(with: Data(service.modelJSON)) as? [String: Any]
        return json?["id"] as? String
    }

    struct Answer {
        var status: Int
        var headers: [(name: String, value: String)]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        /// Parsed by Foundation: an oracle that shares nothing with our writer.
        var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:] }
        var items: [[String: Any]] { json["items"] as? [[String: Any]] ?? [] }
        var ids: [String] { items.compactMap { $0["id"] as? String } }
        var degraded: [String] { json["degraded"] as? [String] ?? [] }
        func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
    }

    func post(
        _ path: String, _ body: String, type: String, headers: [String: String] = [:]
    ) async throws -> Answer {
        try await get(path, method: "POST", body: Array(body.utf8), type: type, headers: headers)
    }

    func get(
        _ path: String, method: String = "GET", body: [UInt8]? = nil, type: String = "", accept: String = "",
        headers: [String: String] = [:]
    ) async throws -> Answer {
        let url = "http://127.0.0.1:\(server.port)\(path)"
        let fetched = try await fetch(url, method: method, body: body, type: type, accept: accept, headers: headers)
        return Answer(status: fetched.status, headers: fetched.headers, body: fetched.body)
    }
}

/// Runs a service for the length of `body`.
func withService<R>(
    models: SmallModels? = nil, content: (any ContentSource)? = nil, feed: (any EventFeed)? = nil,
    publisher: (any EventPublisher)? = nil, impressions: (any ImpressionPublisher)? = nil,
    archive: (any EventArchive)? = nil, catalog: CatalogSnapshot? = nil,
    choices: any PersonalChoices = NoObjections(), adjust: (inout ServingConfiguration) -> Void = { _ in },
    _ body: (RunningService) async throws -> R
) async throws -> R {
    let small = try SmallModel()
    let catalog = catalog ?? small.catalog
    var configuration = ServingConfiguration()
    configuration.modelInterval = .milliseconds(10)
    configuration.contentDeadline = .seconds(5)
    adjust(&configuration)
    let service = try await RecommendationService(
        configuration: configuration, models: models ?? SmallModels(small), catalog: catalog,
        content: content ?? ContentIndex(catalog.movies), feed: feed, publisher: publisher,
        archive: archive, impressions: impressions, choices: choices)
    let client = try RunningService(service)
    let running = Task { try await service.run() }
    let result: Result<R, any Error>
    do {
        result = .success(try await body(client))
    } catch {
        result = .failure(error)
    }
    running.cancel()
    try await running.value
    await client.server.stop()
    return try result.get()
}

/// Asks until `isRight`; the test's own time limit ends what never comes.
func eventually(_ isRight: () async throws -> Bool) async throws {
    while try await !isRight() { try await Task.sleep(for: .milliseconds(5)) }
}
