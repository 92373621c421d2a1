/// The settings of a training: the recipe, which with the data decides every byte of the factors, and what is done beside.
public struct TrainingConfiguration: Sendable {
    public var parameters: ALSParameters
    public var weights: ConfidenceWeights
    /// Set to train a model of ratings; ``weights`` should then be ``ConfidenceWeights/ratings``.
    public var explicit: ModelRecipe.ExplicitSettings?
    /// The model whose factors to begin with.
    public var warmStart: MappedModel?
    /// Finds the number of epochs, at most ``parameters``', on a validation window: the search ends after so many epochs
    /// without a better one. Nil runs all epochs.
    public var patience: Int?
    /// What the evaluation holds out.
    public var split: Split
    /// The cut-offs k of the metrics. ``Manifest/headlineCutoff`` is added if absent: the gate looks at it.
    public var cutoffs: [Int]
    public var policy: GateVerdict.Policy
    public var bootstrapResamples: Int
    /// Bytes that a run may need at its peak; nil takes what the machine and its control groups leave.
    public var memoryLimit: Int?
    /// The greatest share of a table's rows that may break the rules of events and be left out, `0…1`.
    public var maxBadRows = InteractionLog.defaultMaxBadRows
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
        try recipe.validate()
        guard (10...100_000).contains(bootstrapResamples) else {
            throw TrainerError.invalidSetting(
                name: "the number of bootstrap resamples", value: "\(bootstrapResamples)", allowed: "10 to 100000")
        }
        guard (0...1).contains(maxBadRows) else {
            throw TrainerError.invalidSetting(
                name: "the share of bad rows", value: "\(maxBadRows)", allowed: "0 to 1")
        }
        if let patience {
            guard patience >= 1 else {
                throw TrainerError.invalidSetting(name: "the patience", value: "\(patience)", allowed: "1 or more")
            }
            guard case .time(let quantile) = split, quantile > 0.5 else {
                throw TrainerError.invalidSetting(
                    name: "the split", value: split.description,
                    allowed: "time:Q with Q above 0.5, so that a validation window fits before the test window")
            }
        }
    }

    /// What decides the factors.
    public var recipe: ModelRecipe {
        ModelRecipe(
            parameters: parameters, weights: weights, explicit: explicit,
            warmStart: warmStart.map { .init(model: $0.id, factorsSHA256: $0.manifest.factorsSHA256) })
    }
}
