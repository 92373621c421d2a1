/// Which terms of the liked films become the query: Elasticsearch's choice, down to its ties. Its memory is used from
/// query to query.
struct TermChooser {
    private let parameters: MoreLikeThis
    private var words: [Word] = []
    private var ordered: [Word] = []
    /// By term, its place in `words` plus 1; all zero between queries.
    private var places: [Int32] = []
    private var bucketEnds: [Int32] = []
    private var queue = LuceneQueue()

    private struct Word {
        var term: Int32
        var frequency: Int32
    }

    init(_ parameters: MoreLikeThis) { self.parameters = parameters }

    /// Appends the terms of `liked` in one field that make the query, at most `maxQueryTerms` of them, lightest first
    /// (the order in which Elasticsearch's queue gives them up).
    ///
    /// weight = tf · idf in float32, tf summed over the liked films.
    mutating func choose(of liked: [Int32], in field: FieldIndex, into terms: inout [Int32]) {
        gather(liked, field)
        let limit = min(parameters.maxQueryTerms, words.count)
        guard limit > 0 else { return }
        let isCut = words.count > limit
        if isCut { putInJavaOrder(field) }
        queue.begin(limit: limit)
        for word in isCut ? ordered : words {
            let documentFrequency = Int(field.documentFrequencies[Int(word.term)])
            guard Int(word.frequency) >= parameters.minTermFreq, documentFrequency >= parameters.minDocFreq,
                documentFrequency <= parameters.maxDocFreq
            else { continue }
            queue.offer(word.term, weight: Float(word.frequency) * field.selectionWeights[Int(word.term)])
        }
        queue.drain(into: &terms)
    }

    /// The distinct terms of the liked films in the order of first sight.
    private mutating func gather(_ liked: [Int32], _ field: FieldIndex) {
        words.removeAll(keepingCapacity: true)
        if places.count < field.terms.count { places = .init(repeating: 0, count: field.terms.count) }
        for document in liked {
            for position in field.vector(of: Int(document)) {
                let term = Int(field.vectorTerms[position])
                if places[term] > 0 {
                    words[Int(places[term]) - 1].frequency += field.vectorFrequencies[position]
                } else {
                    words.append(Word(term: Int32(term), frequency: field.vectorFrequencies[position]))
                    places[term] = Int32(words.count)
                }
            }
        }
        for word in words { places[Int(word.term)] = 0 }
    }

    /// The order in which a `java.util.HashMap` with these keys is walked. Elasticsearch walks one, and when several
    /// terms weigh the same at the cut, those met first stay: with terms that occur once, that is the usual case.
    ///
    /// A bucket's keys come in the order of insertion, which growing the table keeps. (A bucket of more than eight
    /// keys becomes a tree and may be walked otherwise; words do not collide like that.)
    private mutating func putInJavaOrder(_ field: FieldIndex) {
        var capacity: UInt32 = 16
        while words.count > Int(capacity) * 3 / 4 { capacity *= 2 }
        func bucket(of word: Word) -> Int {
            let hash = UInt32(bitPattern: field.javaHashes[Int(word.term)])
            return Int((hash ^ hash >> 16) & (capacity - 1))
        }
        // A counting sort, filled from the end of each bucket: it keeps the order within one.
        bucketEnds.removeAll(keepingCapacity: true)
        for _ in 0..<capacity { bucketEnds.append(0) }
        for word in words { bucketEnds[bucket(of: word)] += 1 }
        for bucket in 1..<Int(capacity) { bucketEnds[bucket] += bucketEnds[bucket - 1] }
        ordered.removeAll(keepingCapacity: true)
        ordered.append(contentsOf: words)
        for word in words.reversed() {
            let bucket = bucket(of: word)
            bucketEnds[bucket] -= 1
            ordered[Int(bucketEnds[bucket])] = word
        }
    }
}

/// `org.apache.lucene.util.PriorityQueue` as more_like_this uses it: the lightest term on top, replaced only by a
/// strictly heavier one. Which of several equally light terms goes depends on where its sifting put them, so the
/// sifting is Lucene's.
struct LuceneQueue {
    private var limit = 0
    /// The heap starts at 1.
    private var heap: [(term: Int32, weight: Float)] = [(-1, 0)]

    mutating func begin(limit: Int) { self.limit = limit }

    mutating func offer(_ term: Int32, weight: Float) {
        if heap.count - 1 < limit {
            heap.append((term, weight))
            siftUp()
        } else if heap[1].weight < weight {
            heap[1] = (term, weight)
            siftDown()
        }
    }

    /// Appends the terms, lightest first; the queue is empty then.
    mutating func drain(into terms: inout [Int32]) {
        while heap.count > 1 {
            terms.append(heap[1].term)
            heap[1] = heap[heap.count - 1]
            heap.removeLast()
            if heap.count > 1 { siftDown() }
        }
    }

    private mutating func siftUp() {
        var place = heap.count - 1
        let moving = heap[place]
        while place > 1, moving.weight < heap[place / 2].weight {
            heap[place] = heap[place / 2]
            place /= 2
        }
        heap[place] = moving
    }

    private mutating func siftDown() {
        let last = heap.count - 1
        var place = 1
        let moving = heap[place]
        while case var child = place * 2, child <= last {
            if child + 1 <= last, heap[child + 1].weight < heap[child].weight { child += 1 }
            guard heap[child].weight < moving.weight else { break }
            heap[place] = heap[child]
            place = child
        }
        heap[place] = moving
    }
}
