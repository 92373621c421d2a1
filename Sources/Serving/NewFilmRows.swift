internal import Domain
internal import Linalg
internal import Trainer

/// The rows of films that are new to the model, as the events since have moved them: from what their content predicts to
/// what their own events say.
struct NewFilmRows {
    private let state: ServingState
    private let overlay: EventOverlay
    private let solver: NewItemSolver

    /// nil if the state has no such film, or its model no such equation. O(users × rank²).
    init?(_ state: ServingState, _ overlay: EventOverlay) throws {
        guard let extended = state.model as? ExtendedModel, extended.tasteColumns == extended.itemFactors.columns else {
            return nil
        }
        self.state = state
        self.overlay = overlay
        solver = try NewItemSolver(userFactors: extended.trained.userRows(), parameters: extended.parameters)
    }

    /// By film, its row. O(events of the films × rank² + films × rank³).
    func rows(_ trends: EventTrends) throws -> [ExactText: [Float]] {
        guard let films = (state.model as? ExtendedModel)?.films else { return [:] }
        var rows: [ExactText: [Float]] = [:]
        let weights = state.model.weights
        let predicted = Dictionary(
            uniqueKeysWithValues: zip(films.films.lazy.map { ExactText($0.itemID) }, films.predicted))
        for (film, people) in trends.weights(of: Set(predicted.keys), weights).sorted(by: { $0.key < $1.key }) {
            guard let prior = predicted[film] else { continue }
            var (vectors, confidences): ([[Float]], [Float]) = ([], [])
            for (user, weight) in people.sorted(by: { $0.key < $1.key }) {
                // What somebody thinks of other films; of this one it would only repeat the prediction.
                let profile = UserProfile(of: user.text, without: film.text, in: state, overlay: overlay)
                guard let vector = profile.vector else { continue }
                vectors.append(vector)
                confidences.append(min(max(weight, -weights.ceiling), weights.ceiling))
            }
            guard !vectors.isEmpty else { continue }
            rows[film] = try solver.row(prior: prior, users: vectors, confidences: confidences)
        }
        return rows
    }
}
