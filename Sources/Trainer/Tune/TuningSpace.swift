internal import Domain
internal import Foundation

/// Where `tune` looks: each trial draws every setting by itself, which finds the few that matter sooner than a grid
/// (Bergstra and Bengio 2012).
public struct TuningSpace: Codable, Hashable, Sendable {
    public var ranks: [Int] = [16, 32, 64, 128, 256]
    /// Ends of a range; drawn evenly by logarithm.
    public var alpha0: ClosedRange<Float> = 0.01...1
    public var lambda: ClosedRange<Float> = 0.0003...0.1
    /// In days; nil stands for events that do not age.
    public var halfLives: [Double?] = [nil, 30, 90, 365]

    public init() {}

    /// Settings number `trial` of the search with this seed; number 0 is `base` itself. The same whatever trials ran
    /// before.
    /// - Parameter largestRank: no larger rank is drawn.
    func settings(
        _ trial: Int, base: TrainingConfiguration, seed: UInt64, largestRank: Int
    ) -> (parameters: ALSParameters, weights: ConfidenceWeights) {
        var parameters = base.recipe.recorded.parameters
        var weights = base.weights
        guard trial > 0 else { return (parameters, weights) }
        var generator = SeededGenerator(seed: seed, stream: UInt64(trial))
        func logarithmic(_ range: ClosedRange<Float>) -> Float {
            let low = log(Double(range.lowerBound))
            let value = exp(low + (log(Double(range.upperBound)) - low) * generator.uniform())
            // Three digits say all there is to say, and read well.
            let scale = pow(10, 2 - floor(log10(value)))
            return Float((value * scale).rounded() / scale)
        }
        let ranks = ranks.filter { $0 <= largestRank }
        if !ranks.isEmpty { parameters.rank = ranks[generator.below(ranks.count)] }
        parameters.alpha0 = logarithmic(alpha0)
        parameters.lambda = logarithmic(lambda)
        if !halfLives.isEmpty { weights.halfLifeDays = halfLives[generator.below(halfLives.count)] }
        return (parameters, weights)
    }
}

/// One measurement of one trial: a line of the state file.
public struct TuningRecord: Codable, Hashable, Sendable {
    public var trial: Int
    public var parameters: ALSParameters
    public var weights: ConfidenceWeights
    /// On the validation window, after this many epochs.
    public var epochs: Int
    public var ndcg: Double
    public var recall: Double
    public var seconds: Double
    /// What the measurement holds for: data, window, seed and k.
    var key: String

    func isSameTrial(as other: TuningRecord) -> Bool {
        parameters == other.parameters && weights == other.weights && epochs == other.epochs && key == other.key
    }
}

/// What a search found.
public struct TuningResult: Codable, Sendable {
    /// Every measurement, the best last rung first.
    public var records: [TuningRecord]
    /// The cut-off of the figures.
    public var cutoff: Int
    /// In words: which events were used and which were not looked at.
    public var describes: String
    /// How many measurements came from the state file.
    public var resumed: Int
    /// Whether time ran out before all trials were measured.
    public var stoppedEarly: Bool

    /// The settings to train with.
    public var best: TuningRecord? { records.first }
}
