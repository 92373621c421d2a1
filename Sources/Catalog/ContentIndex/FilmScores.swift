internal import Linalg

/// The terms of a query, and what films have of them. Its memory is used from query to query.
struct FilmScores {
    private let words: FilmWords
    private var asked: MarkedNumbers
    /// By term as ``FilmWords`` numbers them, its place among those of the query; only for those that it has.
    private var places: [Int32]
    /// By place.
    private var terms: [Term] = []
    /// Of the films that are being scored: term after term, film after film, what it adds; 0 where a film has it not.
    private var scores: [Float] = []
    /// The norms of those films, as ``FilmWords`` has them.
    private var norms: [Float]
    /// Film after film, those of the terms that it has.
    private var matches: [Match] = []
    /// By film.
    private var sums = [Double](repeating: 0, count: filmsAtOnce)

    private struct Term {
        var number: Int32
        var weight: Float
        var field: Int32
        var isKeyword: Bool
    }

    private struct Match {
        /// Where its score stands.
        var score: Int32 = 0
        var weight: Float = 0
        var frequency: Float = 0
        var inverseNorm: Float = 0
    }

    /// The scores of so many films stay in the nearest cache.
    private static let filmsAtOnce = 64

    init(_ fields: [FieldIndex], _ words: FilmWords) {
        self.words = words
        norms = .init(repeating: 0, count: Self.filmsAtOnce * words.fieldCount)
        asked = MarkedNumbers(limit: Int(words.firstTerms.last!))
        places = .init(repeating: 0, count: Int(words.firstTerms.last!))
    }

    /// How many terms the query has.
    var count: Int { terms.count }

    /// Adds a term to the query, which has it not.
    mutating func ask(for term: Int32, of field: FieldIndex) {
        let number = field.firstTerm + term
        asked.insert(number)
        places[Int(number)] = Int32(terms.count)
        terms.append(
            Term(
                number: number, weight: field.statistics[Int(term)].weight, field: Int32(field.number),
                isKeyword: field.similarity.isKeyword))
    }

    /// The query is empty again.
    mutating func clear() {
        for term in terms { asked.remove(term.number) }
        terms.removeAll(keepingCapacity: true)
    }

    /// Offers those of some films that have `required` of the terms: the float32 scores of these, summed in double as Lucene
    /// does, in the order in which they were asked for.
    mutating func offer(_ documents: UnsafeBufferPointer<Int32>, required: Int, to best: inout BoundedBest) {
        for first in stride(from: 0, to: documents.count, by: Self.filmsAtOnce) {
            let block = UnsafeBufferPointer(
                rebasing: documents[first..<min(first + Self.filmsAtOnce, documents.count)])
            asked.find(in: words.entries, words.starts, stride: words.fieldCount, rows: block)
            let found = Int(asked.ends[block.count - 1])
            if matches.count < found { matches = .init(repeating: Match(), count: found + found / 4) }
            let size = terms.count * block.count
            if scores.count < size { scores = .init(repeating: 0, count: size + size / 4) }
            Self.read(asked.positions, asked.ends, block, words, places, terms, into: &matches, &norms)
            Self.score(matches, found, into: &scores, size)
            Self.sum(scores, terms.count, block.count, into: &sums)
            var end = 0
            for (film, document) in block.enumerated() {
                let start = end
                end = Int(asked.ends[film])
                if end - start >= required { best.offer(document, Float(sums[film])) }
            }
        }
    }

    /// What BM25 needs to know of each term that the documents have.
    private static func read(
        _ positions: [Int32], _ ends: [Int32], _ documents: UnsafeBufferPointer<Int32>, _ words: FilmWords,
        _ places: [Int32], _ terms: [Term], into matches: inout [Match], _ norms: inout [Float]
    ) {
        let positions = positions.span
        let entries = words.entries.span
        let allNorms = words.inverseNorms.span
        let places = places.span
        let terms = terms.span
        var norms = norms.mutableSpan
        var matches = matches.mutableSpan
        let (count, fields) = (documents.count, words.fieldCount)
        // All at once, so that waiting for the memory of one film is waiting for that of the next, too.
        for film in 0..<count {
            for field in 0..<fields { norms[film * fields + field] = allNorms[Int(documents[film]) * fields + field] }
        }
        var match = 0
        for film in 0..<count {
            let end = Int(ends[film])
            while match < end {
                // Proof: a position of the films' words, of a term that the query has: there are so many matches.
                let position = Int(positions[unchecked: match])
                let entry = entries[unchecked: position]
                let place = Int(places[unchecked: FilmWords.number(of: entry)])
                let term = terms[unchecked: place]
                let frequency = term.isKeyword ? 1 : words.frequency(of: entry, at: position)
                matches[unchecked: match] = Match(
                    score: Int32(truncatingIfNeeded: place &* count &+ film), weight: term.weight,
                    frequency: Float(frequency), inverseNorm: norms[unchecked: film &* fields &+ Int(term.field)])
                match += 1
            }
        }
    }

    /// Puts each match's score at its place; the first `size` others are 0.
    private static func score(_ matches: [Match], _ count: Int, into scores: inout [Float], _ size: Int) {
        scores.withUnsafeMutableBufferPointer { $0[..<size].update(repeating: 0) }
        let matches = matches.span
        var scores = scores.mutableSpan
        for match in 0..<count {
            // Proof: there are `count` of them, and their places are below `size`.
            let match = matches[unchecked: match]
            scores[unchecked: Int(match.score)] = BM25.score(
                weight: match.weight, frequency: match.frequency, inverseNorm: match.inverseNorm)
        }
    }

    /// Film by film the sum of the terms' scores, in the order of the terms; 0 adds nothing.
    private static func sum(_ scores: [Float], _ terms: Int, _ films: Int, into sums: inout [Double]) {
        let scores = scores.span
        var sums = sums.mutableSpan
        for film in 0..<films { sums[film] = 0 }
        for term in 0..<terms {
            // Proof: `scores` has a number for each term and film, and `sums` one for each film.
            for film in 0..<films { sums[unchecked: film] += Double(scores[unchecked: term &* films &+ film]) }
        }
    }
}
