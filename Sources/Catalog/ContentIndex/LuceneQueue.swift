/// `org.apache.lucene.util.PriorityQueue` as more_like_this uses it: the lightest term on top, replaced only by a
/// strictly heavier one. Which of several equally light terms goes depends on where its sifting put them, so the
/// sifting is Lucene's.
struct LuceneQueue {
    private var limit = 0
    private var count = 0
    /// The heap starts at 1.
    private var heap: [(term: Int32, weight: Float)] = [(-1, 0)]

    /// - Precondition: the queue is empty.
    mutating func begin(limit: Int) {
        self.limit = limit
        for _ in heap.count..<max(heap.count, limit + 1) { heap.append((-1, 0)) }
    }

    @inline(__always)
    mutating func offer(_ term: Int32, weight: Float) {
        if count < limit {
            count += 1
            siftUp((term, weight))
        } else if heap[1].weight < weight {
            siftDown((term, weight))
        }
    }

    /// Appends the terms, lightest first; the queue is empty then.
    mutating func drain(into terms: inout [Int32]) {
        while count > 0 {
            terms.append(heap[1].term)
            count -= 1
            if count > 0 { siftDown(heap[count + 1]) }
        }
    }

    /// Puts it in at the end.
    private mutating func siftUp(_ moving: (term: Int32, weight: Float)) {
        var place = count
        var heap = heap.mutableSpan
        while place > 1, moving.weight < heap[place / 2].weight {
            heap[place] = heap[place / 2]
            place /= 2
        }
        heap[place] = moving
    }

    /// Puts it in for what is on top.
    private mutating func siftDown(_ moving: (term: Int32, weight: Float)) {
        let last = count
        var heap = heap.mutableSpan
        var place = 1
        while case var child = place * 2, child <= last {
            child += child < last && heap[child + 1].weight < heap[child].weight ? 1 : 0
            guard heap[child].weight < moving.weight else { break }
            heap[place] = heap[child]
            place = child
        }
        heap[place] = moving
    }
}
