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
        var last: String?
        while true {
            let page = try await identifiers(after: last)
            let gone = page.filter { catalogue[$0.id] == nil }.map(\.id)
            found += page.count - gone.count
            try await delete(gone)
            pruning.removed += gone.count
            guard page.count == Self.page, let end = page.last?.sort else { break }
            last = end
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

    private static var page: Int { 5000 }

    /// Identifiers in ascending order, with what they are ordered by.
    private func identifiers(after last: String?) async throws -> [(id: String, sort: String)] {
        var body = JSONWriter()
        body.object { json in
            json.field("size", Self.page)
            json.field("_source", false)
            json.field("track_total_hits", false)
            json.list("sort") { sort in sort.object { $0.field(MovieColumn.itemID, "asc") } }
            if let last { json.field("search_after", [last]) }
        }
        let answer = try await send(
            .post, "/\(configuration.index)/_search?filter_path=hits.hits._id,hits.hits.sort", body: body,
            isIdempotent: true, deadline: configuration.indexingDeadline)
        return (answer.object("hits")?.objects("hits") ?? []).compactMap { hit in
            guard let id = hit.values["_id"] as? String, let sort = (hit.values["sort"] as? [Any])?.first as? String
            else { return nil }
            return (id, sort)
        }
    }

    private func delete(_ itemIDs: [String]) async throws {
        guard !itemIDs.isEmpty else { return }
        var body = JSONWriter()
        for itemID in itemIDs {
            body.object { $0.field("delete") { $0.field("_id", itemID) } }
            body.newline()
        }
        let answer = try await send(
            .post, "/\(configuration.index)/_bulk", body: body, isBulk: true, isIdempotent: true,
            deadline: configuration.indexingDeadline)
        for item in answer.objects("items") ?? [] {
            // 404: somebody else was faster.
            guard let result = item.object("delete"), let error = result.object("error") else { continue }
            if error.text("type") == "cluster_block_exception" {
                throw CatalogError.indexBlocked(
                    server: server, index: configuration.index, reason: Self.block(error.text("reason")))
            }
            throw CatalogError.searchUnavailable(
                server: server, reason: "a film could not be removed: \(error.text("reason") ?? "no reason given")")
        }
    }
}
