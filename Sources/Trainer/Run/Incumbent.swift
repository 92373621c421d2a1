internal import Domain
internal import Linalg

/// The model in service, made comparable with a candidate on the candidate's split.
///
/// If the incumbent saw none of the held-out events, it is measured as it is served: users it does not know are folded
/// in from their training history. If it saw some of them, measuring it would reward it for remembering; then its
/// settings are fitted again to the training part, which compares the recipes.
struct Incumbent {
    let manifest: Manifest
    private let model: MappedModel

    init(_ model: MappedModel) {
        self.model = model
        manifest = model.manifest
    }

    /// The ranker, and in words how it came about.
    func ranker(
        on experiment: SplitExperiment, onProgress: (TrainingProgress) throws -> Void
    ) throws -> (ranker: FactorRanker, how: String) {
        let name = "in service: \(model.id)"
        if experiment.isUnseen(by: manifest) {
            return (try asServed(name, on: experiment.training), "as published")
        }
        let training = try TrainingSet.build(from: experiment.log, weights: manifest.weights) {
            !experiment.isTest($0)
        }
        var recipe = manifest.recipe
        recipe.parameters.threads = experiment.configuration.parameters.threads
        let factors = try recipe.fit(training, as: .incumbent, onProgress: onProgress).factors
        return (
            try aligned(name, factors, of: training, with: experiment.training),
            "its settings fitted to the training part"
        )
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

    /// Whether its settings are the candidate's, so that a comparison of recipes is idle.
    func hasSameSettings(as configuration: TrainingConfiguration) throws -> Bool {
        try manifest.configurationSHA256 == configuration.recipe.digest()
    }

    /// Its factors in the indices of `training`.
    private func asServed(_ name: String, on training: TrainingSet) throws -> FactorRanker {
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
        return try FactorRanker(
            name: name, factors: ALSFactors(userFactors: users, itemFactors: items), unknown: unknown)
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
