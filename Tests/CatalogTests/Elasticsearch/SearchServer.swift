import Foundation
import TestSupport

/// A real search server of ../shared/servers, on a free port, gone when the test ends.
final class SearchServer: Sendable {
    enum Product: String, Sendable {
        case elasticsearch8, elasticsearch9, openSearch

        fileprivate var script: String { self == .openSearch ? "opensearch/start" : "elasticsearch/start" }
    }

    static var isPresent: Bool { Checkout.shared("servers/elasticsearch/start") != nil }

    let url: String
    private let data: URL

    private init(url: String, data: URL) {
        self.url = url
        self.data = data
    }

    struct DidNotStart: Error { var output: String }

    /// Starts the server, hands it to `body` and stops it, whatever happens.
    static func with<R>(
        _ product: Product, options: [String] = [], _ body: (SearchServer) async throws -> R
    ) async throws -> R {
        try await withTemporaryFolder { folder in
            let options = ["--data", folder.path] + (product == .elasticsearch9 ? ["--nine"] : []) + options
            let output = try await run(product.script, options)
            guard let url = output.split(separator: "\n").first(where: { $0.hasPrefix("url=") })?.dropFirst(4) else {
                throw DidNotStart(output: output)
            }
            let server = SearchServer(url: String(url), data: folder)
            do {
                let result = try await body(server)
                await server.kill()
                return result
            } catch {
                await server.kill()
                throw error
            }
        }
    }

    var authority: URL { data.appending(path: "tls/ca.pem") }

    /// Ends it as a crash would. Harmless when it is down already.
    func kill() async { _ = try? await Self.run("stop", [data.path, "-9"]) }

    /// Stops it in its tracks: connections stay open and nothing answers. ``thaw()`` lets it go on.
    func freeze() { signal(SIGSTOP) }
    func thaw() { signal(SIGCONT) }

    private func signal(_ signal: Int32) {
        let pids = (try? String(contentsOf: data.appending(path: "pids"), encoding: .utf8)) ?? ""
        // Each is the leader of its process group.
        for pid in pids.split(separator: "\n").compactMap({ Int32($0) }) { Foundation.kill(-pid, signal) }
    }

    private static func run(_ script: String, _ arguments: [String]) async throws -> String {
        guard let url = Checkout.shared("servers/\(script)") else { throw DidNotStart(output: "no \(script)") }
        return try await runCommand("/bin/bash", [url.path] + arguments).output
    }
}
