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
        overlay.receive(events)
        trends.receive(events)
        gauges.eventsTaken.increment(by: events.count)
    }

    /// Makes edits of the catalogue durable and puts them into service: whoever is answered finds them in every list.
    /// - Throws: `CatalogError` for an edit that is refused, ``ServingError`` if none can be made.
    func edit(_ edits: [CatalogEdit]) async throws -> [EditedFilm] {
        guard let editor else { throw ServingError.catalogueReadOnly }
        return try await editor.apply(edits)
    }

    /// Returns once all of the events are stored.
    /// - Throws: ``ServingError/waitTimedOut(milliseconds:)``, ``ServingError/storeUnknown``.
    func waitUntilStored(_ events: [Event], within limit: Duration) async throws {
        guard let archive else { throw ServingError.storeUnknown }
        let end = ContinuousClock.now + limit
        var left = events
        var pause = Duration.milliseconds(100)
        while true {
            let wanted = left
            left = try await BlockingWork.run("stored") { _ in try archive.unstored(of: wanted) }
            if left.isEmpty { return }
            guard ContinuousClock.now + pause < end else {
                throw ServingError.waitTimedOut(milliseconds: Int(limit.inSeconds * 1000))
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }
}
