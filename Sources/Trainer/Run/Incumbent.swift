internal import Domain
internal import Linalg

/// The model in service, made comparable with a candidate on the candidate's split.
///
/// If the incumbent saw none of the held-out events, it is measured as it is served: users it does not know are folded
/// in from their training history. If it saw some of them, measuring it would reward it for remembering; then its
/// settings are fitted again to the training part, which compares the recipes.
struct Incumbent {
    let manifest: Manifest
    let model: MappedModel

    init(_ model: MappedModel) {
        self.model = model
        manifest = model.manifest
    }

    /// What was found out about it.
    struct Measured {
        var name: String
        var outcome: Evaluator.Outcome
        /// In the indices of the experiment's training set; nil of models that predict no stars.
        var stars: StarPrediction?
        /// How its ranker came about, in words.
        var how: String
    }

    func measured(
        on experiment: SplitExperiment, onProgress: (TrainingProgress) throws -> Void
    ) throws -> Measured {
        let (ranker, stars, how) = try ranker(on: experiment, onProgress: onProgress)
        return Measured(
            name: manifest.id.rawValue, outcome: try experiment.measure(ranker, onProgress), stars: stars, how: how)
    }

    /// The ranker, what predicts stars if it is of that kind, and in words how they came about.
    func ranker(
        on experiment: SplitExperiment, onProgress: (TrainingProgress) throws -> Void
    ) throws -> (ranker: FactorRanker, stars: StarPrediction?, how: String) {
        let name = "in service: \(model.id)"
        if experiment.isUnseen(by: manifest) {
            let factors = try asServed(on: experiment.training)
            return (
                try FactorRanker(name: name, factors: factors.factors, unknown: factors.unknown),
                starsAsServed(factors.factors, experiment.training), "as published"
            )
        }
        let training = try TrainingSet.build(from: experiment.log, weights: manifest.weights) {
            !experiment.isTest($0)
        }
        var recipe = manifest.recipe
        recipe.parameters.threads = experiment.configuration.parameters.threads
        let fitted = try recipe.fit(training, as: .incumbent, onProgress: onProgress)
        return (
            try aligned(name, fitted.factors, of: training, with: experiment.training),
            stars(of: fitted, training, in: experiment.training), "its settings fitted to the training part"
        )
    }

    /// What a fit to another set of the same events predicts, asked in the indices of `training`.
    private func stars(of fitted: FittedModel, _ own: TrainingSet, in training: TrainingSet) -> StarPrediction? {
        guard let stars = fitted.stars, let mean = fitted.ratings?.mean else { return nil }
        let users = (0..<training.userCount).map { own.users.index(of: $0, in: training.users) }
        let items = (0..<training.itemCount).map { own.items.index(of: $0, in: training.items) }
        return { user, item in
            guard let user = users[user], let item = items[item] else { return mean }
            return stars(Int(user), Int(item))
        }
    }

    /// Whom the model does not know has no bias of a user.
    private func starsAsServed(_ factors: ALSFactors, _ training: TrainingSet) -> StarPrediction? {
        guard let mean = manifest.ratings?.mean else { return nil }
        let biases = training.users.ids.map { model.userIndex(of: $0).map(model.userBias) ?? 0 }
        return { user, item in mean + biases[user] + factors.product(user, item) }
    }

    /// Factors in the indices of another set of the same events: its weights may leave kinds of events out, and then users
    /// and items are numbered differently.
    private func aligned(
        _ name: String, _ factors: ALSFactors, of own: TrainingSet, with training: TrainingSet
    ) throws -> FactorRanker {
        var unknown = ItemBitmap(itemCount: training.itemCount)
        var items = try Matrix(rows: training.itemCount, columns: factors.rank)
        for place in 0..<training.itemCount {
            if let item = own.items.index(of: place, in: training.items) {
                copyRow(Int(item), of: factors.itemFactors, to: place, of: &items)
            } else {
                unknown.insert(ItemIndex(place))
            }
        }
        var users = try Matrix(rows: training.userCount, columns: factors.rank)
        for place in 0..<training.userCount {
            guard let user = own.users.index(of: place, in: training.users) else { continue }
            copyRow(Int(user), of: factors.userFactors, to: place, of: &users)
        }
        return try FactorRanker(
            name: name, factors: ALSFactors(userFactors: users, itemFactors: items), unknown: unknown)
    }

    /// Whether it came of the same request as the candidate, so that a comparison of recipes is idle.
    func hasSameRecipe(as configuration: TrainingConfiguration, _ request: String) throws -> Bool {
        guard configuration.engine?.isKnownByItsSettings ?? true else { return false }
        guard let own = manifest.requestSHA256 else {
            // Of an earlier version: the settings themselves, none of them chosen.
            return try configuration.rule == nil && configuration.patience == nil
                && manifest.configurationSHA256 == configuration.recipe.digest()
        }
        guard own == request else { return false }
        // One search after another may come to other settings: that is another recipe.
        guard let before = manifest.chosen?.search?.chosen, let now = configuration.searched?.chosen else {
            return true
        }
        return before.rank == now.rank && before.epochs == now.epochs && before.strength == now.strength
            && before.alpha0Factor == now.alpha0Factor && before.halfLifeDays == now.halfLifeDays
    }

    /// Its factors in the indices of `training`.
    private func asServed(on training: TrainingSet) throws -> (factors: ALSFactors, unknown: ItemBitmap) {
        let rank = model.rank
        var items = try Matrix(rows: training.itemCount, columns: rank)
        var unknown = ItemBitmap(itemCount: training.itemCount)
        var rows = [Int32](repeating: -1, count: training.itemCount)
        for (place, id) in training.items.ids.enumerated() {
            if let item = model.itemIndex(of: id) {
                rows[place] = item.rawValue
                copyRow(item.position, of: model.itemFactors, to: place, of: &items)
            } else {
                unknown.insert(ItemIndex(place))
            }
        }
        let solver = try UserSolver(model)
        var users = try Matrix(rows: training.userCount, columns: rank)
        for (place, id) in training.users.ids.enumerated() {
            if let user = model.userIndex(of: id) {
                copyRow(user.position, of: model.userFactors, to: place, of: &users)
                continue
            }
            let known = training.interactions.entries(ofRow: place).filter {
                rows[Int(training.interactions.columnIndices[$0])] >= 0
            }
            let vector = try solver.vector(
                items: known.map { rows[Int(training.interactions.columnIndices[$0])] },
                confidences: known.map { training.interactions.values[$0] })
            users.withUnsafeMutableElements { elements in
                for (t, value) in vector.enumerated() { elements[place * rank + t] = value }
            }
        }
        return (ALSFactors(userFactors: users, itemFactors: items), unknown)
    }

    private func copyRow(_ source: Int, of from: Matrix, to target: Int, of to: inout Matrix) {
        let rank = from.columns
        from.withUnsafeElements { from in
            to.withUnsafeMutableElements { to in
                for t in 0..<rank { to[target * rank + t] = from[source * rank + t] }
            }
        }
    }
}
