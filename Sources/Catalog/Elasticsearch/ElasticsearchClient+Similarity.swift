import Domain
import HTTPClient

extension ElasticsearchClient {
    /// The same more_like_this as ``ContentIndex/similar(to:excluding:where:limit:)``. The index has one shard and no
    /// replaced films waiting for a merge: the same scores too.
    public func similar(
        to itemIDs: [String], excluding: [String], where filter: FilmFilter?, limit: Int
    ) async throws -> [ScoredItem] {
        try await similar(
            to: itemIDs, excluding: excluding, where: filter, limit: limit, deadline: configuration.queryDeadline)
    }

    /// Asks until a few answers in a row come within the deadline of a query, so that a service which was just started has its
    /// code compiled and its index in memory before anybody waits for it.
    /// - Parameters:
    ///   - itemIDs: films of the index; each question is about the next few of them.
    ///   - patience: the time for all of it.
    /// - Returns: whether it came as far.
    /// - Throws: ``CatalogError`` if the service does not answer at all.
    public func warmUp(_ itemIDs: [String], patience: Duration) async throws -> Bool {
        let clock = ContinuousClock()
        let end = clock.now + patience
        var fast = 0
        var number = 0
        while clock.now < end, !itemIDs.isEmpty {
            let liked = (0..<min(10, itemIDs.count)).map { itemIDs[(number * 10 + $0) % itemIDs.count] }
            let start = clock.now
            _ = try await similar(
                to: liked, excluding: [], where: nil, limit: 100, deadline: max(.seconds(1), end - start))
            fast = clock.now - start < configuration.queryDeadline / 4 ? fast + 1 : 0
            if fast == 5 { return true }
            number += 1
            try Task.checkCancellation()
        }
        return itemIDs.isEmpty
    }

    private func similar(
        to itemIDs: [String], excluding: [String], where filter: FilmFilter?, limit: Int, deadline: Duration
    ) async throws -> [ScoredItem] {
        guard limit > 0, !itemIDs.isEmpty else { return [] }
        let answer = try await send(
            .post,
            "/\(configuration.index)/_search?filter_path=timed_out,_shards.failed,hits.hits._id,hits.hits._score",
            body: query(itemIDs, excluding, filter, limit, deadline), isIdempotent: true, deadline: deadline,
            attempts: 1)
        return try hits(of: answer)
    }

    /// The films of an answer, in its order.
    /// - Throws: ``CatalogError`` for an answer that is not whole.
    func hits(of answer: JSONObject) throws -> [ScoredItem] {
        try checkWhole(answer)
        // Without a hit the filter leaves out the empty list as well.
        return try (answer.object("hits")?.objects("hits") ?? []).map { hit in
            guard let itemID = hit.text("_id"), let score = hit.number("_score") else {
                throw CatalogError.searchProtocol(server: server, reason: "a hit without an identifier or a score")
            }
            return ScoredItem(itemID: itemID, score: Float(score))
        }
    }

    /// A partial answer is worse than none: it looks like a list and misses the best.
    func checkWhole(_ answer: JSONObject) throws {
        guard answer.values["timed_out"] as? Bool != true, answer.object("_shards")?.integer("failed") ?? 0 == 0 else {
            throw CatalogError.searchUnavailable(server: server, reason: "it could search only a part of the index")
        }
    }

    private func query(
        _ itemIDs: [String], _ excluding: [String], _ filter: FilmFilter?, _ limit: Int, _ deadline: Duration
    ) -> JSONWriter {
        let parameters = configuration.parameters
        var seen = Set<ExactText>()
        let liked = itemIDs.filter { seen.insert(ExactText($0)).inserted }
        var json = JSONWriter()
        json.object { json in
            json.field("size", limit)
            json.field("_source", false)
            json.field("track_total_hits", false)
            json.field("timeout", "\(max(1, deadline.milliseconds))ms")
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
                    if let filter { bool.list("filter") { filter.write(to: &$0) } }
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
    var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
