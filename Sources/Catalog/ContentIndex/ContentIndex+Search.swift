import Domain
import Linalg

extension ContentIndex: FilmSearch {
    public func search(_ query: FilmQuery) async throws -> FilmHits { films(query) }

    public func statistics() async throws -> CatalogStatistics { CatalogStatistics(movies) }

    /// ``search(_:)`` without the ceremony: it never waits and never fails.
    ///
    /// O(postings of the words), and O(films) for a filter or without a text.
    public func films(_ query: FilmQuery) -> FilmHits {
        let allowed = query.filter.map { columns.places($0) }
        func isAllowed(_ document: Int32) -> Bool { allowed?.contains(ItemIndex(rawValue: document)) ?? true }
        var found: [(document: Int32, score: Float)] = []
        if let text = query.text {
            found = WordMatching(SearchWords.distinct(text), as: query.words, fields, bounds).documents(
                where: isAllowed)
        } else {
            for document in 0..<Int32(count) where isAllowed(document) {
                found.append((document, movies[Int(document)].popularity ?? 0))
            }
        }
        var hits = FilmHits()
        hits.total = found.count
        if !query.facets.isEmpty {
            let documents = found.map(\.document)
            for facet in query.facets { hits.facets[facet] = columns.counts(facet, of: documents) }
        }
        hits.items = Self.best(query.limit, of: found).map {
            ScoredItem(itemID: itemIDs[Int($0.document)], score: $0.score)
        }
        return hits
    }

    /// The best, in order. What cannot be among them is dropped in one pass before anything is sorted.
    private static func best(
        _ limit: Int, of found: [(document: Int32, score: Float)]
    ) -> [(document: Int32, score: Float)] {
        func isBetter(_ a: (document: Int32, score: Float), _ b: (document: Int32, score: Float)) -> Bool {
            a.score != b.score ? a.score > b.score : a.document < b.document
        }
        guard limit > 0 else { return [] }
        var kept: [(document: Int32, score: Float)] = []
        let room = 4 * limit + 64
        kept.reserveCapacity(min(room, found.count))
        var bar: (document: Int32, score: Float)?
        for film in found {
            if let bar, !isBetter(film, bar) { continue }
            kept.append(film)
            if kept.count == room {
                kept.sort(by: isBetter)
                kept.removeLast(room - limit)
                bar = kept[limit - 1]
            }
        }
        return Array(kept.sorted(by: isBetter).prefix(limit))
    }
}
