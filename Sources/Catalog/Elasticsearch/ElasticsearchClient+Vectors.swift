import Domain
import HTTPClient
import Store

/// How an index keeps the factors of films.
public struct FactorField: Sendable, Hashable {
    /// Whether nearest films are all of the nearest.
    public enum Precision: String, Sendable, CaseIterable {
        /// Every vector is looked at, in float32.
        case exact
        /// A graph of neighbours is walked: faster in large catalogues, and a few of the nearest are missed.
        case approximate
    }

    /// Numbers in a vector, `1…4096`.
    public var rank: Int
    public var precision: Precision

    /// - Parameter rank: of the model that the factors are of.
    public init(rank: Int, precision: Precision) {
        self.rank = rank
        self.precision = precision
    }

    /// Of the field in the index.
    static let name = "factors"
}

extension ElasticsearchClient {
    /// The films whose factors have the greatest products with a vector: for a user's factors, the films that the model
    /// ranks first.
    /// - Parameters:
    ///   - filter: what a film must be like; it is asked during the search, so that `limit` films come back if so many fit.
    ///   - limit: `1…10000`.
    /// - Returns: descending by product, which is the score; equal ones ascending by identifier. Films without factors
    ///   never come back.
    /// - Throws: ``CatalogError``; `noFactors` if the index holds none, or of another rank.
    public func nearest(
        to vector: [Float], where filter: FilmFilter? = nil, limit: Int
    ) async throws -> [ScoredItem] {
        let limit = min(max(1, limit), 10_000)
        let (rank, isExact) = try await factorField()
        guard rank == vector.count else {
            throw CatalogError.noFactors(
                server: server, index: configuration.index,
                reason: "its vectors have \(rank) numbers, not \(vector.count)")
        }
        let isOpenSearch = try await product() == .openSearch
        var json = JSONWriter()
        json.object { json in
            json.field("size", limit)
            json.field("_source", false)
            json.field("track_total_hits", false)
            if isOpenSearch {
                json.field("query") { query in
                    isExact
                        ? Self.everyVector(vector, filter, &query) : Self.graph(vector, filter, limit, &query)
                }
            } else {
                json.field("knn") { knn in
                    knn.field("field", FactorField.name)
                    Self.write(vector, as: "query_vector", &knn)
                    knn.field("k", limit)
                    knn.field("num_candidates", min(10_000, max(100, limit * Self.candidates)))
                    if let filter {
                        knn.name("filter")
                        filter.write(to: &knn)
                    }
                }
            }
        }
        let answer = try await send(
            .post,
            "/\(configuration.index)/_search?filter_path=timed_out,_shards.failed,hits.hits._id,hits.hits._score",
            body: json, isIdempotent: true, deadline: configuration.queryDeadline, attempts: 1)
        return try hits(of: answer).map { ScoredItem(itemID: $0.itemID, score: Self.product(of: $0.score)) }
            .sorted {
                $0.score != $1.score
                    ? $0.score > $1.score : $0.itemID.utf8.lexicographicallyPrecedes($1.itemID.utf8)
            }
    }

    /// Candidates looked at for each film wanted, of a graph.
    private static var candidates: Int { 10 }

    /// Both servers make a positive score of a product x: x + 1, or 1 / (1 − x) below zero.
    private static func product(of score: Float) -> Float { score >= 1 ? score - 1 : 1 - 1 / score }

    private static func write(_ vector: [Float], as name: String, _ json: inout JSONWriter) {
        json.list(name) { list in for number in vector { list.value(number) } }
    }

    /// OpenSearch's graph; k is of each shard, and so is what the filter lets through.
    private static func graph(_ vector: [Float], _ filter: FilmFilter?, _ limit: Int, _ json: inout JSONWriter) {
        json.field("knn") {
            $0.field(FactorField.name) {
                write(vector, as: "vector", &$0)
                $0.field("k", limit)
                if let filter {
                    $0.name("filter")
                    filter.write(to: &$0)
                }
            }
        }
    }

    /// OpenSearch's exact search: the script of its k-NN plugin over all films that the filter lets through.
    private static func everyVector(_ vector: [Float], _ filter: FilmFilter?, _ json: inout JSONWriter) {
        json.field("script_score") { score in
            score.field("query") {
                $0.field("bool") {
                    $0.list("filter") { filters in
                        filters.object { $0.field("exists") { $0.field("field", FactorField.name) } }
                        filter?.write(to: &filters)
                    }
                }
            }
            score.field("script") { script in
                script.field("source", "knn_score")
                script.field("lang", "knn")
                script.field("params") {
                    $0.field("field", FactorField.name)
                    write(vector, as: "query_value", &$0)
                    $0.field("space_type", "innerproduct")
                }
            }
        }
    }

    // MARK: Mapping

    /// What the index says of its vectors.
    private func factorField() async throws -> (rank: Int, isExact: Bool) {
        let answer = try await send(
            .get, "/\(configuration.index)/_mapping", deadline: configuration.queryDeadline)
        let mapping = answer.values.keys.sorted().first.flatMap { answer.object($0)?.object("mappings") }
        let field = mapping?.object("properties")?.object(FactorField.name)
        guard let rank = field?.integer("dims") ?? field?.integer("dimension") else {
            throw CatalogError.noFactors(server: server, index: configuration.index, reason: "it has no field for them")
        }
        return (rank, mapping?.object("_meta")?.text("factors") == FactorField.Precision.exact.rawValue)
    }

    static func write(_ field: FactorField, _ product: Product, to json: inout JSONWriter) {
        json.field(FactorField.name) { json in
            switch product {
            case .elasticsearch:
                json.field("type", "dense_vector")
                json.field("dims", field.rank)
                json.field("similarity", "max_inner_product")
                // Named, because the default is another one in each version, and quantised.
                json.field("index_options") { $0.field("type", field.precision == .exact ? "flat" : "hnsw") }
            case .openSearch:
                json.field("type", "knn_vector")
                json.field("dimension", field.rank)
                json.field("method") {
                    $0.field("name", "hnsw")
                    $0.field("engine", "lucene")
                    $0.field("space_type", "innerproduct")
                }
            }
        }
    }
}
