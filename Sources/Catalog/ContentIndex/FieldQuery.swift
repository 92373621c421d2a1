internal import Linalg

/// The terms that a query has of one field, and what films have of them. Its memory is used from query to query.
struct FieldQuery {
    /// How many terms it has.
    private var count = 0
    private var asked: MarkedNumbers
    /// By term, its place among those of the query; only for those that it has.
    private var places: [Int32]
    /// Of the films that are being scored: term after term, film after film, what it adds; 0 where a film has it not.
    private var scores: [Float] = []
    /// How many of the terms each of those films has.
    private var matches = [Int32](repeating: 0, count: filmsAtOnce)
    /// By place.
    private var weights: [Float] = []

    init(_ field: FieldIndex) {
        asked = MarkedNumbers(limit: field.terms.count)
        places = .init(repeating: 0, count: field.terms.count)
    }

    /// - Precondition: the query is empty.
    mutating func begin(_ terms: ArraySlice<Int32>, _ field: FieldIndex) {
        count = terms.count
        for _ in weights.count..<max(weights.count, count) { weights.append(0) }
        for (place, term) in terms.enumerated() {
            asked.insert(term)
            places[Int(term)] = Int32(place)
            weights[place] = field.statistics[Int(term)].weight
        }
    }

    mutating func end(_ terms: ArraySlice<Int32>) {
        for term in terms { asked.remove(term) }
        count = 0
    }

    /// Adds what the terms give to some films: float32 scores, summed in double as Lucene does, in the order of the terms.
    /// - Parameter totals: by place in `documents`.
    mutating func add(
        to totals: inout [FilmTotal], of documents: UnsafeBufferPointer<Int32>, _ field: FieldIndex
    ) {
        guard count > 0 else { return }
        // A block's scores stay in the nearest cache.
        for first in stride(from: 0, to: documents.count, by: Self.filmsAtOnce) {
            let block = first..<min(first + Self.filmsAtOnce, documents.count)
            find(UnsafeBufferPointer(rebasing: documents[block]), field)
            Self.sum(scores, count, block.count, to: &totals, from: first)
            for candidate in 0..<block.count { totals[first + candidate].matches += matches[candidate] }
        }
    }

    private static let filmsAtOnce = 256

    /// Fills in `scores` and `matches` of some films.
    private mutating func find(_ documents: UnsafeBufferPointer<Int32>, _ field: FieldIndex) {
        let size = count * documents.count
        if scores.count < size { scores = .init(repeating: 0, count: size) }
        let (places, weights) = (places, weights)
        // Lent to the closure, which could not reach them beside `asked`.
        var (scores, matches): ([Float], [Int32]) = ([], [])
        swap(&scores, &self.scores)
        swap(&matches, &self.matches)
        for place in 0..<size { scores[place] = 0 }
        asked.positions(
            in: field.vectorTerms, field.vectorStarts, rows: documents, beside: field.vectorFrequencies.bytes
        ) { positions, ends in
            Self.score(positions, ends, documents, field, places.span, weights.span, into: &scores, &matches)
        }
        swap(&scores, &self.scores)
        swap(&matches, &self.matches)
    }

    private static func score(
        _ positions: UnsafeBufferPointer<Int32>, _ ends: UnsafeBufferPointer<Int32>,
        _ documents: UnsafeBufferPointer<Int32>, _ field: FieldIndex, _ places: Span<Int32>, _ weights: Span<Float>,
        into scores: inout [Float], _ matches: inout [Int32]
    ) {
        // Arrays taken out of the class once, and spans of them.
        let (vectorTerms, frequencies, norms) = (field.vectorTerms, field.vectorFrequencies, field.inverseNorms)
        let similarity = field.similarity
        let terms = vectorTerms.span
        var scores = scores.mutableSpan
        var matches = matches.mutableSpan
        let count = documents.count
        var first = 0
        for candidate in 0..<count {
            let end = Int(ends[candidate])
            let norm = norms[Int(documents[candidate])]
            for entry in first..<end {
                // Proof: a position of the field's vectors, of a term that the query has.
                let position = Int(positions[entry])
                let place = Int(places[unchecked: Int(terms[unchecked: position])])
                scores[place * count + candidate] = similarity.score(
                    weight: weights[place], frequency: frequencies[position], inverseNorm: norm)
            }
            matches[candidate] = Int32(end - first)
            first = end
        }
    }

    /// Film by film the sum of the terms' scores, in the order of the terms; 0 adds nothing.
    private static func sum(
        _ scores: [Float], _ terms: Int, _ films: Int, to totals: inout [FilmTotal], from first: Int
    ) {
        let scores = scores.span
        var totals = totals.mutableSpan
        for term in 0..<terms {
            for film in 0..<films {
                // Proof: `scores` has a number for each term and film, `totals` one for each film.
                totals[unchecked: first + film].sum += Double(scores[unchecked: term * films + film])
            }
        }
    }
}

/// What a film that is being scored has so far.
struct FilmTotal {
    var matches: Int32 = 0
    var sum = 0.0
}
