/// Finds what a mistyped word was meant to be.
enum Suggestion {
    /// The closest of `candidates`, if it is close enough to be a slip of the fingers or they share a beginning.
    static func closest(to word: String, among candidates: some Sequence<String>) -> String? {
        let word = Array(word.utf8)
        let limit = max(1, min(3, word.count / 3))
        var best: (name: String, distance: Int)?
        for candidate in candidates.sorted() {
            let distance = distance(word, Array(candidate.utf8))
            if distance <= limit && distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        if let best { return best.name }
        guard word.count >= 3 else { return nil }
        return candidates.sorted().first { Array($0.utf8).starts(with: word) }
    }

    /// Optimal string alignment: insertions, deletions, changes and swaps of neighbours. O(|a|·|b|).
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var best = min(previous[j + 1] + 1, row[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                    best = min(best, beforePrevious[j - 1] + 1)
                }
                row.append(best)
            }
            (beforePrevious, previous) = (previous, row)
        }
        return previous[b.count]
    }
}
