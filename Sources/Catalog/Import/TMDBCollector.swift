import Domain
import Foundation
import HTTPClient

/// Fetches films from The Movie Database's API into a folder, one file an answer, for ``TMDB/read(_:updatedAt:format:)``.
///
/// The folder is the memory: what lies there and is young enough is not fetched again, so a run that was cut short, by
/// whatever, goes on where it was. A file takes its name when it is whole.
public struct TMDBCollector: Sendable {
    /// What to fetch, from where, and how fast. Holds a secret, which prints masked.
    public struct Configuration: Sendable {
        /// With the version, without a slash at the end.
        public var url = "https://api.themoviedb.org/3"
        public var key: TMDBKey
        /// Names of TMDB's lists of films, such as `popular`.
        public var lists = ["popular"]
        /// Pages of each list; there are 20 films on one, and never more than 500 pages.
        public var pages = 5
        /// Of titles and synopses, such as `en-US`.
        public var language = "en-US"
        /// Requests a second at most.
        public var rate = 20.0
        /// Requests on the wire at most.
        public var concurrency = 4
        /// Where the answers go.
        public var folder: String
        /// Answers that are older are fetched again.
        public var maximumAge = Duration.seconds(86_400)
        /// How often one request is sent at most.
        public var attempts = 6
        /// The wait before the second attempt; it doubles each time up to a minute, with half of it random.
        public var backoff = Duration.milliseconds(500)
        /// Time for one answer.
        public var deadline = Duration.seconds(30)

        public init(key: TMDBKey, folder: String) {
            self.key = key
            self.folder = folder
        }
    }

    /// What came of it.
    public struct Summary: Sendable, Hashable {
        /// Answers that were fetched, and that lay there.
        public var fetched = 0
        public var kept = 0
        /// Films of lists that have no page of their own (any more).
        public var missing = 0
        /// Answers that are no film's, with the first few reasons.
        public var odd = 0
        public var examples: [String] = []
        /// Requests that were sent again.
        public var retries = 0
    }

    let configuration: Configuration
    let http: HTTPClient
    let pacer: TMDBPacer

    /// Connects to nothing yet.
    /// - Throws: ``CatalogError/malformedAPIAddress(reason:)`` for an address that would carry the key in the open.
    public init(_ configuration: Configuration) throws(CatalogError) {
        try Self.check(configuration.url)
        self.configuration = configuration
        var client = HTTPClientConfiguration()
        client.maximumResponseBytes = 8 << 20
        client.connectTimeout = .seconds(10)
        client.connectionsPerServer = configuration.concurrency
        // Each attempt is ours, so that one answer of "slow down" slows down all.
        client.breaker.failures = 0
        http = HTTPClient(client)
        pacer = TMDBPacer(rate: configuration.rate)
    }

    private static func check(_ url: String) throws(CatalogError) {
        let isLocal = ["http://localhost", "http://127.0.0.1", "http://[::1]"].contains { start in
            url.hasPrefix(start) && [nil, ":", "/"].contains(url.dropFirst(start.count).first)
        }
        guard url.hasPrefix("https://") || isLocal else {
            throw .malformedAPIAddress(reason: "the key to the API travels by https:// only")
        }
    }

    /// Fetches the pages of the lists, and then the page of each film on them.
    /// - Parameter onProgress: answers that are there, and how many there will be, as far as is known.
    /// - Throws: ``CatalogError``: `apiRefused`, `apiUnavailable`, `apiProtocol`; `StorageError`; `CancellationError`. What
    ///   was fetched stays.
    public func run(onProgress: @Sendable (Int, Int) -> Void = { _, _ in }) async throws -> Summary {
        defer { http.close() }
        var summary = Summary()
        var identifiers: [Int] = []
        var known = Set<Int>()
        for list in configuration.lists {
            var last = configuration.pages
            var page = 1
            while page <= last {
                let answer = try await fetch(.page(list: list, number: page), into: &summary)
                guard let answer, let films = answer.objects("results") else {
                    throw CatalogError.apiProtocol(
                        server: server, reason: "page \(page) of the list \(list.prefix(40)) has no results")
                }
                last = min(last, answer.integer("total_pages") ?? last)
                for film in films {
                    if let id = film.integer("id"), known.insert(id).inserted { identifiers.append(id) }
                }
                page += 1
                onProgress(summary.fetched + summary.kept, identifiers.count + page - 1)
            }
        }
        try await fetchFilms(identifiers, into: &summary, onProgress)
        return summary
    }

