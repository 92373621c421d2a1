internal import Domain
internal import Linalg

/// A model's factors laid out for the users and items of another training set: a warm start. New users and items begin
/// with random numbers, as in a cold start.
struct StartFactors {
    private let model: MappedModel
    private let users: [Int32?]
    private let items: [Int32?]
    private let recipe: ModelRecipe

    /// - Throws: ``TrainerError/invalidSetting(name:value:allowed:)`` if the model is of another kind or rank.
    init(of model: MappedModel, for training: TrainingSet, _ recipe: ModelRecipe) throws {
        guard model.manifest.kind == recipe.kind else {
            throw TrainerError.invalidSetting(
                name: "the model to start from", value: "\(model.id), of kind \(model.manifest.kind)",
                allowed: "of kind \(recipe.kind)")
        }
        guard model.manifest.parameters.rank == recipe.parameters.rank else {
            throw TrainerError.invalidSetting(
                name: "rank", value: "\(recipe.parameters.rank)",
                allowed: "\(model.manifest.parameters.rank), as \(model.id) has it, to start from that model")
        }
        self.model = model
        self.recipe = recipe
        users = (0..<training.userCount).map { model.userIndex(of: training.users.id(at: $0))?.rawValue }
        items = (0..<training.itemCount).map { model.itemIndex(of: training.items.id(at: $0))?.rawValue }
    }

    func implicit() throws -> ALSFactors {
        try ALSFactors(userFactors: model.userFactors, itemFactors: model.itemFactors)
            .carried(users: users, items: items, seed: recipe.parameters.seed)
    }

    func explicit() throws -> RatingFactors {
        let rank = recipe.parameters.rank
        let factors = try ALSFactors(
            userFactors: model.userFactors.withColumns(rank), itemFactors: model.itemFactors.withColumns(rank)
        ).carried(users: users, items: items, seed: recipe.parameters.seed)
        return RatingFactors(
            mean: 0,
            userBiases: users.map { $0.map { model.userBias(UserIndex(rawValue: $0)) } ?? 0 },
            itemBiases: items.map { $0.map { model.itemFactors[Int($0), rank] } ?? 0 }, factors: factors)
    }
}
