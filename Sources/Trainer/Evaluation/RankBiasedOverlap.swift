/// How alike two rankings are, the first places counting most: rank-biased overlap, extrapolated from lists of finite length
/// (Webber, Moffat, Zobel 2010, equation 23).
///
///     RBO = X_n/n · pⁿ + (1 − p)/p · Σ_{d=1…n} X_d/d · p^d
///
/// X_d is the number of items that both have among their first d. 1 for equal lists, 0 for lists with nothing in common.
enum RankBiasedOverlap {
    /// Lists of different lengths are compared on the length of the shorter one; 0 if that is empty. O(n).
    /// - Parameters:
    ///   - a, b: without repeats.
    ///   - p: how far down a reader goes, 0 < p < 1; at 0.9 the first ten places have 86 % of the weight.
    static func value<Item: Hashable>(_ a: [Item], _ b: [Item], p: Double = 0.9) -> Double {
        let length = min(a.count, b.count)
        guard length > 0 else { return 0 }
        var seen: Set<Item> = []
        var common = 0
        var sum = 0.0
        var power = 1.0
        for depth in 0..<length {
            // Whichever comes second of an item is the one that makes it common.
            if !seen.insert(a[depth]).inserted { common += 1 }
            if !seen.insert(b[depth]).inserted { common += 1 }
            power *= p
            sum += Double(common) / Double(depth + 1) * power
        }
        return Double(common) / Double(length) * power + (1 - p) / p * sum
    }
}
