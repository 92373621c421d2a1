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
    private var sums: [Int16]
    /// By field and term, its place among the query's terms of that field plus 1; all zero between queries.
    private var places: [[Int32]]
    /// By place among a field's terms, the score of it in the film that is being scored; all zero between films.
    private var scores: [Float] = []
    private var candidates: [Int32] = []
    private var totals: [(sum: Double, matches: Int)] = []
    private var best = BoundedBest()

    init(_ fields: [FieldIndex], _ parameters: MoreLikeThis) {
        chooser = TermChooser(parameters)
        sums = .init(repeating: 0, count: fields.first?.documentCount ?? 0)
        places = fields.map { .init(repeating: 0, count: $0.terms.count) }
    }

    /// Puts together the query for films like `liked`.
    func begin(likedBy liked: [Int32], _ fields: [FieldIndex]) {
        terms.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        for (number, field) in fields.enumerated() {
            let first = terms.count
            chooser.choose(of: liked, in: field, into: &terms)
            for place in first..<terms.count { places[number][Int(terms[place])] = Int32(place - first + 1) }
            ends.append(terms.count)
        }
        for _ in scores.count..<max(scores.count, terms.count) { scores.append(0) }
    }

    /// The best `limit` documents with at least `required` matching terms, best first, ties by document; clears itself.
    ///
    /// - Parameter isWanted: asked of those that are about to be scored; nil: all are.
    ///
    /// First every film's bounds are added up. Then the films with the highest sums are scored, which gives a score to
    /// beat, and then those whose sums still reach it.
    func takeBest(
        _ limit: Int, required: Int, without excluded: [Int32], where isWanted: ((Int32) -> Bool)? = nil,
        _ fields: [FieldIndex], _ bounds: ScoreBounds
    ) -> [(document: Int32, score: Float)] {
        defer {
            for (number, end) in ends.enumerated() {
                for place in (number == 0 ? 0 : ends[number - 1])..<end { places[number][Int(terms[place])] = 0 }
            }
        }
        best.begin(limit: limit)
        let most = sums.withUnsafeMutableBufferPointer { sums in
            addBounds(to: sums, bounds)
            for document in excluded { sums[Int(document)] = 0 }
            return Self.highest(sums)
        }
        var least = sumReached(byFilms: limit, most: most)
        collect(from: least, through: .max, where: isWanted)
        offerCandidates(required, fields)
        while least > 1 {
            // Until the list is full, where few films are wanted, a step further down.
            let lower = best.isFull ? bounds.leastSum(reaching: best.worst) : max(1, least - max(1, least / 4))
            guard lower < least else { break }
            collect(from: lower, through: least - 1, where: isWanted)
            least = lower
            offerCandidates(required, fields)
        }
        return best.take()
    }

    private func addBounds(to sums: UnsafeMutableBufferPointer<Int16>, _ bounds: ScoreBounds) {
        guard bounds.unit != nil else { return sums.update(repeating: 1) }
        sums.update(repeating: 0)
        for (number, end) in ends.enumerated() {
            for place in (number == 0 ? 0 : ends[number - 1])..<end {
                bounds.add(term: Int(terms[place]), ofField: number, to: sums)
            }
        }
    }

    /// The largest sum that about `count` films reach, at least 1: halving, with a count of the films at each step.
    private func sumReached(byFilms count: Int, most: Int16) -> Int16 {
        var (low, high): (Int16, Int16) = (1, max(1, most))
        while low < high {
            let middle = low + (high - low + 1) / 2
            let found = sums.withUnsafeBufferPointer { Self.count(of: $0, from: middle) }
            if found >= count { low = middle } else { high = middle - 1 }
            if found >= count, found <= count + count / 4 { break }
        }
        return low
    }

    private static func highest(_ sums: UnsafeMutableBufferPointer<Int16>) -> Int16 {
        var highest: Int16 = 0
        for sum in sums { highest = max(highest, sum) }
        return highest
    }

    private static func count(of sums: UnsafeBufferPointer<Int16>, from least: Int16) -> Int {
        var count = 0
        var start = 0
        // In parts that 16 bits can count: as wide as the sums, so that the compiler takes eight at a time.
        while start < sums.count {
            let end = min(sums.count, start + 32_000)
            var part: Int16 = 0
            for document in start..<end { part &+= sums[document] >= least ? 1 : 0 }
            count += Int(part)
            start = end
        }
        return count
    }

    /// The wanted documents whose sums lie in the range.
    private func collect(from least: Int16, through most: Int16, where isWanted: ((Int32) -> Bool)?) {
        candidates.removeAll(keepingCapacity: true)
        sums.withUnsafeBufferPointer { sums in
            var start = 0
            while start < sums.count {
                let end = min(sums.count, start + 64)
                // Most stretches have none.
                var highest: Int16 = 0
                for document in start..<end { highest = max(highest, sums[document]) }
                if highest >= least {
                    for document in start..<end where sums[document] >= least && sums[document] <= most {
                        guard isWanted?(Int32(document)) != false else { continue }
                        candidates.append(Int32(document))
                    }
                }
                start = end
            }
        }
    }

    /// Scores the candidates, one field after another: float32 scores, summed in double as Lucene does, in the order of
    /// the terms.
    private func offerCandidates(_ required: Int, _ fields: [FieldIndex]) {
        totals.removeAll(keepingCapacity: true)
        for _ in candidates { totals.append((0, 0)) }
        for (number, field) in fields.enumerated() {
            let count = ends[number] - (number == 0 ? 0 : ends[number - 1])
            // Taken out of the class once: per-element access through it would cost a check each (style guide, d.1.4).
            totals.withUnsafeMutableBufferPointer { totals in
                scores.withUnsafeMutableBufferPointer { scores in
                    places[number].withUnsafeBufferPointer { places in
                        for (candidate, document) in candidates.enumerated() {
                            var found: UInt64 = 0
                            for position in field.vector(of: Int(document)) {
                                let place = Int(places[Int(field.vectorTerms[position])]) - 1
                                guard place >= 0 else { continue }
                                scores[place] = field.score(at: position, of: Int(document))
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
            }
        }
        for (document, total) in zip(candidates, totals) where total.matches >= required {
            best.offer(document, Float(total.sum))
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
