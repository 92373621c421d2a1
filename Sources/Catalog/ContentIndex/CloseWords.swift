/// Terms that are a word with a slip or two in it, as Lucene's `FuzzyQuery` finds them: a character too many, too few, or
/// another one, or two neighbours exchanged; the first character is right.
enum CloseWords {
    static func characters(of word: some Sequence<UInt8>) -> [Unicode.Scalar] {
        Array(String(decoding: Array(word), as: UTF8.self).unicodeScalars)
    }

    /// O(terms with the same first character).
    static func terms(of table: TermTable, near word: [Unicode.Scalar], slips: Int) -> [Int] {
        guard let first = word.first else { return [] }
        var distance = SlipDistance(word, limit: slips)
        return table.range(withPrefix: Array(String(Character(first)).utf8)).filter { term in
            let bytes = table[term]
            // A character has at most four bytes: what is that much longer need not be looked at.
            guard bytes.count <= 4 * (word.count + slips), 4 * bytes.count >= word.count - slips else { return false }
            return distance.isWithin(characters(of: bytes))
        }
    }
}

/// Optimal string alignment distance to one word, given up as soon as it is past a limit.
struct SlipDistance {
    private let word: [Unicode.Scalar]
    private let limit: Int
    private var rows: (old: [Int], last: [Int], next: [Int])

    init(_ word: [Unicode.Scalar], limit: Int) {
        self.word = word
        self.limit = limit
        let row = [Int](repeating: 0, count: word.count + 1)
        rows = (row, row, row)
    }

    /// O(length²).
    mutating func isWithin(_ other: [Unicode.Scalar]) -> Bool {
        guard abs(other.count - word.count) <= limit else { return false }
        for place in 0...word.count { rows.last[place] = place }
        for (number, character) in other.enumerated() {
            rows.next[0] = number + 1
            var least = number + 1
            for place in 1...max(1, word.count) where place <= word.count {
                var cost = min(rows.last[place], rows.next[place - 1]) + 1
                cost = min(cost, rows.last[place - 1] + (word[place - 1] == character ? 0 : 1))
                if number > 0, place > 1, word[place - 1] == other[number - 1], word[place - 2] == character {
                    cost = min(cost, rows.old[place - 2] + 1)
                }
                rows.next[place] = cost
                least = min(least, cost)
            }
            // Two rows back still counts, by an exchange; it was not above the limit's reach if this one is not.
            guard least <= limit + 1 else { return false }
            (rows.old, rows.last, rows.next) = (rows.last, rows.next, rows.old)
        }
        return rows.last[word.count] <= limit
    }
}
