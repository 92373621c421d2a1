internal import Domain

/// A feed whose events have pseudonyms, as they have in the tables: on the topics users are called what they are.
struct PseudonymousFeed: EventFeed {
    let feed: any EventFeed
    let keys: any Pseudonymiser

    func run(_ receive: @Sendable ([Event]) -> Void) async throws {
        try await feed.run { events in receive(events.map { $0.pseudonymised(by: keys) }) }
    }

    var state: FeedState { feed.state }
    func begin(behind markers: [String: Int64]) { feed.begin(behind: markers) }
    var freshness: FeedFreshness { feed.freshness }
}
