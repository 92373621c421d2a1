/// Which terms of the liked films become the query: Elasticsearch's choice, down to its ties. Its memory is used from
/// query to query.
struct TermChooser {
    private let parameters: MoreLikeThis
    /// The distinct terms of the liked films, as many as ``gather(_:_:)`` says, and the same in another order.
    private var words: [Word] = []
    private var ordered: [Word] = []
    /// By term, its place in `words` plus 1; all zero between queries.
    private var places: [Int32] = []
    private var bucketEnds: [Int32] = []
    private var queue = LuceneQueue()

    private struct Word {
        var term: Int32 = 0
        var frequency: Int32 = 0
        /// How a `java.util.HashMap` spreads its hash.
        var hash: UInt32 = 0
        /// Its idf; less than 0 if too few or too many films have it.
        var weight: Float = 0
    }

    init(_ parameters: MoreLikeThis) { self.parameters = parameters }

    /// Appends the terms of `liked` in one field that make the query, at most `maxQueryTerms` of them, lightest first
    /// (the order in which Elasticsearch's queue gives them up).
    ///
    /// weight = tf · idf in float32, tf summed over the liked films.
    mutating func choose(of liked: [Int32], in field: FieldIndex, into terms: inout [Int32]) {
        let count = gather(liked, field)
        let limit = min(parameters.maxQueryTerms, count)
        guard limit > 0 else { return }
        let isCut = count > limit
        if isCut { Self.putInJavaOrder(count, words, into: &ordered, &bucketEnds) }
        queue.begin(limit: limit)
        let minTermFreq = parameters.minTermFreq
        let offered = isCut ? ordered : words
        for place in 0..<count {
            let word = offered[place]
            guard word.weight >= 0, Int(word.frequency) >= minTermFreq else { continue }
            queue.offer(word.term, weight: Float(word.frequency) * word.weight)
        }
        queue.drain(into: &terms)
    }

    /// Puts the distinct terms of the liked films into `words` in the order of first sight, and returns how many they are.
    private mutating func gather(_ liked: [Int32], _ field: FieldIndex) -> Int {
        if places.count < field.terms.count { places = .init(repeating: 0, count: field.terms.count) }
        let most = liked.reduce(0) { $0 + field.vector(of: Int($1)).count }
        if words.count < most { words = .init(repeating: Word(), count: most + most / 4) }
        return Self.gather(
            liked, field, parameters.minDocFreq...max(parameters.minDocFreq, parameters.maxDocFreq), into: &words,
            &places)
    }

    private static func gather(
        _ liked: [Int32], _ field: FieldIndex, _ documentFrequencies: ClosedRange<Int>, into words: inout [Word],
        _ places: inout [Int32]
    ) -> Int {
        let (filmWords, allStatistics, first) = (field.words, field.statistics, field.firstTerm)
        let entries = filmWords.entries.span
        let statistics = allStatistics.span
        var words = words.mutableSpan
        var places = places.mutableSpan
        var count = 0
        for document in liked {
            for position in field.vector(of: Int(document)) {
                // Proof: a position of the field's vectors, which hold numbers of its terms; places and statistics are by
                // term, and words has room for every position.
                let entry = entries[unchecked: position]
                let term = FilmWords.number(of: entry) - Int(first)
                let frequency = filmWords.frequency(of: entry, at: position)
                // Without a branch: whether a word was met is guessed wrongly too often.
                let known = Int(places[unchecked: term])
                let place = known > 0 ? known &- 1 : count
                let before = known > 0 ? words[unchecked: place].frequency : 0
                words[unchecked: place] = Word(term: Int32(truncatingIfNeeded: term), frequency: before + frequency)
                places[unchecked: term] = Int32(truncatingIfNeeded: place &+ 1)
                count &+= known > 0 ? 0 : 1
            }
        }
        // By itself: nothing here depends on what was read before, so the waits for memory overlap.
        for place in 0..<count {
            let term = Int(words[place].term)
            let known = statistics[unchecked: term]
            let hash = UInt32(bitPattern: known.javaHash)
            words[place].hash = hash ^ hash >> 16
            words[place].weight =
                documentFrequencies.contains(Int(known.documentFrequency)) ? known.selectionWeight : -1
            places[unchecked: term] = 0
        }
        return count
    }

    /// Puts the first `count` of some words into `ordered`, in the order in which a `java.util.HashMap` with these keys is walked.
    /// Elasticsearch walks one, and when several terms weigh the same at the cut, those met first stay: with terms that
    /// occur once, that is the usual case.
    ///
    /// A bucket's keys come in the order of insertion, which growing the table keeps. (A bucket of more than eight
    /// keys becomes a tree and may be walked otherwise; words do not collide like that.)
    private static func putInJavaOrder(
        _ count: Int, _ words: [Word], into ordered: inout [Word], _ bucketEnds: inout [Int32]
    ) {
        var capacity = 16
        while count > capacity * 3 / 4 { capacity *= 2 }
        let mask = UInt32(capacity - 1)
        if bucketEnds.count < capacity { bucketEnds = .init(repeating: 0, count: capacity) }
        if ordered.count < count { ordered = .init(repeating: Word(), count: count + count / 4) }
        let words = words.span
        var ordered = ordered.mutableSpan
        var ends = bucketEnds.mutableSpan
        // A counting sort, filled from the end of each bucket: it keeps the order within one.
        for bucket in 0..<capacity { ends[bucket] = 0 }
        for place in 0..<count { ends[Int(words[place].hash & mask)] += 1 }
        var end: Int32 = 0
        for bucket in 0..<capacity {
            end += ends[bucket]
            ends[bucket] = end
        }
        for place in stride(from: count - 1, through: 0, by: -1) {
            let word = words[place]
            let bucket = Int(word.hash & mask)
            ends[bucket] -= 1
            ordered[Int(ends[bucket])] = word
        }
    }
}
