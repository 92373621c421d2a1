extension ContentIndex: TextSearch {
    /// ``search(_:limit:)`` without the ceremony: it never waits and never fails.
    ///
    /// A film is found if each word of the text stands in its title or its synopsis; words that no film has find
    /// nothing. The score is the sum of BM25 over words and fields, the title's three times.
    public func films(with text: String, limit: Int) -> [ScoredItem] {
        var words: [[UInt8]] = []
        var breaker = WordBreaker()
        breaker.forEachWord(of: text) { word in
            let word = Array(word)
            if !words.contains(word) { words.append(word) }
        }
        guard !words.isEmpty, limit > 0 else { return [] }
        var sums: [Int32: Float]?
        for word in words.prefix(Self.maximumWords) {
            var scores: [Int32: Float] = [:]
            for (field, weight) in [(ContentField.title, Self.titleWeight), (.overview, 1)] as [(ContentField, Float)] {
                let index = fields[field.rawValue]
                guard let term = index.terms.number(of: word) else { continue }
                for document in bounds.documents(with: term, ofField: field.rawValue, index) {
                    guard let position = index.position(of: Int32(term), in: Int(document)) else { continue }
                    scores[document, default: 0] += weight * index.score(at: position, of: Int(document))
                }
            }
            if let before = sums {
                sums = before.reduce(into: [:]) { sums, entry in
                    if let score = scores[entry.key] { sums[entry.key] = entry.value + score }
                }
            } else {
                sums = scores
            }
        }
        return (sums ?? [:]).sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.prefix(limit)
            .map { ScoredItem(itemID: itemIDs[Int($0.key)], score: $0.value) }
    }

    public func search(_ text: String, limit: Int) async throws -> [ScoredItem] { films(with: text, limit: limit) }

    /// Of a text; what is longer is no question.
    private static let maximumWords = 32
    /// Who types a word that a title has means that film.
    static let titleWeight: Float = 3
}