    private func fetchFilms(
        _ identifiers: [Int], into summary: inout Summary, _ onProgress: @Sendable (Int, Int) -> Void
    ) async throws {
        let all = identifiers.count + summary.fetched + summary.kept
        try await withThrowingTaskGroup(of: Summary.self) { group in
            var waiting = identifiers.makeIterator()
            func next() -> Bool {
                guard let id = waiting.next() else { return false }
                group.addTask {
                    var part = Summary()
                    _ = try await fetch(.film(id), into: &part)
                    return part
                }
                return true
            }
            for _ in 0..<max(1, configuration.concurrency) where !next() { break }
            while let part = try await group.next() {
                summary.add(part)
                onProgress(summary.fetched + summary.kept + summary.missing + summary.odd, all)
                _ = next()
            }
        }
    }

    /// One answer, out of the folder or off the wire; nil for a film that is not there, or an answer that is no film.
    private func fetch(_ question: TMDBQuestion, into summary: inout Summary) async throws -> JSONObject? {
        let path = "\(configuration.folder)/\(question.fileName)"
        if let bytes = young(path), let known = JSONObject(parsing: bytes), question.flaw(of: known) == nil {
            summary.kept += 1
            return known
        }
        switch try await ask(question, retries: &summary.retries) {
        case .missing:
            summary.missing += 1
            return nil
        case .odd(let reason):
            summary.odd += 1
            if summary.examples.count < 5 { summary.examples.append("\(question.fileName): \(reason)") }
            return nil
        case .answer(let bytes, let object):
            try AtomicFile.write(bytes, to: path, makesFolders: true)
            summary.fetched += 1
            return object
        }
    }

    private func young(_ path: String) -> Data? {
        guard let written = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date,
            -written.timeIntervalSinceNow < configuration.maximumAge / .seconds(1)
        else { return nil }
        return try? Data(contentsOf: URL(filePath: path))
    }

    /// What may be named in messages: scheme and host, never a path or a query.
    var server: String {
        let host = configuration.url.split(separator: "/", omittingEmptySubsequences: false).prefix(3)
        return host.joined(separator: "/")
    }
}

extension TMDBCollector.Summary {
    fileprivate mutating func add(_ part: Self) {
        fetched += part.fetched
        kept += part.kept
        missing += part.missing
        odd += part.odd
        retries += part.retries
        examples = Array((examples + part.examples).prefix(5))
    }
}

/// One thing that is asked of the API.
enum TMDBQuestion: Sendable {
    case page(list: String, number: Int)
    case film(Int)

    /// Of the answer, in the folder. Films sort before the pages, which say less.
    var fileName: String {
        switch self {
        case .page(let list, let number): "page-\(list)-\(number).json"
        case .film(let id): "film-\(id).json"
        }
    }

    /// Behind the address of the API.
    var path: String {
        switch self {
        case .page(let list, let number): "/movie/\(list)?page=\(number)"
        case .film(let id): "/movie/\(id)?append_to_response=credits,keywords"
        }
    }

    /// Why an answer is none to this question; nil if it is one. Schemas change.
    func flaw(of answer: JSONObject) -> String? {
        switch self {
        case .page: answer.objects("results") == nil ? "it has no results" : nil
        case .film(let id):
            answer.integer("id") != id
                ? "it is not of this film"
                : answer.text("title") == nil && answer.text("original_title") == nil ? "it has no title" : nil
        }
    }
}
