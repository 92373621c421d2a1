public import Domain
internal import Synchronization

/// Whether new events are heard.
enum FeedWord: String, CaseIterable, Sendable {
    case hearing, down
    /// The service was given no feed.
    case none
}

/// How new what answers are made from is.
struct Freshness: Sendable {
    var feed: FeedFreshness?
    var feedState: FeedWord
    var modelAge: Double
    var dataVersion: Int64?
    var indexLag: Int?
}

extension RecommendationService {
    /// The model in service.
    public var modelIdentity: ModelIdentity { current.model.identity }

    /// Takes in events that happened before the service began, such as those that are stored and that the model has not
    /// learned from. Those that it has, and those that were taken in before, are dropped.
    public func remember(_ events: [Event]) {
        let model = current.model
        overlay.receive(
            events.filter { event in model.lastEvent(ofUser: event.userID).map { event.at > $0 } ?? true })
        trends.receive(events)
    }

    /// Films that the index of content similarity lacks; nil while that is not known.
    public func note(indexLag: Int?) { self.indexLag.store(indexLag ?? -1, ordering: .relaxed) }

    func freshness(now: Timestamp) -> Freshness {
        let identity = modelIdentity
        let lag = indexLag.load(ordering: .relaxed)
        let word: FeedWord =
            switch feed?.state {
            case nil: .none
            case .hearing?: impairments.has(.events) ? .down : .hearing
            case .down?: .down
            }
        return Freshness(
            feed: feed?.freshness, feedState: word,
            modelAge: max(0, Double(now.microseconds - identity.trainedAt.microseconds) / 1e6),
            dataVersion: identity.dataVersion, indexLag: lag < 0 ? nil : lag)
    }
}
