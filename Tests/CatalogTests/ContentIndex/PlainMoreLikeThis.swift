import Domain

@testable import Catalog

/// more_like_this with nothing left out: every posting of every term of the query, one film after another, from the
/// definition. The twin of what ``ContentIndex`` prunes.
struct PlainMoreLikeThis {
    let index: ContentIndex
    let itemIDs: [String]

    init(_ movies: [Movie], parameters: MoreLikeThis) {
        index = ContentIndex(movies, parameters: parameters)
        itemIDs = movies.map(\.itemID).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    func mostSimilar(to liked: [String], excluding: Set<String>, limit: Int) -> [ScoredItem] {
        let liked = liked.compactMap { itemIDs.firstIndex(of: $0).map { Int32($0) } }
        let clauses = index.fields.map { chooseTerms(of: liked, in: $0) }
        let required = max(1, index.parameters.requiredMatches(of: clauses.reduce(0) { $0 + $1.count }))
        var found: [ScoredItem] = []
        for document in itemIDs.indices {
            guard !liked.contains(Int32(document)), !excluding.contains(itemIDs[document]) else { continue }
            var (sum, matches) = (0.0, 0)
            for (field, terms) in zip(index.fields, clauses) {
                let vector = field.vector(of: document)
                for term in terms {
                    guard let position = vector.first(where: { field.term(at: $0) == term }) else { continue }
                    sum += Double(field.score(at: position, of: document))
                    matches += 1
                }
            }
            if matches >= required { found.append(ScoredItem(itemID: itemIDs[document], score: Float(sum))) }
        }
        // Stable, and the documents ascend by identifier.
        let order = found.indices.sorted { (-found[$0].score, $0) < (-found[$1].score, $1) }
        return order.prefix(limit).map { found[$0] }
    }

    private struct Word {
        var term: Int32
        var frequency: Int32
    }

    private func chooseTerms(of liked: [Int32], in field: FieldIndex) -> [Int32] {
        var words: [Word] = []
        for document in liked {
            for position in field.vector(of: Int(document)) {
                let word = Word(term: field.term(at: position), frequency: field.frequency(at: position))
                if let place = words.firstIndex(where: { $0.term == word.term }) {
                    words[place].frequency += word.frequency
                } else {
                    words.append(word)
                }
            }
        }
        let limit = min(index.parameters.maxQueryTerms, words.count)
        guard limit > 0 else { return [] }
        var queue = LuceneQueue()
        queue.begin(limit: limit)
        for word in words.count > limit ? inJavaOrder(words, field) : words {
            let known = field.statistics[Int(word.term)]
            let documentFrequency = Int(known.documentFrequency)
            guard Int(word.frequency) >= index.parameters.minTermFreq, documentFrequency >= index.parameters.minDocFreq,
                documentFrequency <= index.parameters.maxDocFreq
            else { continue }
            queue.offer(word.term, weight: Float(word.frequency) * known.selectionWeight)
        }
        var terms: [Int32] = []
        queue.drain(into: &terms)
        return terms
    }

    private func inJavaOrder(_ words: [Word], _ field: FieldIndex) -> [Word] {
        var capacity: UInt32 = 16
        while words.count > Int(capacity) * 3 / 4 { capacity *= 2 }
        let buckets = words.map { word in
            let hash = UInt32(bitPattern: field.statistics[Int(word.term)].javaHash)
            return (hash ^ hash >> 16) & (capacity - 1)
        }
        return words.indices.sorted { (buckets[$0], $0) < (buckets[$1], $1) }.map { words[$0] }
    }
}
