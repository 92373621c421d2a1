internal import Linalg

/// The inverted index of all fields: which films have a term, and a bound on what it adds to their scores.
///
/// Bounds are whole multiples of one unit, rounded up, so that a film's bounds are added up in 16-bit integers. Terms that many
/// films have, stop words above all, have a column of a byte for each film: adding columns is adding arrays. The others
/// have postings.
struct ScoreBounds: Sendable {
    /// Score of one unit; nil if no unit keeps the sums below 2¹⁵, and then there are no bounds.
    let unit: Double?
    private let fields: [Field]
    /// Column after column, a byte for each film, zero for one that has not the term.
    private let columns: [UInt8]

    private struct Field {
        /// Postings of term `t` are `starts[t]..<starts[t + 1]`; none if it has a column.
        var starts: [Int32]
        var documents: [Int32] = []
        var units: [Int16] = []
        /// By term, its column, or -1.
        var columnOfTerm: [Int32]
    }

    /// A term of at least one film in this many has a column: then a column takes no more memory than postings.
    private static let filmsForEachInColumn = 6

    /// O(total terms + columns × films).
    /// - Parameter maximumTerms: how many terms of a field a query may have.
    init(_ indices: [FieldIndex], maximumTerms: Int) {
        let documentCount = indices.first?.documentCount ?? 0
        func isColumn(_ term: TermStatistics) -> Bool {
            Int(term.documentFrequency) * Self.filmsForEachInColumn >= documentCount
        }

        // What a film can get at most: all its terms, or as many of the highest score as a query has.
        var (highest, highestInColumn): (Float, Float) = (0, 0)
        var (mostTerms, highestTotal) = (0, 0.0)
        for document in 0..<documentCount {
            var (terms, total) = (0, 0.0)
            for index in indices {
                let vector = index.vector(of: document)
                terms += min(vector.count, maximumTerms)
                for position in vector {
                    let score = index.score(at: position, of: document)
                    total += Double(score)
                    highest = max(highest, score)
                    if isColumn(index.statistics[Int(index.term(at: position))]) {
                        highestInColumn = max(highestInColumn, score)
                    }
                }
            }
            mostTerms = max(mostTerms, terms)
            highestTotal = max(highestTotal, total)
        }
        guard mostTerms > 0, mostTerms <= Int(Int16.max) / 4 else {
            (unit, fields, columns) = (nil, [], [])
            return
        }
        // Rounding up adds less than one unit a term.
        let unit = max(
            Double(highestInColumn) / 254,
            min(highestTotal, Double(highest) * Double(mostTerms)) / Double(Int(Int16.max) - 2 * mostTerms))
        self.unit = unit
        let columnCount = indices.reduce(0) { $0 + $1.statistics.count(where: isColumn) }
        var columns = [UInt8](repeating: 0, count: columnCount * documentCount)
        var column: Int32 = 0
        fields = indices.map { index in
            var field = Field(starts: [0], columnOfTerm: [])
            for term in index.statistics {
                field.columnOfTerm.append(isColumn(term) ? column : -1)
                column += isColumn(term) ? 1 : 0
                field.starts.append(field.starts.last! + (isColumn(term) ? 0 : term.documentFrequency))
            }
            var next = field.starts
            field.documents = .init(repeating: 0, count: Int(next.last!))
            field.units = .init(repeating: 0, count: Int(next.last!))
            for document in 0..<documentCount {
                for position in index.vector(of: document) {
                    let term = Int(index.term(at: position))
                    // At least 1, so that a film that matches at all has a sum.
                    let units = max(1, (Double(index.score(at: position, of: document)) / unit).rounded(.up))
                    if field.columnOfTerm[term] >= 0 {
                        columns[Int(field.columnOfTerm[term]) * documentCount + document] = UInt8(units)
                    } else {
                        let posting = Int(next[term])
                        next[term] += 1
                        (field.documents[posting], field.units[posting]) = (Int32(document), Int16(units))
                    }
                }
            }
            return field
        }
        self.columns = columns
    }

    /// The documents that have a term, ascending.
    func documents(with term: Int, ofField number: Int, _ index: FieldIndex) -> [Int32] {
        let all = 0..<Int32(index.documentCount)
        guard unit != nil else { return all.filter { index.position(of: Int32(term), in: Int($0)) != nil } }
        let field = fields[number]
        let column = Int(field.columnOfTerm[term]) * index.documentCount
        if column >= 0 { return all.filter { columns[column + Int($0)] > 0 } }
        return Array(field.documents[Int(field.starts[term])..<Int(field.starts[term + 1])])
    }

    /// Of a query's terms, those with columns, and the ranges of the postings of the others in one field: memory from query to
    /// query.
    struct Chosen {
        fileprivate var columns: [Int32] = []
        fileprivate var firsts: [Int32] = []
        fileprivate var ends: [Int32] = []
    }

    /// Sums become those of the bounds of a query's terms; 1 for every film where there are no bounds.
    /// - Parameters:
    ///   - terms: field after field; those of field `f` end before `ends[f]`.
    ///   - chosen: memory to use.
    func add(_ terms: [Int32], _ ends: [Int], to sums: inout SmallSums, _ chosen: inout Chosen) {
        guard unit != nil else { return sums.set(to: 1) }
        chosen.columns.removeAll(keepingCapacity: true)
        forEach(terms, ends) { field, terms in
            for term in terms where field.columnOfTerm[Int(term)] >= 0 {
                chosen.columns.append(field.columnOfTerm[Int(term)])
            }
        }
        sums.set(toSumsOf: chosen.columns, in: columns)
        forEach(terms, ends) { field, terms in
            chosen.firsts.removeAll(keepingCapacity: true)
            chosen.ends.removeAll(keepingCapacity: true)
            // No postings for a term that has a column.
            for term in terms where field.columnOfTerm[Int(term)] < 0 {
                chosen.firsts.append(field.starts[Int(term)])
                chosen.ends.append(field.starts[Int(term) + 1])
            }
            sums.add(field.units, at: field.documents, from: chosen.firsts, to: chosen.ends)
        }
    }

    private func forEach(_ terms: [Int32], _ ends: [Int], _ body: (Field, ArraySlice<Int32>) -> Void) {
        var first = 0
        for (number, end) in ends.enumerated() {
            body(fields[number], terms[first..<end])
            first = end
        }
    }

    /// The least sum of bounds that a film of this score can have, unless its score is too low to take its place.
    ///
    /// Sums of scores in doubles, rounded to float: they lose less than one part in 10⁶.
    func leastSum(reaching score: Float) -> Int16 {
        guard let unit, score > 0 else { return 1 }
        return Int16(max(1, min(Double(Int16.max), (Double(score) * (1 - 1e-6) / unit).rounded(.down))))
    }
}
