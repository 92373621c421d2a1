import Domain
import HTTPClient
import Store

extension ElasticsearchClient {
    /// The figures that ``CatalogStatistics/init(_:)`` has of the same films, as aggregations.
    public func statistics() async throws -> CatalogStatistics {
        var json = JSONWriter()
        json.object { json in
            json.field("size", 0)
            json.field("aggs") { aggs in
                Self.histogram("years", MovieColumn.year, 1, &aggs)
                Self.histogram("ratings", MovieColumn.voteAverage, 1, &aggs)
                Self.terms("languages", MovieColumn.language, &aggs) { _ in }
                Self.terms("genres", MovieColumn.genres, &aggs) {
                    $0.field("aggs") {
                        $0.field("mean") { $0.field("avg") { $0.field("field", MovieColumn.voteAverage) } }
                        $0.field("count") { $0.field("value_count") { $0.field("field", MovieColumn.voteAverage) } }
                    }
                }
            }
        }
        let answer = try await send(
            .post, "/\(configuration.index)/_search?filter_path=timed_out,_shards.failed,aggregations", body: json,
            isIdempotent: true, deadline: configuration.queryDeadline, attempts: 1)
        try checkWhole(answer)
        func buckets(_ name: String) -> [JSONObject] {
            answer.object("aggregations")?.object(name)?.objects("buckets") ?? []
        }
        func key(_ bucket: JSONObject) -> String { bucket.values["key"] as? String ?? "" }
        var statistics = CatalogStatistics()
        statistics.filmsByYear = buckets("years").map {
            (year: $0.integer("key") ?? 0, count: $0.integer("doc_count") ?? 0)
        }
        statistics.languages = buckets("languages").map {
            (language: key($0), count: $0.integer("doc_count") ?? 0)
        }
        statistics.meanRatingByGenre = buckets("genres").compactMap { bucket in
            guard let count = bucket.object("count")?.integer("value"), count > 0,
                let mean = bucket.object("mean")?.number("value")
            else { return nil }
            return (genre: key(bucket), mean: mean, count: count)
        }
        var bins = [Int](repeating: 0, count: 10)
        for bucket in buckets("ratings") {
            bins[CatalogStatistics.bin(of: bucket.number("key") ?? 0)] += bucket.integer("doc_count") ?? 0
        }
        statistics.ratings = bins.enumerated().map {
            (from: Double($0.offset), to: Double($0.offset + 1), count: $0.element)
        }
        statistics.mostPopular = try await best(by: MovieColumn.popularity)
        statistics.mostVoted = try await best(by: MovieColumn.voteCount)
        statistics.sort()
        return statistics
    }

    private func best(by field: String) async throws -> [CatalogStatistics.Film] {
        var json = JSONWriter()
        json.object { json in
            json.field("size", CatalogStatistics.top)
            json.field("_source", [MovieColumn.title])
            json.field("track_total_hits", false)
            json.field("query") { $0.field("exists") { $0.field("field", field) } }
            json.list("sort") { sort in
                sort.object { $0.field(field, "desc") }
                sort.object { $0.field(MovieColumn.itemID, "asc") }
            }
        }
        let answer = try await send(
            .post,
            "/\(configuration.index)/_search?filter_path=timed_out,_shards.failed,hits.hits._id,hits.hits._source,"
                + "hits.hits.sort",
            body: json, isIdempotent: true, deadline: configuration.queryDeadline, attempts: 1)
        try checkWhole(answer)
        return (answer.object("hits")?.objects("hits") ?? []).compactMap { hit in
            guard let id = hit.values["_id"] as? String,
                let value = (hit.values["sort"] as? [Any])?.first.flatMap({ JSONObject(["value": $0]).number("value") })
            else { return nil }
            return .init(id: id, title: hit.object("_source")?.text(MovieColumn.title) ?? "", value: value)
        }
    }

    private static func histogram(_ name: String, _ field: String, _ interval: Int, _ json: inout JSONWriter) {
        json.field(name) {
            $0.field("histogram") {
                $0.field("field", field)
                $0.field("interval", interval)
                $0.field("min_doc_count", 1)
            }
        }
    }

    /// Ten thousand values are more than there are languages or genres.
    private static func terms(
        _ name: String, _ field: String, _ json: inout JSONWriter, _ more: (inout JSONWriter) -> Void
    ) {
        json.field(name) {
            $0.field("terms") {
                $0.field("field", field)
                $0.field("size", 10_000)
            }
            more(&$0)
        }
    }
}
