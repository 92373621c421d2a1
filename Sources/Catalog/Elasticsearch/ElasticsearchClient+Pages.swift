public import Domain
import HTTPClient
import Store

extension ElasticsearchClient {
    private static var page: Int { 5000 }

    /// Lends the identifiers of all documents in ascending order, page by page, as they were at one moment: what is
    /// written or deleted meanwhile changes no page.
    func forEachPage(_ body: ([String]) async throws -> Void) async throws {
        let point = try await openPoint()
        do {
            var last: String?
            while true {
                let page = try await identifiers(at: point, after: last)
                try await body(page.map(\.id))
                guard page.count == Self.page, let end = page.last?.sort else { break }
                last = end
            }
        } catch {
            // The server forgets it by itself; the failure is what matters.
            try? await close(point)
            throw error
        }
        try await close(point)
    }

    // MARK: Points in time

    private struct PointInTime {
        let id: String
        let product: Product
    }

    private static var keepAlive: String { "2m" }

    private func openPoint() async throws -> PointInTime {
        let product = try await product()
        let path = product == .openSearch ? "_search/point_in_time" : "_pit"
        let answer = try await send(
            .post, "/\(configuration.index)/\(path)?keep_alive=\(Self.keepAlive)", isIdempotent: true,
            deadline: configuration.indexingDeadline)
        guard let id = answer.text("pit_id") ?? answer.text("id") else {
            throw CatalogError.searchProtocol(server: server, reason: "a point in time without an identifier")
        }
        return PointInTime(id: id, product: product)
    }

    private func close(_ point: PointInTime) async throws {
        var body = JSONWriter()
        body.object {
            if point.product == .openSearch { $0.field("pit_id", [point.id]) } else { $0.field("id", point.id) }
        }
        _ = try await send(
            .delete, point.product == .openSearch ? "/_search/point_in_time" : "/_pit", body: body,
            deadline: configuration.indexingDeadline, accepting: [404])
    }

    /// Identifiers in ascending order, with what they are ordered by.
    private func identifiers(
        at point: PointInTime, after last: String?
    ) async throws -> [(id: String, sort: String)] {
        var body = JSONWriter()
        body.object { json in
            json.field("size", Self.page)
            json.field("_source", false)
            json.field("track_total_hits", false)
            json.field("pit") {
                $0.field("id", point.id)
                $0.field("keep_alive", Self.keepAlive)
            }
            json.list("sort") { sort in sort.object { $0.field(MovieColumn.itemID, "asc") } }
            if let last { json.field("search_after", [last]) }
        }
        // An index is not named here: it is the point's.
        let answer = try await send(
            .post, "/_search?filter_path=timed_out,_shards.failed,hits.hits._id,hits.hits.sort", body: body,
            isIdempotent: true, deadline: configuration.indexingDeadline)
        try checkWhole(answer)
        return (answer.object("hits")?.objects("hits") ?? []).compactMap { hit in
            guard let id = hit.values["_id"] as? String, let sort = (hit.values["sort"] as? [Any])?.first as? String
            else { return nil }
            return (id, sort)
        }
    }

    // MARK: Documents

    /// The films as the index has them, in the order asked; nil for one that it has not.
    /// - Throws: ``CatalogError``.
    public func films(_ itemIDs: [String]) async throws -> [Movie?] {
        var films: [Movie?] = []
        for start in stride(from: 0, to: itemIDs.count, by: 1000) {
            var body = JSONWriter()
            body.object { $0.field("ids", Array(itemIDs[start..<min(start + 1000, itemIDs.count)])) }
            let answer = try await send(
                .post,
                "/\(configuration.index)/_mget?filter_path=docs.found,docs._source&_source_excludes="
                    + FactorField.name, body: body, isIdempotent: true, deadline: configuration.indexingDeadline)
            for document in answer.objects("docs") ?? [] {
                guard let source = document.object("_source") else {
                    films.append(nil)
                    continue
                }
                films.append(try? MovieJSON.decode(source, updatedAt: Timestamp(microseconds: 0)))
            }
        }
        guard films.count == itemIDs.count else {
            throw CatalogError.searchProtocol(server: server, reason: "an answer without an entry for each film")
        }
        return films
    }
}
