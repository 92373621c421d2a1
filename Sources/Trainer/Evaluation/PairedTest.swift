internal import Foundation

/// Two rankers on the same users, difference by difference.
enum PairedTest {
    /// Wilcoxon's signed-rank test (1945), two-sided, with the normal approximation, corrected for ties and for
    /// continuity; zero differences are dropped. 1 if all are zero. O(n log n).
    static func wilcoxon(_ a: [Double], _ b: [Double]) -> Double {
        let differences = zip(a, b).map { $0 - $1 }.filter { $0 != 0 }
        let n = Double(differences.count)
        guard n > 0 else { return 1 }
        let sorted = differences.sorted { abs($0) < abs($1) }
        var positive = 0.0
        var ties = 0.0
        var start = 0
        while start < sorted.count {
            var end = start
            while end < sorted.count, abs(sorted[end]) == abs(sorted[start]) { end += 1 }
            let rank = Double(start + end + 1) / 2
            for place in start..<end where sorted[place] > 0 { positive += rank }
            let size = Double(end - start)
            ties += size * size * size - size
            start = end
        }
        let mean = n * (n + 1) / 4
        let variance = n * (n + 1) * (2 * n + 1) / 24 - ties / 48
        guard variance > 0 else { return 1 }
        let z = max(abs(positive - mean) - 0.5, 0) / variance.squareRoot()
        return erfc(z / 2.0.squareRoot())
    }

    /// Holm's step-down correction (1979) of p-values, in the given order.
    static func holm(_ pValues: [Double]) -> [Double] {
        var result = pValues
        var floor = 0.0
        for (place, index) in pValues.indices.sorted(by: { pValues[$0] < pValues[$1] }).enumerated() {
            floor = max(floor, min(1, pValues[index] * Double(pValues.count - place)))
            result[index] = floor
        }
        return result
    }

    /// (z_0.975 + z_0.8) · s / √n with s the standard deviation of the differences: what n users can show.
    static func minimumDetectableEffect(_ a: [Double], _ b: [Double]) -> Double {
        let differences = zip(a, b).map { $0 - $1 }
        let n = Double(differences.count)
        guard n > 1 else { return 0 }
        let mean = differences.reduce(0, +) / n
        let variance = differences.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
        return (1.959_963_985 + 0.841_621_234) * (variance / n).squareRoot()
    }
}
