/// How far the last step of conjugate gradients goes, for most rows without a pass over their entries to measure it.
///
/// The step α = ρ / pᵀA p needs the energy Σ_j w_j ⟨y_j, p⟩² of the row's own entries, and adding that up takes a third of
/// a half-sweep. The rest of pᵀA p is known to ``MeanRow``, and so is the energy n pᵀC p that a mean row would have in
/// this one's place. What the row really has is κ times that: anything between a third and five times as much, but much
/// the same among rows of like length, and slow to change from one epoch to the next. So one row in 16 measures, and the
/// next half-sweep of the same side takes κ from the rows of like length that did. A step that is 10 % off descends 99 % as
/// far; the rows that measure tell what all lose, and if it is much, everyone measures
/// (docs/decisions/conjugate-gradients.md).
struct StepLengths: Sendable {
    /// What a row that measures found.
    struct Sample: Sendable {
        /// Entries of the row; 0 for a row that did not measure.
        var count: Int32 = 0
        /// rᵀz: α = ρ / (rest + energy).
        var rho: Float = 0
        /// pᵀ(α0 YᵀY + λ_u I) p.
        var rest: Float = 0
        /// n pᵀC p.
        var expected: Float = 0
        /// Σ_j w_j ⟨y_j, p⟩².
        var energy: Float = 0
    }

    /// κ by the binary logarithm of the rows' lengths, 0 where too few rows measured.
    private var ratios = SIMD32<Float>(repeating: 0)
    /// Whether rows lost little by it when last compared.
    private var isTrusted = false

    /// One row in so many measures: 1/16 of the passes saved, and hundreds of samples from ten thousand rows.
    private static let period = 16
    /// Fewer samples say too little of their class.
    private static let leastSamples = 4
    /// From this part of the descent on measuring pays: a row that measures takes about half as long again.
    private static let mostLost = 0.05

    /// Whether a row measures; another one of each sixteen in each epoch.
    static func isSample(_ row: Int, epoch: Int) -> Bool { (row + epoch) % period == 0 }

    /// Where the sample of a row belongs among ``samples(rows:)``.
    static func place(_ row: Int) -> Int { row / period }

    static func samples(rows: Int) -> [Sample] { [Sample](repeating: Sample(), count: rows / period + 1) }

    /// κ of a row with so many entries; nil if it must measure.
    func ratio(count: Int) -> Float? {
        guard isTrusted else { return nil }
        let ratio = ratios[Self.length(count)]
        return ratio > 0 ? ratio : nil
    }

    /// Whether every row measures.
    var isEmpty: Bool { !isTrusted }

    private static func length(_ count: Int) -> Int { min(31, Int.bitWidth - 1 - max(1, count).leadingZeroBitCount) }

    /// Takes κ from the rows of a half-sweep that measured. Summed in their order, so that it depends on nothing else.
    mutating func learn(from samples: [Sample]) {
        var energy = SIMD32<Double>(repeating: 0)
        var expected = energy
        var number = SIMD32<Int32>(repeating: 0)
        for sample in samples where sample.count > 0 {
            let length = Self.length(Int(sample.count))
            energy[length] += Double(sample.energy)
            expected[length] += Double(sample.expected)
            number[length] += 1
        }
        var learned = self
        for length in 0..<32 {
            let isKnown = number[length] >= Self.leastSamples && expected[length] > 0
            learned.ratios[length] = isKnown ? Float(max(0, energy[length] / expected[length])) : 0
        }
        // What rows lost, or would have lost, by what was known before; at first, what they would lose now.
        let judged = ratios == SIMD32(repeating: 0) ? learned : self
        learned.isTrusted = judged.lost(samples) <= Self.mostLost
        self = learned
    }

    /// The part of the descent that is lost by steps with κ: of α ρ the square of 1 − (step) / α.
    private func lost(_ samples: [Sample]) -> Double {
        var all = 0.0
        var lost = 0.0
        for sample in samples where sample.count > 0 {
            let measured = sample.rest + sample.energy
            let ratio = ratios[Self.length(Int(sample.count))]
            guard measured > 0 else { continue }
            let descent = Double(sample.rho) * Double(sample.rho / measured)
            all += descent
            guard ratio > 0 else { continue }
            let guess = sample.rest + ratio * sample.expected
            let miss = guess > 0 ? 1 - Double(measured / guess) : 1
            lost += descent * miss * miss
        }
        return all > 0 ? lost / all : 0
    }
}
