internal import Domain
internal import Operations

extension RecommendationService {
    /// What people did with an item, as far as it is stored. It is counted anew at most once a minute: a table is read.
    /// - Throws: ``ServingError/storeUnknown``; what reading the table may throw.
    func activity(ofItem item: String) async throws -> ItemActivity {
        guard let archive else { throw ServingError.storeUnknown }
        let key = ExactText(item)
        if let known = activities[key], ContinuousClock.now - known.at < .seconds(60) { return known.activity }
        let activity = try await BlockingWork.run("item-activity") { _ in try archive.activity(ofItem: item) }
        activities[key] = (.now, activity)
        return activity
    }
}
