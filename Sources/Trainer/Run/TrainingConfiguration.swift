internal import Operations

/// The settings of a training: with the data, they decide every byte of the factors.
public struct TrainingConfiguration: Sendable {
    public var parameters: ALSParameters
    public var weights: ConfidenceWeights
    /// What the evaluation holds out.
    public var split: Split
    /// The cut-offs k of the metrics. 10 is added if absent: the gate looks at it.
    public var cutoffs: [Int]
    public var policy: GateVerdict.Policy
    public var bootstrapResamples: Int
    /// Of the program, for the manifest.
    public var codeVersion: String

    public init(
        codeVersion: String, parameters: ALSParameters = ALSParameters(), weights: ConfidenceWeights = .init(),
        split: Split = .time(0.9), cutoffs: [Int] = [10, 20, 50], policy: GateVerdict.Policy = .ifBetter,
        bootstrapResamples: Int = 1000
    ) {
        self.codeVersion = codeVersion
        self.parameters = parameters
        self.weights = weights
        self.split = split
        self.cutoffs = cutoffs
        self.policy = policy
        self.bootstrapResamples = bootstrapResamples
    }

    /// - Throws: ``ALSError/parameter(name:value:expected:)`` or
    ///   ``TrainerError/invalidSetting(name:value:allowed:)`` naming the first setting that is out of range.
    public func validate() throws {
        try parameters.validate()
        try weights.validate()
        guard (10...100_000).contains(bootstrapResamples) else {
            throw TrainerError.invalidSetting(
                name: "the number of bootstrap resamples", value: "\(bootstrapResamples)", allowed: "10 to 100000")
        }
    }

    /// Parameters as the manifest has them: the number of threads changes nothing, so it is left out.
    var recordedParameters: ALSParameters {
        var parameters = parameters
        parameters.threads = nil
        return parameters
    }

    /// See ``Manifest/configurationSHA256``.
    func digest() throws -> String {
        struct Deciding: Encodable {
            var parameters: ALSParameters
            var weights: ConfidenceWeights
        }
        return Digest.sha256(
            try JSON.encode(Deciding(parameters: recordedParameters, weights: weights), pretty: false)
        ).hex
    }
}

/// What a run tells while it works.
public enum TrainingProgress: Sendable {
    /// The events are read.
    case loaded(events: Int, users: Int, items: Int)
    /// A fit begins.
    case fitting(Fit, users: Int, items: Int, interactions: Int)
    case epoch(Fit, ALS.EpochReport, of: Int)
    /// One ranker of the evaluation is measured: its NDCG at the first cut-off.
    case measured(name: String, cutoff: Int, ndcg: Double)
    /// There is nothing to evaluate on; the reason.
    case notEvaluated(String)
    case evaluated(EvaluationReport)
    case published(Manifest)

    /// Which of the fits of a run.
    public enum Fit: String, Sendable {
        /// On the training part of the split, to be measured.
        case evaluation
        /// The settings of the model in service on the same part, to compare with.
        case incumbent
        /// On all events, to be published.
        case published
    }
}
