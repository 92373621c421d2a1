internal import Domain
internal import Operations

extension RecommendationService {
    var takesImpressions: Bool { impressionPublisher != nil }

    /// Publishes impressions that clients report.
    func take(_ impressions: [Impression]) async throws {
        guard let impressionPublisher else { throw ServingError.impressionsUnavailable }
        try await impressionPublisher.publish(impressions)
        gauges.impressionsTaken.increment(by: impressions.count)
    }

    /// Writes down what a list shows, where that was asked for.
    /// - Parameters:
    ///   - user: as the request has it, and as it goes to the topic, like what others report.
    ///   - before: how many items the pages before have.
    ///   - rail: the name of the list on a page of several.
    func noteShown(
        _ list: RecommendationList, as id: String, to user: String?, scenario: String?, before: Int = 0,
        rail: String? = nil
    ) {
        guard let impressionLog, user.map({ overlay.choice(of: overlay.known($0)).allows(.analytics) }) ?? true else {
            return
        }
        impressionLog.note(
            ImpressionLog.Shown(
                recommendationID: id, userID: user, modelID: list.state.model.identity.id, scenario: scenario, at: .now,
                rail: rail, items: list.items.map { list.state.items.ids[Int($0.place)] }, before: before,
                propensities: list.propensities))
    }
}
