import Catalog
import Domain
import Foundation
import HTTPServer
import Operations
import Platform
import Serving
import Trainer

// bench-http now|later|recommend PORT: what bench.py lets wrk run against. Ends with the terminal or a signal.
let mode = CommandLine.arguments.dropFirst().first ?? "now"
let port = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 8091
var http = HTTPServerConfiguration(port: port)
http.threads = 2
Log.configure(level: .warning, format: .text)
let body = [UInt8](repeating: UInt8(ascii: "x"), count: 1024)

switch mode {
case "now", "later":
    let isLater = mode == "later"
    let server = HTTPServer(http) { _ in
        isLater ? .later { HTTPResponse(body: body) } : .now(HTTPResponse(body: body))
    }
    try server.start()
    print("listening on \(server.port)")
    fflush(nil)
    try await Task.sleep(for: .seconds(86_400))
case "recommend":
    let folder = FileManager.default.temporaryDirectory.appending(path: "marquee-bench-\(getpid())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let sample = try SampleModel(users: 5_000, items: 10_000, folder: folder.path)
    let service = try await RecommendationService(
        registry: sample.registry, catalog: sample.catalog, content: ContentIndex(sample.catalog.movies))
    let server = HTTPService(http, routes: service.routes, watching: [service.status])
    try server.open()
    print("listening on \(server.port)")
    fflush(nil)
    try await server.run()
default:
    print("usage: bench-http now|later|recommend PORT (see Benchmarks/http/README.md)")
}
