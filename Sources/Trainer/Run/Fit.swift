internal import Domain
internal import Linalg

extension ModelRecipe {
    /// Fits and keeps the record of the epochs.
    ///
    /// - Parameters:
    ///   - start: the factors of another model, which users and items of this set begin with where that model knows them.
    ///   - proceeding: asked after each epoch with what there is so far; false ends the fit.
    func fit(
        _ training: TrainingSet, from start: MappedModel? = nil, as kind: TrainingProgress.Fit,
        onProgress: (TrainingProgress) throws -> Void, proceeding: ((FittedModel) throws -> Bool)? = nil
    ) throws -> FittedModel {
        try onProgress(
            .fitting(
                kind, users: training.userCount, items: training.itemCount, interactions: training.interactions.count))
        var epochs: [Manifest.EpochSummary] = []
        func summary() -> Manifest.TrainingSummary {
            .init(epochs: epochs, seconds: epochs.reduce(0) { $0 + $1.seconds })
        }
        func note(_ report: ALS.EpochReport) throws {
            epochs.append(.init(epoch: report.epoch, loss: report.loss, seconds: report.seconds))
            try onProgress(.epoch(kind, report, of: parameters.epochs))
        }
        do {
            guard let ratingParameters else {
                let factors = try ALS.fit(
                    interactions: training.interactions, parameters: parameters,
                    warmStart: start.map { try StartFactors(of: $0, for: training, self).implicit() }, onEpoch: note,
                    proceeding: proceeding.map { proceeding in
                        { try proceeding(FittedModel(implicit: $1, summary: summary())) }
                    })
                return FittedModel(implicit: factors, summary: summary())
            }
            let model = try RatingALS.fit(
                ratings: training.interactions, parameters: ratingParameters,
                warmStart: start.map { try StartFactors(of: $0, for: training, self).explicit() }, onEpoch: note,
                proceeding: proceeding.map { proceeding in
                    { try proceeding(FittedModel(explicit: $1, summary: summary())) }
                })
            return try FittedModel(explicit: model, summary: summary())
        } catch let error as ALSError {
            throw training.named(error)
        }
    }
}

extension TrainingSet {
    /// The same failure with the identifiers of the row instead of its number, which only we know.
    func named(_ error: ALSError) -> any Error {
        func name(_ side: ALSError.Side, _ row: Int) -> String {
            switch side {
            case .user: row < userCount ? "user \(users.id(at: row))" : "user row \(row)"
            case .item: row < itemCount ? "item \(items.id(at: row))" : "item row \(row)"
            }
        }
        switch error {
        case .singular(let side, let row): return TrainerError.singular(row: name(side, row))
        case .diverged(let epoch, let side, let row):
            return TrainerError.diverged(
                epoch: epoch, reason: "the factors of \(name(side, row)) became infinite or NaN")
        case .confidence(let user, let item, let value):
            return TrainerError.badInteraction(
                user: users.id(at: user), item: items.id(at: item), reason: "its confidence is \(value)")
        default: return error
        }
    }
}
