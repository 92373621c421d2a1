import Domain
import Foundation
public import HTTPClient
import Synchronization

/// The catalogue in Elasticsearch 8 or 9 or OpenSearch 2: index, bulk, and more_like_this with the settings of the
/// embedded index.
///
///     let search = try ElasticsearchClient(.init(url: "http://localhost:9200"))
///     try await search.createIndex()
///     try await search.index(catalogue.movies)
///     let similar = try await search.similar(to: ["603"], excluding: [], limit: 10)
///
/// A query is sent once and with a short deadline; after a few failures the server is left alone for a moment and
/// queries fail at once, so that whoever blends the answer goes on without it.
public final class ElasticsearchClient: ContentSource {
    /// Which server and index to ask, as whom, and how long to wait. Holds secrets: ``credentials`` print masked.
    public struct Configuration: Sendable {
        /// `http://host:9200` or `https://host:9200`, perhaps with a path; without credentials.
        public var url: String
        public var credentials: HTTPCredentials
        public var index = "movies"
        public var parameters = MoreLikeThis()
        /// Time for one query.
        public var queryDeadline = Duration.milliseconds(500)
        /// Time for one bulk or administrative request, retries included.
        public var indexingDeadline = Duration.seconds(60)
        /// Films in one bulk request at most, and bytes.
        public var bulkDocuments = 500
        public var bulkBytes = 5 << 20
        /// How long the server waits for an index that has no shard to write to.
        public var bulkTimeout = Duration.seconds(10)
        /// How often a film that the server had no room for is sent at most.
        public var bulkAttempts = 5
        public var http = HTTPClient.Configuration()

        /// - Parameter url: May hold `user:password@`, which moves into ``credentials`` at once.
        /// - Throws: ``CatalogError/malformedAddress(reason:)``.
        public init(url: String, credentials: HTTPCredentials = .none) throws {
            (self.url, self.credentials) = try Self.split(url, credentials)
            http.breaker = CircuitBreaker.Policy(failures: 3, coolDown: .seconds(2))
        }
    }

    /// Who made the server: they differ in vectors and in points in time.
    enum Product { case elasticsearch, openSearch }

    public let configuration: Configuration
    private let http: HTTPClient
    private let greeting = Mutex<(product: Product, version: String)?>(nil)

    /// Connects to nothing yet: whether the server is there shows with the first request.
    public init(_ configuration: Configuration) {
        self.configuration = configuration
        http = HTTPClient(configuration.http)
    }

    private init(_ configuration: Configuration, sharing http: HTTPClient) {
        self.configuration = configuration
        self.http = http
    }

    /// A client of another index of the same server, over the same connections.
    func client(of index: String) -> ElasticsearchClient {
        var configuration = configuration
        configuration.index = index
        return ElasticsearchClient(configuration, sharing: http)
    }

    public var name: String { "elasticsearch" }

    /// Closes the connections; requests on the wire fail.
    public func close() { http.close() }

    /// What the server says it is, such as `elasticsearch 8.19.21`.
    /// - Throws: ``CatalogError`` `searchUnavailable`, `searchRefused`, `searchProtocol`.
    public func serverVersion() async throws -> String { try await greet().version }

    /// Whoever may not ask for the greeting has Elasticsearch's security before them.
    func product() async throws -> Product {
        do {
            return try await greet().product
        } catch CatalogError.searchRefused {
            return .elasticsearch
        }
    }

    /// Asked once.
    private func greet() async throws -> (product: Product, version: String) {
        if let known = greeting.withLock({ $0 }) { return known }
        let answer = try await send(.get, "/", deadline: configuration.queryDeadline)
        guard let version = answer.object("version"), let number = version.text("number") else {
            throw CatalogError.searchProtocol(server: server, reason: "its greeting names no version")
        }
        let distribution = version.text("distribution") ?? "elasticsearch"
        let greeted = (
            product: distribution == "opensearch" ? Product.openSearch : .elasticsearch,
            version: "\(distribution) \(number)"
        )
        greeting.withLock { $0 = greeted }
        return greeted
    }

    // MARK: Requests

    var server: String { configuration.url }

    /// Sends one request and parses the answer.
    /// - Parameters:
    ///   - lines: a body of newline-delimited JSON instead.
    ///   - accepting: Statuses beside 2xx that are answers and not failures.
    func send(
        _ method: HTTPRequest.Method, _ path: String, body: JSONWriter? = nil, lines: [UInt8]? = nil,
        isIdempotent: Bool? = nil, deadline: Duration, attempts: Int? = nil, accepting: Set<Int> = []
    ) async throws -> JSONObject {
        let response = try await exchange(
            method, path, body: body, lines: lines, isIdempotent: isIdempotent, deadline: deadline, attempts: attempts)
        return try answer(response, accepting: accepting)
    }

