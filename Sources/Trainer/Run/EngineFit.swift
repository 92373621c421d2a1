internal import Domain
internal import Linalg

extension TrainingConfiguration {
    /// Fits these settings to a part of the events: by the engine, if there is one and it has that part, else here.
    func fit(
        _ training: TrainingSet, _ part: EventPart, of log: InteractionLog, from start: MappedModel? = nil,
        as kind: TrainingProgress.Fit, onProgress: (TrainingProgress) throws -> Void
    ) throws -> FittedModel {
        guard let engine else { return try recipe.fit(training, from: start, as: kind, onProgress: onProgress) }
        guard let request = FitRequest(log, part, of: training, recipe.recorded) else {
            throw TrainerError.unsuitableTable(
                table: log.source, reason: "an engine reads a version of a table, and these events are of none")
        }
        guard let made = try engine.fit(request, note: { try onProgress(.engine(kind, $0)) }) else {
            return try recipe.fit(training, as: kind, onProgress: onProgress)
        }
        try check(made.factors, training)
        // An engine tells no losses; what it has reached is known from the factors.
        let loss = try ALS.loss(of: made.factors, interactions: training.interactions, parameters: recipe.parameters)
        let report = Manifest.EpochSummary(epoch: parameters.epochs, loss: loss, seconds: made.seconds)
        var fitted = FittedModel(
            implicit: made.factors, summary: .init(epochs: [report], seconds: made.seconds))
        fitted.engine = made.engine
        return fitted
    }

    /// - Throws: ``ALSError`` if the factors are of another shape or no numbers.
    private func check(_ factors: ALSFactors, _ training: TrainingSet) throws {
        for (side, name, matrix, rows) in [
            (ALSError.Side.user, "The factors of users", factors.userFactors, training.userCount),
            (ALSError.Side.item, "The factors of items", factors.itemFactors, training.itemCount),
        ] {
            guard matrix.rows == rows, matrix.columns == parameters.rank else {
                throw ALSError.shape(
                    what: name, expected: "\(rows) × \(parameters.rank)", found: "\(matrix.rows) × \(matrix.columns)")
            }
            if let bad = matrix.firstNonFinite() {
                throw training.named(ALSError.diverged(epoch: parameters.epochs, side: side, row: bad.row))
            }
        }
    }
}
