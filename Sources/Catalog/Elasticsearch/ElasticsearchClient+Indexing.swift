public import Domain
import HTTPClient
import Store

/// How a bulk request ended, film by film.
public struct BulkOutcome: Sendable {
    /// A film that was refused for what it is, such as a field the mapping does not take. Sending it again does not
    /// help.
    public struct Rejection: Sendable, Hashable {
        public var itemID: String
        /// Of the server.
        public var status: Int
        public var reason: String
        /// As it was sent, one JSON object: a dead letter is kept whole.
        public var document: String
    }

    /// Films that are in the index now as given.
    public var indexed = 0
    /// Those of them that it did not have before in any description.
    public var created = 0
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
        try await index(movies) { SearchDocument($0) }
    }

    /// The same of anything that can be written as a document.
    func index<Element: Sendable>(
        _ elements: [Element], as document: (Element) -> SearchDocument
    ) async throws -> BulkOutcome {
        var outcome = BulkOutcome()
        var batch = BulkBatch()
        for element in elements {
            let document = document(element)
            if batch.count == configuration.bulkDocuments
                || batch.count > 0 && batch.bytes + document.body.count > configuration.bulkBytes
            {
                try await send(batch, into: &outcome)
                batch = BulkBatch()
            }
            batch.append(document)
        }
        if batch.count > 0 { try await send(batch, into: &outcome) }
        return outcome
    }

    /// Makes what was indexed visible to queries; otherwise it becomes so within a second.
    public func refresh() async throws {
        _ = try await send(
            .post, "/\(configuration.index)/_refresh", isIdempotent: true, deadline: configuration.indexingDeadline)
    }

    // MARK: Bulk

    private func send(_ batch: BulkBatch, into outcome: inout BulkOutcome) async throws {
        var pending = batch
        var attempt = 1
        while true {
            let response = try await exchange(
                .post,
                "/\(configuration.index)/_bulk?timeout=\(max(1, configuration.bulkTimeout.milliseconds))ms"
                    + "&filter_path=error,status,items.index.status,items.index.error.type,items.index.error.reason",
                lines: pending.body, isIdempotent: true, deadline: configuration.indexingDeadline)
            if response.isSuccess, let created = BulkAnswer.created(response.body, of: pending.count) {
                outcome.indexed += pending.count
                outcome.created += created
                return
            }
            let answer = try answer(response)
            guard let items = answer.objects("items"), items.count == pending.count else {
                throw CatalogError.searchProtocol(
                    server: server, reason: "a bulk answer without an entry for each film")
            }
            var again: [Int] = []
            var lastReason = ""
            for (number, item) in items.enumerated() {
                let result = item.object("index") ?? JSONObject([:])
                let status = result.integer("status") ?? 0
                if status / 100 == 2 {
                    outcome.indexed += 1
                    if status == 201 { outcome.created += 1 }
                    continue
                }
                let error = result.object("error")
                if error?.text("type") == "cluster_block_exception" {
                    // Of the whole index, not of this film: it can be lifted, and then all are sent again.
                    throw CatalogError.indexBlocked(
                        server: server, index: configuration.index, reason: Self.block(error?.text("reason")))
                }
                let reason = error?.text("reason") ?? "status \(status)"
                switch status {
                case 409: outcome.stale += 1
                case 429, 503:
                    again.append(number)
                    lastReason = reason
                default:
                    outcome.rejected.append(
                        .init(
                            itemID: pending.ids[number], status: status, reason: reason,
                            document: pending.document(number)))
                }
            }
            guard !again.isEmpty else { return }
            guard attempt < configuration.bulkAttempts else {
                throw CatalogError.searchUnavailable(
                    server: server,
                    reason: "no room for \(again.count) films after \(attempt) attempts (\(lastReason))")
            }
            try await Task.sleep(for: .milliseconds(100) * (1 << attempt))
            pending = pending.only(again)
            attempt += 1
        }
    }
}
