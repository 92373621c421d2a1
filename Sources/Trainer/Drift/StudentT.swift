internal import Foundation

/// Student's t distribution.
enum StudentT {
    /// The value that a variable of so many degrees of freedom stays below with probability `p`, for `p` of a half or more.
    static func quantile(_ p: Double, degrees: Double) -> Double {
        var (low, high) = (0.0, 1.0)
        while cumulative(high, degrees) < p, high < 1e12 { high *= 2 }
        for _ in 0..<200 {
            let middle = (low + high) / 2
            if cumulative(middle, degrees) < p { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// The probability of a value below `t`, for `t` of 0 or more.
    static func cumulative(_ t: Double, _ degrees: Double) -> Double {
        1 - incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2
    }

    /// The regularised incomplete beta function, by its continued fraction (Abramowitz and Stegun 26.5.8).
    private static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        if x <= 0 { return 0 }
        if x >= 1 { return 1 }
        // It converges fast on this side; the other one is its mirror.
        if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
        let logarithm: Double = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)
        let front = exp(logarithm) / a
        // Lentz's method: 1 / (1 + d1 / (1 + d2 / (1 + …))).
        var c = 1.0
        var d: Double = 1 / (1 - (a + b) * x / (a + 1))
        var value = d
        func turn(_ step: Double) {
            d = 1 / (1 + step * d)
            c = 1 + step / c
            value *= d * c
        }
        for round in 1..<300 {
            let m = Double(round)
            let even: Double = (a + 2 * m - 1) * (a + 2 * m)
            turn(m * (b - m) * x / even)
            let odd: Double = (a + 2 * m) * (a + 2 * m + 1)
            let top: Double = -(a + m) * (a + b + m)
            turn(top * x / odd)
            if abs(d * c - 1) < 1e-15 { break }
        }
        return front * value
    }
}
