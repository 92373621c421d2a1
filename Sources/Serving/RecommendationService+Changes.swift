internal import Catalog
internal import Domain
internal import Operations

/// What clients send: events and edits of the catalogue.
extension RecommendationService {
    var takesEvents: Bool { publisher != nil }

    /// Publishes events and, once they are durable, folds them in here without waiting for the feed to bring them.
    func take(_ events: [Event]) async throws {
        guard let publisher else { throw ServingError.eventsUnavailable }
        try await publisher.publish(events)
        // On the topic they are as others send them; here as the feed will bring them.
        let known = overlay.known(events)
        overlay.receive(known)
        trends.receive(known)
        gauges.eventsTaken.increment(by: events.count)
    }

    /// Makes edits of the catalogue durable and puts them into service: whoever is answered finds them in every list.
    /// - Throws: `CatalogError` for an edit that is refused, ``ServingError`` if none can be made.
    func edit(_ edits: [CatalogEdit]) async throws -> [EditedFilm] {
        guard let editor else { throw ServingError.catalogueReadOnly }
        return try await editor.apply(edits)
    }

    /// What a caller may wait for the store, at most.
    public static let longestWait = Duration.seconds(60)

    /// Returns once all of the events are stored. The last look is taken when the time is over, not before.
    /// - Parameter start: when the time began to count.
    /// - Throws: ``ServingError/waitTimedOut(milliseconds:)``, ``ServingError/storeUnknown``.
    func waitUntilStored(
        _ events: [Event], within limit: Duration, since start: ContinuousClock.Instant = .now
    ) async throws {
        guard let archive else { throw ServingError.storeUnknown }
        let end = start + limit
        var left = overlay.known(events)
        var pause = Duration.milliseconds(100)
        while true {
            let wanted = left
            let isLast = ContinuousClock.now >= end
            left = try await BlockingWork.run("stored") { _ in try archive.unstored(of: wanted) }
            if left.isEmpty { return }
            guard !isLast else { throw ServingError.waitTimedOut(milliseconds: Int(limit.inSeconds * 1000)) }
            try await Task.sleep(until: min(.now + pause, end), clock: .continuous)
            pause = min(pause * 2, .seconds(1))
        }
    }
}
