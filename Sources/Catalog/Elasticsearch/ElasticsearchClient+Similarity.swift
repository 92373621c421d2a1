import Domain
import HTTPClient

extension ElasticsearchClient {
    /// The same more_like_this as ``ContentIndex/mostSimilar(to:excluding:limit:)``. The index has one shard and no
    /// replaced films waiting for a merge: the same scores too.
    public func similar(to itemIDs: [String], excluding: Set<String>, limit: Int) async throws -> [ScoredItem] {
        guard limit > 0, !itemIDs.isEmpty else { return [] }
        let answer = try await send(
            .post,
            "/\(configuration.index)/_search?filter_path=timed_out,_shards.failed,hits.hits._id,hits.hits._score",
            body: query(itemIDs, excluding, limit), isIdempotent: true, deadline: configuration.queryDeadline,
            attempts: 1)
        // A partial answer is worse than none: it looks like a list and misses the best.
        guard answer.values["timed_out"] as? Bool != true, answer.object("_shards")?.integer("failed") ?? 0 == 0 else {
            throw CatalogError.searchUnavailable(server: server, reason: "it could search only a part of the index")
        }
        // Without a hit the filter leaves out the empty list as well.
        return try (answer.object("hits")?.objects("hits") ?? []).map { hit in
            guard let itemID = hit.text("_id"), let score = hit.number("_score") else {
                throw CatalogError.searchProtocol(server: server, reason: "a hit without an identifier or a score")
            }
            return ScoredItem(itemID: itemID, score: Float(score))
        }
    }

    private func query(_ itemIDs: [String], _ excluding: Set<String>, _ limit: Int) -> JSONWriter {
        let parameters = configuration.parameters
        var seen = Set<String>()
        let liked = itemIDs.filter { seen.insert($0).inserted }
        var json = JSONWriter()
        json.object { json in
            json.field("size", limit)
            json.field("_source", false)
            json.field("track_total_hits", false)
            json.field("timeout", "\(max(1, configuration.queryDeadline.milliseconds))ms")
            // Lucene's own tie-breaker is the order in which documents happen to lie in their segments.
            json.list("sort") { sort in
                sort.object { $0.field("_score", "desc") }
                sort.object { $0.field("item_id", "asc") }
            }
            json.field("query") { query in
                query.field("bool") { bool in
                    bool.field("must") { must in
                        must.field("more_like_this") { mlt in
                            mlt.field("fields", ContentField.allCases.map(\.name))
                            mlt.list("like") { like in
                                for itemID in liked { like.object { $0.field("_id", itemID) } }
                            }
                            mlt.field("min_term_freq", parameters.minTermFreq)
                            mlt.field("min_doc_freq", parameters.minDocFreq)
                            mlt.field("max_doc_freq", parameters.maxDocFreq)
                            mlt.field("max_query_terms", parameters.maxQueryTerms)
                            mlt.field("minimum_should_match", "\(parameters.minimumShouldMatch)%")
                        }
                    }
                    if !excluding.isEmpty {
                        bool.field("must_not") { $0.field("ids") { $0.field("values", excluding.sorted()) } }
                    }
                }
            }
        }
        return json
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
