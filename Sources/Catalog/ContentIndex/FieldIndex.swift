import Foundation

/// One field of all films: an inverted index with the BM25 part of each posting computed ahead, and the way back from
/// film to terms.
struct FieldIndex: Sendable {
    /// Terms in the order of their bytes, so that a film's terms ascend as in a Lucene term vector.
    let terms: TermTable
    /// Postings of term `t` are `postingStarts[t]..<postingStarts[t + 1]`.
    let postingStarts: [Int32]
    let postingDocuments: [Int32]
    /// What the posting adds to its document's score when the term is in the query.
    let postingScores: [Float]
    /// Terms of document `d` are `vectorStarts[d]..<vectorStarts[d + 1]`, ascending.
    let vectorStarts: [Int32]
    let vectorTerms: [Int32]
    let vectorFrequencies: [Int32]
    /// `idf` of Lucene's classic similarity, which chooses the terms; BM25's own ranks the films.
    let selectionWeights: [Float]
    /// `String.hashCode` of each term: the order in which Elasticsearch meets the terms depends on it.
    let javaHashes: [Int32]

    func documentFrequency(of term: Int32) -> Int { Int(postingStarts[Int(term) + 1] - postingStarts[Int(term)]) }
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

        var starts = [Int32](repeating: 0, count: table.count + 1)
        for term in vectorTerms { starts[Int(term) + 1] += 1 }
        for term in 0..<table.count { starts[term + 1] += starts[term] }

        var next = starts
        var documents = [Int32](repeating: 0, count: vectorTerms.count)
        var scores = [Float](repeating: 0, count: vectorTerms.count)
        let similarity = BM25(vectorStarts: vectorStarts, frequencies: vectorFrequencies, isKeyword: isKeyword)
        let weights = (0..<table.count).map { similarity.weight(documentFrequency: Int(starts[$0 + 1] - starts[$0])) }
        for document in 0..<documentCount {
            let range = Int(vectorStarts[document])..<Int(vectorStarts[document + 1])
            let norm = similarity.inverseNorm(of: vectorFrequencies[range])
            for position in range {
                let term = Int(vectorTerms[position])
                let slot = Int(next[term])
                next[term] += 1
                documents[slot] = Int32(document)
                let frequency = isKeyword ? 1 : Float(vectorFrequencies[position])
                scores[slot] = weights[term] - weights[term] / (1 + frequency * norm)
            }
        }
        return FieldIndex(
            terms: table, postingStarts: starts, postingDocuments: documents, postingScores: scores,
            vectorStarts: vectorStarts, vectorTerms: vectorTerms, vectorFrequencies: vectorFrequencies,
            selectionWeights: (0..<table.count).map {
                let frequency = Int(starts[$0 + 1] - starts[$0])
                return Float(log(Double(documentCount + 1) / Double(frequency + 1)) + 1)
            },
            javaHashes: (0..<table.count).map { javaHash(of: table[$0]) })
    }
}

/// `String.hashCode` of Java: a polynomial in 31 over the UTF-16 units, modulo 2³².
private func javaHash(of utf8: ArraySlice<UInt8>) -> Int32 {
    String(decoding: utf8, as: UTF8.self).utf16.reduce(Int32(0)) { $0 &* 31 &+ Int32($1) }
}

/// Lucene's BM25 with Elasticsearch's factor: k1 = 1.2, b = 0.75, all in float32.
///
///     weight = 2.2 · ln(1 + (N − n + 0.5) / (n + 0.5))            N films have the field, n of them the term
///     score  = weight − weight / (1 + tf · norm)                  norm = 1 / (k1 · ((1 − b) + b · length / average))
///
/// `length` is Lucene's one-byte length; the average is exact. 2.2 is k1 + 1, which Lucene dropped in version 8 and
/// Elasticsearch 7, 8, 9 and OpenSearch 2 kept.
private struct BM25 {
    private let documentsWithField: Int
    private let averageLength: Float
    private let isKeyword: Bool

    init(vectorStarts: [Int32], frequencies: [Int32], isKeyword: Bool) {
        self.isKeyword = isKeyword
        documentsWithField = zip(vectorStarts, vectorStarts.dropFirst()).count { $0 < $1 }
        // A keyword stands once in a film, however often it is written there.
        let total = isKeyword ? frequencies.count : frequencies.reduce(0) { $0 + Int($1) }
        averageLength = documentsWithField == 0 ? 1 : Float(Double(total) / Double(documentsWithField))
    }

    func weight(documentFrequency n: Int) -> Float {
        2.2 * Float(log(1 + (Double(documentsWithField - n) + 0.5) / (Double(n) + 0.5)))
    }

    func inverseNorm(of frequencies: ArraySlice<Int32>) -> Float {
        // Keywords store no length; Lucene then takes 1.
        let length = isKeyword ? 1 : LossyLength.rounded(frequencies.reduce(0) { $0 + Int($1) })
        let (k1, b) = (1.2 as Float, 0.75 as Float)
        return 1 / (k1 * ((1 - b) + b * Float(length) / averageLength))
    }
}

/// Lucene's one-byte field lengths (`SmallFloat.intToByte4`): exact below 40, then three bits after the leading one.
enum LossyLength {
    /// Lengths below this are stored as they are; it is 255 less the code of the largest Int32.
    private static let exact = 24

    /// The length that comes back after it was put into one byte: never more than `length`.
    static func rounded(_ length: Int) -> Int {
        guard length >= exact else { return length }
        let rest = length - exact
        let bits = Int.bitWidth - rest.leadingZeroBitCount
        let shift = max(0, bits - 4)
        return exact + (rest >> shift) << shift
    }
}
