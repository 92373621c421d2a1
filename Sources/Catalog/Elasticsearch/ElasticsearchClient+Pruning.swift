import Domain
import HTTPClient
import Store

extension ElasticsearchClient {
    /// What ``keepOnly(_:)`` found.
    public struct Pruning: Sendable {
        /// Films that the index had and the catalogue has not; they are gone now.
        public var removed = 0
        /// Films that the catalogue has and the index has not.
        public var missing = 0
    }

    /// Removes every film from the index that is not in `catalogue`, whether it was withdrawn or its rows deleted. What was
    /// indexed just before must have been made visible (``refresh()``). O(films in the index).
    /// - Throws: ``CatalogError``, as ``index(_:)``.
    public func keepOnly(_ catalogue: CatalogSnapshot) async throws -> Pruning {
        var pruning = Pruning()
        var found = 0
        try await forEachPage { page in
            let gone = page.filter { catalogue[$0] == nil }
            found += page.count - gone.count
            try await delete(gone)
            pruning.removed += gone.count
        }
        pruning.missing = catalogue.count - found
        return pruning
    }

    /// How many films the index has that queries see.
    /// - Throws: ``CatalogError``.
    public func filmCount() async throws -> Int {
        let answer = try await send(
            .get, "/\(configuration.index)/_count", deadline: configuration.queryDeadline, attempts: 1)
        guard let count = answer.integer("count") else {
            throw CatalogError.searchProtocol(server: server, reason: "a count without a number")
        }
        return count
    }

    private func delete(_ itemIDs: [String]) async throws {
        try await delete(itemIDs.map { (configuration.index, $0) })
    }

    /// Deletes documents of any index; one that is gone already is no failure.
    func delete(_ documents: [(index: String, id: String)]) async throws {
        guard !documents.isEmpty else { return }
        var body = JSONWriter()
        for document in documents {
            body.object { body in
                body.field("delete") {
                    $0.field("_index", document.index)
                    $0.field("_id", document.id)
                }
            }
            body.newline()
        }
        let answer = try await send(
            .post, "/_bulk", lines: body.bytes, isIdempotent: true, deadline: configuration.indexingDeadline)
        for item in answer.objects("items") ?? [] {
            // 404: somebody else was faster.
            guard let result = item.object("delete"), let error = result.object("error") else { continue }
            if error.text("type") == "cluster_block_exception" {
                throw CatalogError.indexBlocked(
                    server: server, index: result.text("_index") ?? configuration.index,
                    reason: Self.block(error.text("reason")))
            }
            throw CatalogError.searchUnavailable(
                server: server, reason: "a document could not be removed: \(error.text("reason") ?? "no reason given")")
        }
    }
}
