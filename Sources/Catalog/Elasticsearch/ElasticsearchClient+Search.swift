import Domain
import HTTPClient
import Store

extension ElasticsearchClient: FilmSearch {
    /// The same question as ``ContentIndex/films(_:)``, and with one shard the same answer.
    public func search(_ query: FilmQuery) async throws -> FilmHits {
        if let text = query.text, SearchWords.distinct(text).isEmpty {
            var none = FilmHits()
            for facet in query.facets { none.facets[facet] = [] }
            return none
        }
        let answer = try await send(
            .post,
            "/\(configuration.index)/_search?filter_path=timed_out,_shards.failed,hits.total,hits.hits._id,"
                + "hits.hits._score,hits.hits.sort,aggregations",
            body: body(of: query), isIdempotent: true, deadline: configuration.queryDeadline, attempts: 1)
        var hits = FilmHits()
        try checkWhole(answer)
        hits.total = answer.object("hits")?.object("total")?.integer("value") ?? 0
        hits.items = try (answer.object("hits")?.objects("hits") ?? []).map { hit in
            // Without a text the films are sorted by popularity, and have no score.
            let sort = (hit.values["sort"] as? [Any])?.first.map { JSONObject(["value": $0]) }
            guard let itemID = hit.text("_id"), let score = hit.number("_score") ?? sort?.number("value") else {
                throw CatalogError.searchProtocol(server: server, reason: "a hit without an identifier or a score")
            }
            return ScoredItem(itemID: itemID, score: Float(score))
        }
        for facet in query.facets { hits.facets[facet] = facets(facet, answer.object("aggregations")) }
        return hits
    }

    private func facets(_ facet: FilmFacet, _ aggregations: JSONObject?) -> [FilmCount] {
        let buckets = aggregations?.object(facet.rawValue)?.objects("buckets") ?? []
        return FilmCount.ranked(
            buckets.compactMap { bucket in
                guard let count = bucket.integer("doc_count") else { return nil }
                return (bucket.values["key"] as? String ?? "\(bucket.integer("key") ?? 0)", count)
            })
    }

    private func body(of query: FilmQuery) -> JSONWriter {
        var json = JSONWriter()
        json.object { json in
            // The window of a search; what lies deeper is read page by page.
            json.field("size", min(10_000, query.limit))
            json.field("_source", false)
            json.field("track_total_hits", true)
            json.field("timeout", "\(max(1, configuration.queryDeadline.milliseconds))ms")
            json.list("sort") { sort in
                if query.text == nil {
                    sort.object {
                        $0.field(MovieColumn.popularity) {
                            $0.field("order", "desc")
                            // As the embedded index takes it.
                            $0.field("missing", 0)
                            $0.field("unmapped_type", "float")
                        }
                    }
                } else {
                    sort.object { $0.field("_score", "desc") }
                }
                sort.object { $0.field(MovieColumn.itemID, "asc") }
            }
            json.field("query") {
                $0.field("bool") { bool in
                    if let text = query.text {
                        let words = SearchWords.distinct(text)
                        bool.list("must") { must in
                            for (number, word) in words.enumerated() {
                                Self.write(word, query.words, isLast: number == words.count - 1, to: &must)
                            }
                        }
                    }
                    if let filter = query.filter { bool.list("filter") { filter.write(to: &$0) } }
                }
            }
            guard !query.facets.isEmpty else { return }
            json.field("aggs") { aggs in
                for facet in query.facets.sorted(by: { $0.rawValue < $1.rawValue }) {
                    aggs.field(facet.rawValue) { Self.write(facet, to: &$0) }
                }
            }
        }
        return json
    }

    private static func write(_ facet: FilmFacet, to json: inout JSONWriter) {
        guard facet != .decade else {
            return json.field("histogram") {
                $0.field("field", MovieColumn.year)
                $0.field("interval", 10)
                $0.field("min_doc_count", 1)
            }
        }
        json.field("terms") {
            $0.field("field", facet.field.rawValue)
            $0.field("size", FilmFacet.maximumValues)
            $0.list("order") { order in
                order.object { $0.field("_count", "desc") }
                order.object { $0.field("_key", "asc") }
            }
        }
    }

    /// One word: in title or synopsis, and for a search box also as a beginning or with slips.
    private static func write(
        _ word: [UInt8], _ form: FilmQuery.Words, isLast: Bool, to json: inout JSONWriter
    ) {
        let text = String(decoding: word, as: UTF8.self)
        let slips = SearchWords.slips(inWordOf: CloseWords.characters(of: word).count)
        json.object {
            $0.field("bool") {
                $0.list("should") { should in
                    // Not `term`: the field may be analysed otherwise than ours is.
                    for (field, boost) in [(MovieColumn.title, SearchWords.titleWeight), (MovieColumn.overview, 1)] {
                        should.object {
                            $0.field("match") {
                                $0.field(field) {
                                    $0.field("query", text)
                                    $0.field("boost", boost)
                                }
                            }
                        }
                    }
                    guard form == .typing else { return }
                    if isLast {
                        should.object {
                            $0.field("prefix") {
                                $0.field(MovieColumn.title) {
                                    $0.field("value", text)
                                    $0.field("boost", SearchWords.prefixScore)
                                }
                            }
                        }
                    }
                    guard slips > 0 else { return }
                    should.object {
                        $0.field("fuzzy") {
                            $0.field(MovieColumn.title) {
                                $0.field("value", text)
                                $0.field("fuzziness", slips)
                                $0.field("prefix_length", 1)
                                // All of them, and each the same.
                                $0.field("rewrite", "constant_score")
                                $0.field("boost", SearchWords.closeScore)
                            }
                        }
                    }
                }
            }
        }
    }
}
