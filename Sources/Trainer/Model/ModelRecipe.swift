internal import Operations

/// The settings that, with the data, decide every byte of a model's factors.
public struct ModelRecipe: Codable, Hashable, Sendable {
    public var parameters: ALSParameters
    public var weights: ConfidenceWeights
    /// Set for a model of ratings (``RatingALS``), which takes rank, epochs, λ, seed and threads from ``parameters`` and
    /// nothing else; nil for the implicit model.
    public var explicit: ExplicitSettings?
    /// The model whose factors the fit began with.
    public var warmStart: WarmStart?

    /// What only a model of ratings has.
    public struct ExplicitSettings: Codable, Hashable, Sendable {
        public var isNonNegative: Bool

        public init(isNonNegative: Bool = false) { self.isNonNegative = isNonNegative }

        private enum CodingKeys: String, CodingKey {
            case isNonNegative = "non_negative"
        }
    }

    /// Names start factors so that they can be found again, and be known again.
    public struct WarmStart: Codable, Hashable, Sendable {
        public var model: ModelID
        public var factorsSHA256: String

        private enum CodingKeys: String, CodingKey {
            case model
            case factorsSHA256 = "factors_sha256"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case parameters, weights, explicit
        case warmStart = "warm_start"
    }

    public init(
        parameters: ALSParameters, weights: ConfidenceWeights, explicit: ExplicitSettings? = nil,
        warmStart: WarmStart? = nil
    ) {
        self.parameters = parameters
        self.weights = weights
        self.explicit = explicit
        self.warmStart = warmStart
    }

    /// As ``Manifest/kind`` has it.
    public var kind: String { explicit == nil ? Manifest.implicitKind : Manifest.explicitKind }

    /// The parameters of the explicit model; nil for the implicit one.
    var ratingParameters: RatingParameters? {
        explicit.map {
            RatingParameters(
                rank: parameters.rank, epochs: parameters.epochs, lambda: parameters.lambda,
                isNonNegative: $0.isNonNegative, seed: parameters.seed, threads: parameters.threads)
        }
    }

    /// - Throws: ``ALSError/parameter(name:value:expected:)`` or
    ///   ``TrainerError/invalidSetting(name:value:allowed:)`` naming the first setting that is out of range.
    public func validate() throws {
        try parameters.validate()
        try ratingParameters?.validate()
        try weights.validate()
    }

    /// As the manifest has it: the number of threads changes nothing, so it is left out.
    var recorded: ModelRecipe {
        var recipe = self
        recipe.parameters.threads = nil
        return recipe
    }

    /// SHA-256 of the recipe without threads as canonical JSON: ``Manifest/configurationSHA256``.
    func digest() throws -> String { Digest.sha256(try JSON.encode(recorded, pretty: false)).hex }
}
