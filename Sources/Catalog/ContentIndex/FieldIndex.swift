import Foundation

/// One field of all films: the terms of each film, and what BM25 and the choice of terms need of each. Which films have
/// a term, and how much it can add to their scores, is in ``ScoreBounds``.
final class FieldIndex: Sendable {
    /// Terms in the order of their bytes, so that a film's terms ascend as in a Lucene term vector.
    let terms: TermTable
    /// Terms of document `d` are `vectorStarts[d]..<vectorStarts[d + 1]`, ascending.
    let vectorStarts: [Int32]
    let vectorTerms: [Int32]
    /// By position in the vectors.
    let vectorFrequencies: WordFrequencies
    let statistics: [TermStatistics]
    let similarity: BM25
    /// By document.
    let inverseNorms: [Float]

    /// - Parameters: the vectors, with terms as `table` numbers them.
    init(
        table: TermTable, vectorStarts: [Int32], vectorTerms: [Int32], vectorFrequencies: [Int32], isKeyword: Bool
    ) {
        terms = table
        (self.vectorStarts, self.vectorTerms) = (vectorStarts, vectorTerms)
        self.vectorFrequencies = WordFrequencies(vectorFrequencies)
        let documentCount = vectorStarts.count - 1
        var documentFrequencies = [Int32](repeating: 0, count: table.count)
        for term in vectorTerms { documentFrequencies[Int(term)] += 1 }
        let similarity = BM25(vectorStarts: vectorStarts, frequencies: vectorFrequencies, isKeyword: isKeyword)
        self.similarity = similarity
        statistics = documentFrequencies.enumerated().map { term, frequency in
            TermStatistics(
                javaHash: javaHash(of: table[term]), documentFrequency: frequency,
                selectionWeight: Float(log(Double(documentCount + 1) / Double(Int(frequency) + 1)) + 1),
                weight: similarity.weight(documentFrequency: Int(frequency)))
        }
        inverseNorms = (0..<documentCount).map { document in
            similarity.inverseNorm(of: vectorFrequencies[Int(vectorStarts[document])..<Int(vectorStarts[document + 1])])
        }
    }

    var documentCount: Int { vectorStarts.count - 1 }

    /// Where the terms of a document stand.
    func vector(of document: Int) -> Range<Int> { Int(vectorStarts[document])..<Int(vectorStarts[document + 1]) }

    /// Where the term stands in a document's vector; nil if it does not. O(log terms of the document).
    func position(of term: Int32, in document: Int) -> Int? {
        var (low, high) = (Int(vectorStarts[document]), Int(vectorStarts[document + 1]))
        while low < high {
            let middle = (low + high) / 2
            if vectorTerms[middle] < term { low = middle + 1 } else { high = middle }
        }
        return low < Int(vectorStarts[document + 1]) && vectorTerms[low] == term ? low : nil
    }

    /// What the term at `position` of a document's vector adds to its score when it is in the query.
    func score(at position: Int, of document: Int) -> Float {
        similarity.score(
            weight: statistics[Int(vectorTerms[position])].weight, frequency: vectorFrequencies[position],
            inverseNorm: inverseNorms[document])
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

/// How often films have their words: a byte each, for few have one that often.
struct WordFrequencies: Sendable {
    let bytes: [UInt8]
    /// By position, those that a byte does not hold: they stand there as 255.
    private let large: [Int: Int32]

    init(_ frequencies: [Int32]) {
        bytes = frequencies.map { UInt8(clamping: $0) }
        large = frequencies.indices.reduce(into: [:]) { if frequencies[$1] >= 255 { $0[$1] = frequencies[$1] } }
    }

    @inline(__always)
    subscript(position: Int) -> Int32 { bytes[position] < 255 ? Int32(bytes[position]) : large[position]! }
}

/// Collects one field's terms film by film.
struct FieldIndexBuilder {
    private var terms = TermTable()
    private var vectorStarts: [Int32] = [0]
    private var vectorTerms: [Int32] = []
    private var vectorFrequencies: [Int32] = []
    private let isKeyword: Bool
    private var current: [Int32] = []

    init(isKeyword: Bool) { self.isKeyword = isKeyword }

    mutating func add(_ term: UnsafeBufferPointer<UInt8>) { current.append(terms.insert(term)) }

    mutating func endDocument() {
        current.sort()
        var position = 0
        while position < current.count {
            var end = position + 1
            while end < current.count, current[end] == current[position] { end += 1 }
            vectorTerms.append(current[position])
            vectorFrequencies.append(Int32(end - position))
            position = end
        }
        vectorStarts.append(Int32(vectorTerms.count))
        current.removeAll(keepingCapacity: true)
    }

    /// O(total terms · log terms of one film).
    consuming func finish() -> FieldIndex {
        let (table, newNumbers) = terms.sorted()
        let documentCount = vectorStarts.count - 1
        for document in 0..<documentCount {
            let range = Int(vectorStarts[document])..<Int(vectorStarts[document + 1])
            let sorted = range.map { (newNumbers[Int(vectorTerms[$0])], vectorFrequencies[$0]) }.sorted { $0.0 < $1.0 }
            for (position, entry) in zip(range, sorted) { (vectorTerms[position], vectorFrequencies[position]) = entry }
        }
        return FieldIndex(
            table: table, vectorStarts: vectorStarts, vectorTerms: vectorTerms, vectorFrequencies: vectorFrequencies,
            isKeyword: isKeyword)
    }
}

/// `String.hashCode` of Java: a polynomial in 31 over the UTF-16 units, modulo 2³².
private func javaHash(of utf8: ArraySlice<UInt8>) -> Int32 {
    String(decoding: utf8, as: UTF8.self).utf16.reduce(Int32(0)) { $0 &* 31 &+ Int32($1) }
}
