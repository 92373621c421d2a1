public import Domain
package import Linalg
import Synchronization

/// Which films are alike by their words: more_like_this over title, overview and genres, exactly as Elasticsearch
/// computes it, without Elasticsearch.
///
///     let index = ContentIndex(movies)
///     for item in index.mostSimilar(to: ["tt0133093"], limit: 10) { print(item.itemID, item.score) }
///
/// Immutable: a changed catalogue gets a new index. Building takes O(words). A query adds up bounds on the films' scores
/// and scores only those that can be in the list; it touches no string but the identifiers it is given and returns.
///
/// Reference: Elasticsearch's `MoreLikeThisQuery`/`XMoreLikeThis` over Lucene's `BM25Similarity`;
/// docs/content-similarity.md has the arithmetic.
public final class ContentIndex: ContentSource {
    public let parameters: MoreLikeThis
    let fields: [FieldIndex]
    let bounds: ScoreBounds
    /// Documents ascend by the bytes of their identifier, so that equal scores rank by identifier.
    let itemIDs: [String]
    /// By document.
    let movies: [Movie]
    let documents: [ExactText: Int32]
    private let scratch = Mutex<[Scratch]>([])
    /// What films say, for filters and facets.
    let columns: FilterColumns

    /// O(text), on all cores: it blocks, so never on the cooperative pool.
    /// - Parameter movies: In any order; of several with one identifier the last counts.
    public init(_ movies: some Sequence<Movie>, parameters: MoreLikeThis = MoreLikeThis()) {
        self.parameters = parameters
        let sorted = Self.sorted(movies)
        self.movies = sorted
        itemIDs = sorted.map(\.itemID)
        documents = Dictionary(uniqueKeysWithValues: zip(itemIDs.lazy.map { ExactText($0) }, 0..<Int32(itemIDs.count)))
        columns = FilterColumns(ids: itemIDs) { sorted[Int($0)] }

        let workers = Workers()
        let vectors = ContentField.allCases.map { FieldIndexBuilder.vectors(of: $0, in: sorted, workers) }
        let similarities = zip(ContentField.allCases, vectors).map { field, vectors in
            BM25(vectorStarts: vectors.starts, frequencies: vectors.frequencies, isKeyword: field.isKeyword)
        }
        let words = FilmWords(vectors, similarities)
        fields = vectors.indices.map { FieldIndex(number: $0, vectors[$0], similarities[$0], words) }
        bounds = ScoreBounds(fields, maximumTerms: parameters.maxQueryTerms)
    }

    /// Of several films with one identifier the last. A catalogue's own array is in this order already, and is shared.
    private static func sorted(_ movies: some Sequence<Movie>) -> [Movie] {
        let given = Array(movies)
        let isSorted = zip(given, given.dropFirst())
            .allSatisfy { $0.itemID.utf8.lexicographicallyPrecedes($1.itemID.utf8) }
        if isSorted { return given }
        var latest: [ExactText: Movie] = [:]
        for movie in given { latest[ExactText(movie.itemID)] = movie }
        return latest.values.sorted { $0.itemID.utf8.lexicographicallyPrecedes($1.itemID.utf8) }
    }

    public var name: String { "embedded" }

    /// Films in the index.
    public var count: Int { itemIDs.count }

    /// Whether the index has the film. For one that it has not, ``mostSimilar(to:excluding:limit:)`` finds nothing.
    /// O(1).
    public func contains(_ itemID: String) -> Bool { number(of: itemID) != nil }

    public func similar(
        to itemIDs: [String], excluding: [String], where filter: FilmFilter?, limit: Int
    ) async throws -> [ScoredItem] {
        guard let filter else { return mostSimilar(to: itemIDs, excluding: excluding, limit: limit) }
        let allowed = columns.places(filter)
        return mostSimilar(
            to: itemIDs.compactMap(number), excluding: excluding.compactMap(number),
            limit: limit, among: allowed
        ).map { ScoredItem(itemID: self.itemIDs[Int($0.document)], score: $0.score) }
    }

    /// ``similar(to:excluding:where:limit:)`` without the ceremony: it never waits and never fails.
    /// - Parameter isWanted: whether an item may come back, asked of every film; nil: all may.
    public func mostSimilar(
        to liked: [String], excluding: some Sequence<String> = EmptyCollection<String>(), limit: Int,
        where isWanted: ((String) -> Bool)? = nil
    ) -> [ScoredItem] {
        let wanted = isWanted.map { isWanted in
            ItemBitmap(itemCount: count, items: itemIDs.indices.filter { isWanted(itemIDs[$0]) }.map { ItemIndex($0) })
        }
        return mostSimilar(
            to: liked.compactMap(number), excluding: excluding.compactMap(number),
            limit: limit, among: wanted
        ).map { ScoredItem(itemID: itemIDs[Int($0.document)], score: $0.score) }
    }

    // MARK: By number

    /// The identifiers of the films, ascending by their bytes; a film's number is its place here.
    package var films: [String] { itemIDs }

    /// The number of a film; nil if the index has not got it. O(1).
    package func number(of itemID: String) -> Int32? { documents[ExactText(itemID)] }

    /// ``mostSimilar(to:excluding:limit:where:)`` for whoever knows films by their numbers: it touches no string.
    /// - Parameter wanted: the films that may come back; nil: all.
    /// - Precondition: numbers of films of this index.
    package func mostSimilar(
        to liked: [Int32], excluding: [Int32], limit: Int, among wanted: ItemBitmap? = nil
    ) -> [(document: Int32, score: Float)] {
        guard limit > 0, !liked.isEmpty else { return [] }
        let scratch = self.scratch.withLock { $0.popLast() } ?? Scratch(fields, fields[0].words, parameters)
        defer { self.scratch.withLock { $0.append(scratch) } }
        let terms = scratch.begin(likedBy: liked, fields)
        return scratch.takeBest(
            limit, required: max(1, parameters.requiredMatches(of: terms)), without: excluding, among: wanted, bounds)
    }
}
