import Foundation

/// One field of all films: its terms, what BM25 and the choice of terms need of each, and the terms of each film. Which films
/// have a term, and how much it can add to their scores, is in ``ScoreBounds``.
final class FieldIndex: Sendable {
    /// Which field it is.
    let number: Int
    /// Terms in the order of their bytes, so that a film's terms ascend as in a Lucene term vector.
    let terms: TermTable
    /// By term.
    let statistics: [TermStatistics]
    let similarity: BM25
    /// The terms of all films, those of this field counted from ``firstTerm``.
    let words: FilmWords
    let firstTerm: Int32

    /// - Parameter vectors: what `words` has of this field.
    init(number: Int, _ vectors: FilmWords.Vectors, _ similarity: BM25, _ words: FilmWords) {
        (self.number, terms, self.similarity, self.words) = (number, vectors.terms, similarity, words)
        firstTerm = words.firstTerms[number]
        let documentCount = words.documentCount
        var documentFrequencies = [Int32](repeating: 0, count: vectors.terms.count)
        for term in vectors.numbers { documentFrequencies[Int(term)] += 1 }
        statistics = documentFrequencies.enumerated().map { term, frequency in
            TermStatistics(
                javaHash: javaHash(of: vectors.terms[term]), documentFrequency: frequency,
                selectionWeight: Float(log(Double(documentCount + 1) / Double(Int(frequency) + 1)) + 1),
                weight: similarity.weight(documentFrequency: Int(frequency)))
        }
    }

    var documentCount: Int { words.documentCount }

    /// Where the terms of a document stand, ascending.
    func vector(of document: Int) -> Range<Int> { words.vector(of: document, field: number) }

    /// The term at a position of a document's vector.
    func term(at position: Int) -> Int32 { Int32(FilmWords.number(of: words.entries[position])) - firstTerm }

    /// How often the document has it.
    func frequency(at position: Int) -> Int32 { words.frequency(of: words.entries[position], at: position) }

    /// Where the term stands in a document's vector; nil if it does not. O(log terms of the document).
    func position(of term: Int32, in document: Int) -> Int? {
        let vector = vector(of: document)
        var (low, high) = (vector.lowerBound, vector.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if self.term(at: middle) < term { low = middle + 1 } else { high = middle }
        }
        return low < vector.upperBound && self.term(at: low) == term ? low : nil
    }

    /// What the term at `position` of a document's vector adds to its score when it is in the query.
    func score(at position: Int, of document: Int) -> Float {
        similarity.score(
            weight: statistics[Int(term(at: position))].weight, frequency: frequency(at: position),
            inverseNorm: words.inverseNorms[document * words.fieldCount + number])
    }
}

/// What the choice of words and their scores need of a term: together, so that meeting a word reads one line of memory.
struct TermStatistics: Sendable {
    /// `String.hashCode` of the term: the order in which Elasticsearch meets the terms depends on it.
    var javaHash: Int32
    /// How many films have it.
    var documentFrequency: Int32
    /// `idf` of Lucene's classic similarity, which chooses the terms; BM25's own ranks the films.
    var selectionWeight: Float
    /// The weight that ranks films.
    var weight: Float
}

/// `String.hashCode` of Java: a polynomial in 31 over the UTF-16 units, modulo 2³².
private func javaHash(of utf8: ArraySlice<UInt8>) -> Int32 {
    String(decoding: utf8, as: UTF8.self).utf16.reduce(Int32(0)) { $0 &* 31 &+ Int32($1) }
}
