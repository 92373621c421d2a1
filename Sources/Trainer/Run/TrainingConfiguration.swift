internal import Linalg
internal import Operations

/// The settings of a training: the recipe, which with the data decides every byte of the factors, and what is done beside.
public struct TrainingConfiguration: Sendable {
    public var parameters: ALSParameters
    /// What of ``parameters`` follows from the shape of the training set instead; nil takes them as they are.
    public var rule: ShapeRule?
    /// How the settings came about that nobody gave. Set by what settles them.
    var chosen: Manifest.ChosenSettings?
    /// Refines what is left open by a search on a validation window before training; nil takes the rule's word.
    public var search: AutoSearch.Request?
    /// What a search has tried. Set by it.
    var searched: SearchSummary?
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
    /// Whether a split by time holds out more, down to half of the events, while too few users are held out to show a
    /// difference; see ``CandidateComparison``.
    public var widensWindow = true
    /// The cut-offs k of the metrics. ``Manifest/headlineCutoff`` is added if absent: the gate looks at it.
    public var cutoffs: [Int]
    public var policy: GateVerdict.Policy
    public var bootstrapResamples: Int
    /// Bytes that a run may need at its peak; nil takes what the machine and its control groups leave.
    public var memoryLimit: Int?
    /// The greatest share of a table's rows that may break the rules of events and be left out, `0…1`.
    public var maxBadRows = InteractionLog.defaultMaxBadRows
    /// How many of the newest models a run leaves in the registry, beside all that were ever promoted; nil leaves all.
    public var retention: Int?
    /// Who fits the factors in place of this process; ``parameters`` must then be of its kind. Nil fits here.
    public var engine: (any FitEngine)?
    /// What is known of the films; nil trains without.
    public var content: FilmContent?
    /// Whether to learn how lists are mixed from their sources, which takes a fit more.
    public var learnsBlend = true
    /// Whether evaluations measure ``ListMetric`` too; searches, which look at one figure, do not.
    var measuresLists = false
    /// Of the program, for the manifest.
    public var codeVersion: String

    /// - Parameter parameters: taken as they are; nil takes the defaults, with what ``ShapeRule`` says for the shape.
    public init(
        codeVersion: String, parameters: ALSParameters? = nil, weights: ConfidenceWeights = .init(),
        split: Split = .time(0.9), cutoffs: [Int] = [10, 20, 50], policy: GateVerdict.Policy = .ifBetter,
        bootstrapResamples: Int = 1000
    ) {
        self.codeVersion = codeVersion
        self.parameters = parameters ?? ALSParameters()
        rule = parameters == nil ? ShapeRule() : nil
        self.weights = weights
        self.split = split
        self.cutoffs = cutoffs
        self.policy = policy
        self.bootstrapResamples = bootstrapResamples
    }

    /// The settings of a model, to train it anew on other events and put it into service whatever it measures. It begins with
    /// random numbers, also where that model began with another.
    public init(repeating manifest: Manifest, codeVersion: String) {
        self.init(codeVersion: codeVersion, parameters: manifest.parameters, weights: manifest.weights, policy: .always)
        explicit = manifest.explicit
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
        if let retention, retention < 1 {
            throw TrainerError.invalidSetting(
                name: "the number of models to keep", value: "\(retention)", allowed: "1 or more")
        }
        try checkEngine()
        if let rule,
            !((rule.strength ?? 1) > 0 && (rule.strength ?? 1).isFinite && rule.alpha0Factor > 0
                && rule.alpha0Factor.isFinite)
        {
            throw TrainerError.invalidSetting(
                name: "the rule's strength or factor", value: "\(rule.strength ?? 0), \(rule.alpha0Factor)",
                allowed: "finite numbers above 0")
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

    /// What an engine cannot do.
    private func checkEngine() throws {
        guard engine != nil else { return }
        func refused(_ name: String, _ value: String, _ allowed: String) -> TrainerError {
            .invalidSetting(name: name, value: value, allowed: "\(allowed) with another engine")
        }
        switch split {
        case .time, .after, .leaveLastOut: break
        case .random, .files: throw refused("the split", split.description, "time:SHARE, after:TIME or last")
        }
        guard explicit == nil else { throw refused("the kind of model", "explicit", "implicit") }
        guard warmStart == nil else { throw refused("the model to start from", "given", "none") }
        guard patience == nil, search == nil else { throw refused("a search for settings", "asked for", "left out") }
    }

    /// These settings with what the rule says for a set. Settled settings stay what they are. O(1).
    func settled(for training: TrainingSet) -> TrainingConfiguration {
        guard let rule, explicit == nil else { return self }
        var settled = self
        settled.rule = nil
        settled.parameters = rule.applied(
            to: parameters, users: training.userCount, items: training.itemCount, pairs: training.interactions.count,
            liked: parameters.weighting == .mllib ? training.likedCount : nil)
        settled.chosen = .init(
            rule: rule, strength: rule.strength(users: training.userCount, pairs: training.interactions.count),
            users: training.userCount, items: training.itemCount, pairs: training.interactions.count,
            search: searched)
        return settled
    }

    /// SHA-256 of what was asked for, before a rule or a search chose: trainings of one request on newer data are the same
    /// recipe, whatever the shape of the data came to. A warm start is part of it, which model it was is not.
    public func requestDigest() throws -> String {
        struct Request: Encodable {
            var recipe: ModelRecipe
            var rule: ShapeRule?
            var patience: Int?
            var isWarm: Bool
            var opened: [String]?
        }
        var recipe = recipe.recorded
        recipe.warmStart = nil
        if let rule {
            if rule.setsAlpha0 { recipe.parameters.alpha0 = 0 }
            if rule.setsLambda { recipe.parameters.lambda = 0 }
        }
        if let search { recipe = search.cleared(recipe) }
        let request = Request(
            recipe: recipe, rule: rule, patience: patience, isWarm: warmStart != nil, opened: search?.opened)
        return Digest.sha256(try JSON.encode(request, pretty: false)).hex
    }

    /// What decides the factors.
    public var recipe: ModelRecipe {
        ModelRecipe(
            parameters: parameters, weights: weights, explicit: explicit,
            warmStart: warmStart.map { .init(model: $0.id, factorsSHA256: $0.manifest.factorsSHA256) })
    }
}