    /// Sends one request.
    /// - Returns: the answer as it came, whatever its status.
    func exchange(
        _ method: HTTPRequest.Method, _ path: String, body: JSONWriter? = nil, lines: [UInt8]? = nil,
        isIdempotent: Bool? = nil, deadline: Duration, attempts: Int? = nil
    ) async throws -> HTTPResponse {
        let type = lines == nil ? "application/json" : "application/x-ndjson"
        let body = lines ?? body?.bytes
        let trace = ElasticsearchTrace(method, server: server)
        let request = HTTPRequest(
            method, configuration.url + path,
            headers: (body == nil ? [] : [HTTPHeader("Content-Type", type)]) + trace.headers, body: body,
            credentials: configuration.credentials, isIdempotent: isIdempotent, deadline: deadline,
            attempts: attempts)
        var response: HTTPResponse
        do {
            response = try await http.send(request)
            var pause = Duration.milliseconds(20)
            while isIdempotent == true, Self.lostItsIndex(response), pause < deadline / 4 {
                try await Task.sleep(for: pause)
                response = try await http.send(request)
                pause *= 2
            }
            trace.end(status: response.status)
            return response
        } catch let error as HTTPClientError {
            trace.end(status: nil)
            guard error.category == .unavailable else { throw error }
            throw CatalogError.searchUnavailable(server: server, reason: error.message.withoutFullStop)
        }
    }

    /// What an answer says.
    func answer(_ response: HTTPResponse, accepting: Set<Int> = []) throws -> JSONObject {
        let answer = JSONObject(parsing: response.body)
        guard response.isSuccess || accepting.contains(response.status) else {
            throw failure(status: response.status, answer)
        }
        guard let answer else { throw CatalogError.searchProtocol(server: server, reason: "not a JSON object") }
        return answer
    }

    /// Whether no shard could be asked: so it is for a query under way when the index behind an alias is taken away for another
    /// one, which answers if it is asked again. A node closes an old index a moment before it knows of the new one.
    private static func lostItsIndex(_ response: HTTPResponse) -> Bool {
        guard response.status == 503, let error = JSONObject(parsing: response.body)?.object("error") else {
            return false
        }
        return error.text("type") == "search_phase_execution_exception"
    }

    /// `index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded …];` without the ornaments.
    static func block(_ reason: String?) -> String {
        let reason = reason ?? "it does not say by what"
        guard let start = reason.firstRange(of: "blocked by: ") else { return reason }
        return reason[start.upperBound...].filter { !"[];".contains($0) }
    }

    private func failure(status: Int, _ answer: JSONObject?) -> CatalogError {
        let error = answer?.object("error")
        let reason = [error?.text("type"), error?.text("reason")].compactMap { $0 }.joined(separator: ": ")
        switch status {
        case _ where error?.text("type") == "cluster_block_exception":
            return .indexBlocked(
                server: server, index: configuration.index, reason: Self.block(error?.text("reason")))
        case _ where error?.text("type") == "index_closed_exception":
            return .indexClosed(server: server, index: configuration.index)
        case 401, 403: return .searchRefused(server: server, status: status)
        case 404 where error?.text("type") == "index_not_found_exception":
            return .indexMissing(server: server, index: configuration.index)
        case 429, 500...599:
            return .searchUnavailable(server: server, reason: "status \(status) \(reason)".trimmed)
        default: return .searchProtocol(server: server, reason: "status \(status) \(reason)".trimmed)
        }
    }
}

extension ElasticsearchClient.Configuration {
    /// Takes `user:password@` out of a URL, undoing percent-encoding, and any slash off its end.
    private static func split(_ url: String, _ given: HTTPCredentials) throws -> (String, HTTPCredentials) {
        guard let scheme = url.firstRange(of: "://"),
            ["http", "https"].contains(url[..<scheme.lowerBound].lowercased())
        else { throw CatalogError.malformedAddress(reason: "it does not start with http:// or https://") }
        let authority = url[scheme.upperBound...].prefix { !"/?#".contains($0) }
        var rest = url[scheme.upperBound...]
        var credentials = given
        if let at = authority.lastIndex(of: "@") {
            let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let user = String(parts[0]).removingPercentEncoding,
                let password = String(parts[1]).removingPercentEncoding
            else { throw CatalogError.malformedAddress(reason: "its credentials are not user:password") }
            credentials = .basic(user: user, password: password)
            rest = url[url.index(after: at)...]
        }
        guard let first = rest.first, !"/:?#".contains(first) else {
            throw CatalogError.malformedAddress(reason: "it names no host")
        }
        guard !rest.contains(where: { "?#".contains($0) }) else {
            throw CatalogError.malformedAddress(reason: "it has a query or a fragment")
        }
        while rest.hasSuffix("/") { rest.removeLast() }
        return ("\(url[..<scheme.lowerBound].lowercased())://\(rest)", credentials)
    }
}

extension String {
    fileprivate var withoutFullStop: String { hasSuffix(".") ? String(dropLast()) : self }
    fileprivate var trimmed: String { hasSuffix(" ") ? String(dropLast()) : self }
}
