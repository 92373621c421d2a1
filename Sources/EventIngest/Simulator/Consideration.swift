import Domain

/// The films a user thinks of before taking one.
struct Consideration {
    static let count = 24

    var films = InlineArray<24, UInt32>(repeating: 0)
    var affinities = InlineArray<24, Float>(repeating: 0)
    /// 1 if it came out already, else 0.
    var isOut = InlineArray<24, Float>(repeating: 0)
    var weights = InlineArray<24, Float>(repeating: 0)

    var places: Range<Int> { 0..<Self.count }

    func film(_ place: Int) -> Int { Int(films[place]) }

    /// A softmax: weights are exp(`strength` · affinity), and 0 for what is not out.
    mutating func weigh(strength: Float) {
        for place in places { weights[place] = isOut[place] * Self.exponential(strength * affinities[place]) }
    }

    /// A place, drawn in proportion to the weights; nil if all are 0.
    ///
    /// First one of eight columns and then one of the three in it: sums of eight numbers wait for each other less long
    /// than those of 24.
    func draw(_ random: inout SeededGenerator) -> Int? {
        var columns = InlineArray<8, Float>(repeating: 0)
        for column in 0..<8 { columns[column] = weights[column] + weights[column + 8] + weights[column + 16] }
        var total: Float = 0
        for column in 0..<8 { total += columns[column] }
        guard total > 0 else { return nil }
        var rest = Float(random.uniform()) * total
        var column = 0
        while column < 7, rest >= columns[column] {
            rest -= columns[column]
            column += 1
        }
        var place = column
        while place < 16, rest >= weights[place] {
            rest -= weights[place]
            place += 8
        }
        // Rounding may lead to a place that weighs nothing.
        return weights[place] > 0 ? place : places.first { weights[$0] > 0 }
    }

    /// e to the power of `x`, within 1e-5 of it, without a call, a trap or a branch, so that several are computed
    /// together. Beyond ±60, as if it was ±60.
    @inline(__always)
    private static func exponential(_ x: Float) -> Float {
        let power = min(max(x, -60), 60) * 1.442_695_04
        // Added to 1.5 · 2²³ a number is rounded to a whole one, which then stands in the lowest bits.
        let rounded = power + 12_582_912
        let rest = (power - (rounded - 12_582_912)) * 0.693_147_18
        // Taylor's series of the rest, and two to the whole part by way of the exponent's bits.
        let series =
            1 + rest * (1 + rest * (0.5 + rest * (0.166_666_67 + rest * (0.041_666_67 + rest * 0.008_333_33))))
        return series * Float(bitPattern: (rounded.bitPattern &+ 127) &<< 23)
    }
}
