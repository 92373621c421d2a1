internal import Domain

/// Maximal marginal relevance (Carbonell and Goldstein 1998): each next item is the one with the largest
///
///     (1 − d) · relevance(i)  −  d · max over those chosen before of likeness(i, j)
///
/// with relevance scaled to 0…1 by the best, and d the diversity asked for. Likeness is the mean of the cosine of the
/// factors (negative ones are 0) and the share of genres and keywords in common (Jaccard); where the model does not
/// know an item, or the catalogue has no word for it, of the two what there is.
struct Diversity {
    let state: ServingState
    /// d, in `0…1`.
    let strength: Float

    /// What likeness is made from, of one item.
    private struct Traits {
        var direction: [Float]?
        /// Rising.
        var words: [Int32]
    }

    /// Takes `count` of the pool. O(count × pool × rank).
    /// - Parameters:
    ///   - pool: best first.
    ///   - worth: the relevance of each.
    ///   - before: what earlier pages have given, if still known: new items are to differ from it, too.
    func choose(_ count: Int, of pool: [Ranked], worth relevance: [Float], after before: [Ranked] = []) -> [Ranked] {
        var words: [String: Int32] = [:]
        let traits = pool.map { self.traits(of: $0.place, &words) }
        var nearest = [Float](repeating: 0, count: pool.count)
        for item in before {
            let given = self.traits(of: item.place, &words)
            for position in pool.indices {
                nearest[position] = max(nearest[position], Self.likeness(given, traits[position]))
            }
        }
        var left = Array(pool.indices)
        var chosen: [Ranked] = []
        while chosen.count < count, !left.isEmpty {
            var winner = 0
            var value = -Float.infinity
            // Of equals the first: the one of the better score.
            for (slot, position) in left.enumerated() {
                let marginal = (1 - strength) * relevance[position] - strength * nearest[position]
                if marginal > value { (winner, value) = (slot, marginal) }
            }
            let next = left.remove(at: winner)
            chosen.append(pool[next])
            for position in left {
                nearest[position] = max(nearest[position], Self.likeness(traits[next], traits[position]))
            }
        }
        return chosen
    }

    /// How alike two items are, `0…1`.
    func likeness(_ a: Int32, _ b: Int32) -> Float {
        var words: [String: Int32] = [:]
        return Self.likeness(traits(of: a, &words), traits(of: b, &words))
    }

    private func traits(of place: Int32, _ words: inout [String: Int32]) -> Traits {
        let movie = state.items.movie(at: place)
        var numbers: [Int32] = []
        for word in (movie?.genres ?? []) + (movie?.keywords ?? []) {
            let number = words[word] ?? Int32(words.count)
            words[word] = number
            numbers.append(number)
        }
        return Traits(
            direction: state.items.modelIndex(place).flatMap(state.direction(of:)), words: Set(numbers).sorted())
    }

    private static func likeness(_ a: Traits, _ b: Traits) -> Float {
        var sum: Float = 0
        var count: Float = 0
        if let x = a.direction, let y = b.direction {
            var cosine: Float = 0
            for i in 0..<x.count { cosine += x[i] * y[i] }
            sum += min(1, max(0, cosine))
            count += 1
        }
        if !a.words.isEmpty, !b.words.isEmpty {
            var (i, j, common) = (0, 0, 0)
            while i < a.words.count, j < b.words.count {
                if a.words[i] == b.words[j] { common += 1 }
                let step = (a.words[i] <= b.words[j], b.words[j] <= a.words[i])
                if step.0 { i += 1 }
                if step.1 { j += 1 }
            }
            sum += Float(common) / Float(a.words.count + b.words.count - common)
            count += 1
        }
        return count > 0 ? sum / count : 0
    }
}
