/// Which terms of the liked films become the query: Elasticsearch's choice, down to its ties.

extension ContentIndex {
    /// The terms of `liked` in one field that make the query, at most `maxQueryTerms` of them, lightest first (the
    /// order in which Elasticsearch's queue gives them up).
    ///
    /// weight = tf · idf in float32, tf summed over the liked films.
    func chooseTerms(of liked: [Int32], in field: FieldIndex) -> [Int32] {
        let words = gather(liked, field)
        let limit = min(parameters.maxQueryTerms, words.count)
        guard limit > 0 else { return [] }
        var queue = LuceneQueue(limit: limit)
        for word in words.count > limit ? inJavaOrder(words, field) : words {
            let documentFrequency = field.documentFrequency(of: word.term)
            guard Int(word.frequency) >= parameters.minTermFreq, documentFrequency >= parameters.minDocFreq,
                documentFrequency <= parameters.maxDocFreq
            else { continue }
            queue.offer(word.term, weight: Float(word.frequency) * field.selectionWeights[Int(word.term)])
        }
        return queue.drain()
    }

    private struct Word {
        var term: Int32
        var frequency: Int32
    }

    /// The distinct terms of the liked films in the order of first sight.
    private func gather(_ liked: [Int32], _ field: FieldIndex) -> [Word] {
        var words: [Word] = []
        var places: [Int32: Int] = [:]
        for document in liked {
            let range = Int(field.vectorStarts[Int(document)])..<Int(field.vectorStarts[Int(document) + 1])
            for position in range {
                let word = Word(term: field.vectorTerms[position], frequency: field.vectorFrequencies[position])
                if liked.count == 1 {
                    words.append(word)
                } else if let place = places[word.term] {
                    words[place].frequency += word.frequency
                } else {
                    places[word.term] = words.count
                    words.append(word)
                }
            }
        }
        return words
    }

    /// The order in which a `java.util.HashMap` with these keys is walked. Elasticsearch walks one, and when several
    /// terms weigh the same at the cut, those met first stay: with terms that occur once, that is the usual case.
    ///
    /// A bucket's keys come in the order of insertion, which growing the table keeps. (A bucket of more than eight
    /// keys becomes a tree and may be walked otherwise; words do not collide like that.)
    private func inJavaOrder(_ words: [Word], _ field: FieldIndex) -> [Word] {
        var capacity: UInt32 = 16
        while words.count > Int(capacity) * 3 / 4 { capacity *= 2 }
        let buckets = words.map { word in
            let hash = UInt32(bitPattern: field.javaHashes[Int(word.term)])
            return (hash ^ hash >> 16) & (capacity - 1)
        }
        let order = words.indices.sorted { (buckets[$0], $0) < (buckets[$1], $1) }
        return order.map { words[$0] }
    }
}

/// `org.apache.lucene.util.PriorityQueue` as more_like_this uses it: the lightest term on top, replaced only by a
/// strictly heavier one. Which of several equally light terms goes depends on where its sifting put them, so the
/// sifting is Lucene's.
struct LuceneQueue {
    private let limit: Int
    /// The heap starts at 1.
    private var heap: [(term: Int32, weight: Float)] = [(-1, 0)]

    init(limit: Int) {
        self.limit = limit
        heap.reserveCapacity(limit + 1)
    }

    mutating func offer(_ term: Int32, weight: Float) {
        if heap.count - 1 < limit {
            heap.append((term, weight))
            siftUp()
        } else if heap[1].weight < weight {
            heap[1] = (term, weight)
            siftDown()
        }
    }

    /// The terms, lightest first.
    mutating func drain() -> [Int32] {
        var terms: [Int32] = []
        while heap.count > 1 {
            terms.append(heap[1].term)
            heap[1] = heap[heap.count - 1]
            heap.removeLast()
            if heap.count > 1 { siftDown() }
        }
        return terms
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
