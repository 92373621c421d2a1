import Domain
import HTTPClient

extension ElasticsearchClient: TextSearch {
    /// The same question as ``ContentIndex/films(with:limit:)``: each word in title or synopsis, the title's score three
    /// times.
    public func search(_ text: String, limit: Int) async throws -> [ScoredItem] {
        guard limit > 0 else { return [] }
        var json = JSONWriter()
        json.object { json in
            json.field("size", limit)
            json.field("_source", false)
            json.list("sort") { sort in
                sort.object { $0.field("_score", "desc") }
                sort.object { $0.field("item_id", "asc") }
            }
            json.field("query") { query in
                query.field("multi_match") { match in
                    match.field("query", text)
                    match.field("type", "cross_fields")
                    match.field("operator", "and")
                    match.field("fields", ["title^\(Int(ContentIndex.titleWeight))", "overview"])
                }
            }
        }
        let answer = try await send(
            .post,
            "/\(configuration.index)/_search?filter_path=timed_out,_shards.failed,hits.hits._id,hits.hits._score",
            body: json, isIdempotent: true, deadline: configuration.queryDeadline, attempts: 1)
        return try hits(of: answer)
    }
}
