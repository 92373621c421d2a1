public import Domain
import HTTPClient
import Store

/// How a bulk request ended, film by film.
public struct BulkOutcome: Sendable {
    /// A film that was refused for what it is, such as a field the mapping does not take. Sending it again does not
    /// help.
    public struct Rejection: Sendable, Hashable {
        public var itemID: String
        public var reason: String
    }

    /// Films that are in the index now as given.
    public var indexed = 0
    /// Films that stay as they are: the index has this description of them or a newer one.
    public var stale = 0
    /// Films that the index does not take, whatever is done.
    public var rejected: [Rejection] = []
}

extension ElasticsearchClient {
    /// Puts films into the index, each at its own version, its `updatedAt`: only a newer description replaces one that
    /// is there. Sending a film again changes nothing, not even the statistics: a replaced film counts in them until
    /// segments are merged, and scores would drift away from the embedded index's
    /// (docs/decisions/same-lists-as-elasticsearch.md).
    ///
    /// Films that the server has no room for now (429, 503) are sent again, and only they.
    /// - Throws: ``CatalogError`` when the server cannot be asked, or still has no room at the last attempt. What was
    ///   indexed until then stays.
    public func index(_ movies: [Movie]) async throws -> BulkOutcome {
        var outcome = BulkOutcome()
        var start = 0
        while start < movies.count {
            var end = start
            var bytes = 0
            var lines: [JSONWriter] = []
            while end < movies.count, lines.count < configuration.bulkDocuments {
                let line = Self.bulkLines(for: movies[end])
                if !lines.isEmpty, bytes + line.bytes.count > configuration.bulkBytes { break }
                bytes += line.bytes.count
                lines.append(line)
                end += 1
            }
            try await send(Array(zip(movies[start..<end].map(\.itemID), lines)), into: &outcome)
            start = end
        }
        return outcome
    }

    /// Makes what was indexed visible to queries; otherwise it becomes so within a second.
    public func refresh() async throws {
        _ = try await send(
            .post, "/\(configuration.index)/_refresh", isIdempotent: true, deadline: configuration.indexingDeadline)
    }

    // MARK: Bulk

    private func send(_ documents: [(itemID: String, lines: JSONWriter)], into outcome: inout BulkOutcome) async throws
    {
        var pending = documents
        var attempt = 1
        while true {
            var body = JSONWriter()
            for document in pending { body.append(lines: document.lines) }
            let answer = try await send(
                .post, "/\(configuration.index)/_bulk", body: body, isBulk: true, isIdempotent: true,
                deadline: configuration.indexingDeadline)
            guard let items = answer.objects("items"), items.count == pending.count else {
                throw CatalogError.searchProtocol(
                    server: server, reason: "a bulk answer without an entry for each film")
            }
            var again: [(itemID: String, lines: JSONWriter)] = []
            for (document, item) in zip(pending, items) {
                let result = item.object("index") ?? JSONObject([:])
                if result.object("error")?.text("type") == "cluster_block_exception" {
                    // Of the whole index, not of this film: it can be lifted, and then all are sent again.
                    throw CatalogError.indexBlocked(
                        server: server, index: configuration.index,
                        reason: Self.block(result.object("error")?.text("reason")))
                }
                switch result.integer("status") ?? 0 {
                case 200...299: outcome.indexed += 1
                case 409: outcome.stale += 1
                case 429, 503: again.append(document)
                case let status:
                    let reason = result.object("error")?.text("reason") ?? "status \(status)"
                    outcome.rejected.append(.init(itemID: document.itemID, reason: reason))
                }
            }
            guard !again.isEmpty else { return }
            guard attempt < configuration.bulkAttempts else {
                throw CatalogError.searchUnavailable(
                    server: server, reason: "no room for \(again.count) films after \(attempt) attempts")
            }
            try await Task.sleep(for: .milliseconds(100) * (1 << attempt))
            pending = again
            attempt += 1
        }
    }

    private static func bulkLines(for movie: Movie) -> JSONWriter {
        var json = JSONWriter()
        json.object { json in
            json.field("index") {
                $0.field("_id", movie.itemID)
                $0.field("version", max(0, Int(movie.updatedAt.microseconds)))
                $0.field("version_type", "external")
            }
        }
        json.newline()
        json.object {
            $0.field(MovieColumn.itemID, movie.itemID)
            $0.field(MovieColumn.title, movie.title)
            $0.field(MovieColumn.overview, movie.overview)
            $0.field(MovieColumn.description, movie.description)
            $0.facts(of: movie)
            if let norm = movie.popularityNorm { $0.field(MovieColumn.popularityNorm, norm) }
            if let norm = movie.voteNorm { $0.field(MovieColumn.voteNorm, norm) }
        }
        json.newline()
        return json
    }
}
