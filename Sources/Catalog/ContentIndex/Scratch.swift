/// Sums of one query by document, kept from query to query so that a query allocates next to nothing.
///
/// `@unchecked Sendable`: a query takes it out of the index's pool under a lock and puts it back when done, so only one
/// thread at a time has it.
final class Scratch: @unchecked Sendable {
    /// All zero between queries.
    private var sums: [Double]
    private var matches: [Int32]
    private var touched: [Int32] = []

    /// A count that no number of query terms makes up for.
    private static let excluded = Int32.min / 2

    init(documentCount: Int) {
        sums = [Double](repeating: 0, count: documentCount)
        matches = [Int32](repeating: 0, count: documentCount)
    }

    /// Adds one query term: float32 scores, summed in double as Lucene does.
    func add(_ field: FieldIndex, term: Int) {
        let range = Int(field.postingStarts[term])..<Int(field.postingStarts[term + 1])
        let documents = field.postingDocuments.span
        let scores = field.postingScores.span
        // Taken out of the class once: per-element access through it would cost a check each (style guide, d.1.4).
        var sums = self.sums.mutableSpan
        var matches = self.matches.mutableSpan
        for posting in range {
            let document = Int(documents[posting])
            if matches[document] == 0 { touched.append(documents[posting]) }
            matches[document] += 1
            sums[document] += Double(scores[posting])
        }
    }

    func exclude(_ document: Int32) {
        if matches[Int(document)] == 0 { touched.append(document) }
        matches[Int(document)] = Self.excluded
    }

    /// The best `limit` documents with at least `required` matching terms, best first, ties by document; clears itself.
    /// - Parameter isWanted: asked of those that would be among the best so far; nil: all are.
    func takeBest(
        _ limit: Int, required: Int, where isWanted: ((Int32) -> Bool)? = nil
    ) -> [(document: Int32, score: Float)] {
        var best = BoundedBest(limit: limit)
        for document in touched {
            if matches[Int(document)] >= required { best.offer(document, Float(sums[Int(document)]), if: isWanted) }
            sums[Int(document)] = 0
            matches[Int(document)] = 0
        }
        touched.removeAll(keepingCapacity: true)
        return best.sorted()
    }
}

/// Keeps the `limit` best of what it is offered: a heap with the worst on top. O(log limit) for what gets in.
private struct BoundedBest {
    private let limit: Int
    private var heap: [(document: Int32, score: Float)] = []

    init(limit: Int) { self.limit = limit }

    mutating func offer(_ document: Int32, _ score: Float, if isWanted: ((Int32) -> Bool)?) {
        if heap.count < limit {
            guard isWanted?(document) != false else { return }
            heap.append((document, score))
            var child = heap.count - 1
            while child > 0, case let parent = (child - 1) / 2, isWorse(heap[child], heap[parent]) {
                heap.swapAt(child, parent)
                child = parent
            }
        } else if isWorse(heap[0], (document, score)), isWanted?(document) != false {
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

    func sorted() -> [(document: Int32, score: Float)] { heap.sorted { isWorse($1, $0) } }

    private func isWorse(_ a: (document: Int32, score: Float), _ b: (document: Int32, score: Float)) -> Bool {
        a.score < b.score || a.score == b.score && a.document > b.document
    }
}
