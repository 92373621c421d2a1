internal import Linalg

/// The memory of one query, kept from query to query: a query allocates little but its answer.
///
/// `@unchecked Sendable`: a query takes it out of the index's pool under a lock and puts it back when done, so only one
/// thread at a time has it.
final class Scratch: @unchecked Sendable {
    var chooser: TermChooser
    /// The query's terms, field after field; those of field `f` end before `ends[f]`.
    var terms: [Int32] = []
    var ends: [Int] = []
    /// By document, the sum of its bounds.
    private var sums: SmallSums
    /// By field and term, its place among the query's terms of that field; only for those that ``isAsked`` has.
    private var places: [[Int32]]
    /// By field, a bit for each term that the query has; all zero between queries. It fits in the nearest cache.
    private var isAsked: [[UInt64]]
    /// By place among a field's terms, the score of it in the film that is being scored; all zero between films.
    private var scores: [Float] = []
    private var columns: [Int32] = []
    private var totals: [Total] = []
    private var best = BoundedBest()

    /// A film that is being scored.
    private struct Total {
        var document: Int32
        var matches: Int32 = 0
        var sum = 0.0
    }

    init(_ fields: [FieldIndex], _ parameters: MoreLikeThis) {
        chooser = TermChooser(parameters)
        sums = SmallSums(count: fields.first?.documentCount ?? 0)
        places = fields.map { .init(repeating: 0, count: $0.terms.count) }
        isAsked = fields.map { .init(repeating: 0, count: $0.terms.count / 64 + 1) }
    }

    /// Puts together the query for films like `liked`.
    func begin(likedBy liked: [Int32], _ fields: [FieldIndex]) {
        terms.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        for (number, field) in fields.enumerated() {
            let first = terms.count
            chooser.choose(of: liked, in: field, into: &terms)
            for place in first..<terms.count {
                let term = Int(terms[place])
                places[number][term] = Int32(place - first)
                isAsked[number][term / 64] |= 1 << UInt64(term % 64)
            }
            ends.append(terms.count)
        }
        for _ in scores.count..<max(scores.count, terms.count) { scores.append(0) }
    }

    /// The best `limit` documents with at least `required` matching terms, best first, ties by document; clears itself.
    ///
    /// First every film's bounds are added up. Then the films with the highest sums are scored, which gives a score to
    /// beat, and then those whose sums still reach it.
    /// - Parameter wanted: the documents that may be among them; nil: all.
    func takeBest(
        _ limit: Int, required: Int, without liked: [Int32], _ excluded: some Sequence<Int32>,
        among wanted: ItemBitmap?, _ fields: [FieldIndex], _ bounds: ScoreBounds
    ) -> [(document: Int32, score: Float)] {
        defer {
            for (number, end) in ends.enumerated() {
                for place in (number == 0 ? 0 : ends[number - 1])..<end { isAsked[number][Int(terms[place]) / 64] = 0 }
            }
        }
        best.begin(limit: limit)
        bounds.add(terms, ends, to: &sums, &columns)
        if let wanted { sums.keep(wanted) }
        for document in liked { sums[Int(document)] = 0 }
        for document in excluded { sums[Int(document)] = 0 }
        var least = sumReached(byFilms: limit, most: sums.highest)
        offer(from: least, through: .max, required, fields)
        while least > 1 {
            // Until the list is full, where few films match, a step further down.
            let lower = best.isFull ? bounds.leastSum(reaching: best.worst) : max(1, least - max(1, least / 4))
            guard lower < least else { break }
            offer(from: lower, through: least - 1, required, fields)
            least = lower
        }
        return best.take()
    }

    /// The largest sum that about `count` films reach, at least 1: halving, with a count of the films at each step.
    private func sumReached(byFilms count: Int, most: Int16) -> Int16 {
        var (low, high): (Int16, Int16) = (1, max(1, most))
        while low < high {
            let middle = low + (high - low + 1) / 2
            let found = sums.count(from: middle)
            if found >= count { low = middle } else { high = middle - 1 }
            if found >= count, found <= count + count / 4 { break }
        }
        return low
    }

