/// How often each item of the catalogue was recommended.
struct Exposure: Sendable {
    /// By item.
    let counts: [Int32]

    /// All recommendations together.
    var total: Double { counts.reduce(0.0) { $0 + Double($1) } }

    /// The share of items recommended to anybody, `0…1`; 0 of an empty catalogue. O(items).
    var coverage: Double { counts.isEmpty ? 0 : Double(counts.count { $0 > 0 }) / Double(counts.count) }

    /// Gini's coefficient: Σ_j (2j − n − 1) x_(j) / (n Σ x), x sorted rising, j from 1. 0 if all are zero. O(n log n).
    var gini: Double {
        let total = total
        guard total > 0 else { return 0 }
        let n = Double(counts.count)
        var sum = 0.0
        for (place, count) in counts.sorted().enumerated() { sum += (2 * Double(place + 1) - n - 1) * Double(count) }
        return sum / (n * total)
    }
}
