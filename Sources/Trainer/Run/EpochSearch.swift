internal import Domain

/// Finds how many epochs to train on a validation window: early stopping.
///
/// The events before the test window are split again, and the later part, of the same length as the test window,
/// validates; what evaluation tests on is not looked at. The epochs found are then run on more data, which is why they,
/// and not the factors of the search, are what is kept.
struct EpochSearch {
    let configuration: TrainingConfiguration
    let patience: Int

    /// - Throws: ``TrainerError/nothingToEvaluate(reason:advice:)`` or ``TrainerError/emptyTrainingSet(source:reason:)`` if there
    ///   are too few events.
    func run(
        _ log: InteractionLog, onProgress: (TrainingProgress) throws -> Void
    ) throws -> Manifest.EarlyStopping {
        let (early, inner) = try configuration.validationWindow(of: log)
        let experiment = try SplitExperiment(log: early, configuration: inner)
        try experiment.requireItems(
            for: experiment.configuration.parameters.rank, in: "what comes before the validation window")
        let isExplicit = configuration.explicit != nil
        let warmStart = configuration.warmStart.flatMap { experiment.isUnseen(by: $0.manifest) ? $0 : nil }
        var values: [Double] = []
        var best = 0
        _ = try experiment.configuration.recipe.fit(
            experiment.training, from: warmStart, as: .validation, onProgress: onProgress
        ) { model in
            values.append(try value(of: model, experiment))
            let isBetter =
                isExplicit ? values[values.count - 1] < values[best] : values[values.count - 1] > values[best]
            if isBetter { best = values.count - 1 }
            return values.count - 1 - best < patience
        }
        return Manifest.EarlyStopping(
            patience: patience, metric: isExplicit ? "rmse" : "ndcg@\(Manifest.headlineCutoff)", values: values,
            best: best + 1)
    }

    private func value(of model: FittedModel, _ experiment: SplitExperiment) throws -> Double {
        if let ratings = model.ratings {
            let rated = experiment.evaluator.heldOut.rated
            let squares = rated.reduce(0.0) { sum, pair in
                let product = model.factors.product(Int(pair.user), Int(pair.item))
                let error = Double(pair.value - ratings.weight(user: Int(pair.user), product: product))
                return sum + error * error
            }
            return (squares / Double(max(rated.count, 1))).squareRoot()
        }
        return try experiment.evaluator.measure(FactorRanker(name: "epoch", factors: model.factors))
            .mean(.ndcg, at: Manifest.headlineCutoff)
    }
}

extension TrainingConfiguration {
    /// The events before the test window, and these settings with a split of them whose test part is a validation window
    /// of the test window's length.
    func validationWindow(of log: InteractionLog) throws -> (events: InteractionLog, settings: TrainingConfiguration) {
        guard case .time(let quantile) = split, quantile > 0.5 else {
            throw TrainerError.invalidSetting(
                name: "the split", value: split.description, allowed: "time:Q with Q above 0.5")
        }
        let test = try split.resolve(log, weights: weights)
        let early = try InteractionLog(source: log.source, version: log.version, clock: log.clock)
        try early.append(log) { !test.isTest($0) }
        var inner = self
        inner.split = .time((2 * quantile - 1) / quantile)
        inner.cutoffs = [Manifest.headlineCutoff]
        return (early, inner)
    }
}