    /// Scores the documents whose sums lie in the range, and keeps the best.
    private func offer(from least: Int16, through most: Int16, _ required: Int, _ fields: [FieldIndex]) {
        totals.removeAll(keepingCapacity: true)
        sums.places(from: least, through: most) { documents in
            for document in documents { totals.append(Total(document: document)) }
        }
        for (number, field) in fields.enumerated() {
            let count = ends[number] - (number == 0 ? 0 : ends[number - 1])
            if count > 0 { Self.addScores(count, field, places[number], isAsked[number], to: &totals, &scores) }
        }
        for total in totals where total.matches >= required { best.offer(total.document, Float(total.sum)) }
    }

    /// Adds what one field's `count` terms of the query give: float32 scores, summed in double as Lucene does, in the
    /// order of the terms.
    private static func addScores(
        _ count: Int, _ field: FieldIndex, _ places: [Int32], _ isAsked: [UInt64], to totals: inout [Total],
        _ scores: inout [Float]
    ) {
        // Spans of arrays taken out of the class once: per-element access through it would cost a check each (style
        // guide, d.1.4).
        let (vectorTerms, vectorStarts) = (field.vectorTerms, field.vectorStarts)
        let terms = vectorTerms.span
        let starts = vectorStarts.span
        let places = places.span
        let isAsked = isAsked.span
        var totals = totals.mutableSpan
        var scores = scores.mutableSpan
        for candidate in totals.indices {
            let document = Int(totals[candidate].document)
            var found: UInt64 = 0
            for position in Int(starts[document])..<Int(starts[document + 1]) {
                // Proof: a position of the field's vectors, which hold numbers of its terms; there is a bit for each.
                let term = Int(terms[unchecked: position])
                guard isAsked[unchecked: term / 64] >> UInt64(term % 64) & 1 != 0 else { continue }
                let place = Int(places[term])
                scores[place] = field.score(at: position, of: document)
                totals[candidate].matches += 1
                if place < 64 { found |= 1 << UInt64(place) }
            }
            while found != 0 {
                let place = found.trailingZeroBitCount
                totals[candidate].sum += Double(scores[place])
                scores[place] = 0
                found &= found - 1
            }
            for place in stride(from: 64, to: count, by: 1) {
                totals[candidate].sum += Double(scores[place])
                scores[place] = 0
            }
        }
    }
}

/// Keeps the `limit` best of what it is offered: a heap with the worst on top. O(log limit) for what gets in.
struct BoundedBest {
    private var limit = 0
    private var heap: [(document: Int32, score: Float)] = []

    mutating func begin(limit: Int) {
        self.limit = limit
        heap.removeAll(keepingCapacity: true)
    }

    var isFull: Bool { heap.count == limit }
    /// The score to beat, or to reach with a lower document.
    var worst: Float { heap[0].score }

    mutating func offer(_ document: Int32, _ score: Float) {
        if heap.count < limit {
            heap.append((document, score))
            var child = heap.count - 1
            while child > 0, case let parent = (child - 1) / 2, isWorse(heap[child], heap[parent]) {
                heap.swapAt(child, parent)
                child = parent
            }
        } else if isWorse(heap[0], (document, score)) {
            heap[0] = (document, score)
            var parent = 0
            while case var child = 2 * parent + 1, child < heap.count {
                if child + 1 < heap.count, isWorse(heap[child + 1], heap[child]) { child += 1 }
                guard isWorse(heap[child], heap[parent]) else { break }
                heap.swapAt(child, parent)
                parent = child
            }
        }
    }

    /// What was kept, best first.
    func take() -> [(document: Int32, score: Float)] { heap.sorted { isWorse($1, $0) } }

    private func isWorse(_ a: (document: Int32, score: Float), _ b: (document: Int32, score: Float)) -> Bool {
        a.score < b.score || a.score == b.score && a.document > b.document
    }
}
