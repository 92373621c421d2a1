import Catalog
import Domain
import Linalg
import Testing
import Trainer

@testable import Serving

/// Newer events beside a model of stars: reviews replace each other, and what says nothing of stars changes no taste.
@Suite struct StarModelTests {
    private func event(_ item: String, _ kind: EventKind, _ value: Float, at: Int64) -> Event {
        Event(
            eventID: "\(item) \(kind.name) \(at)", userID: "stranger", itemID: item, kind: kind, value: value,
            at: Timestamp(seconds: at), source: "test")
    }

    @Test func reviewsReplaceAndViewsOnlyCountAsSeen() throws {
        var model = try SmallModel()
        model.weights = .ratings
        let state = try ServingState(
            model: model, catalog: model.catalog, content: ContentIndex(model.catalog.movies))
        let overlay = EventOverlay()
        overlay.receive([
            event("a1", .review, 1, at: 2_000), event("a2", .view, 1, at: 2_001), event("a3", .review, 4.5, at: 2_002),
            event("a1", .review, 5, at: 2_003), event("b1", .like, 1, at: 2_004),
        ])
        let profile = UserProfile(of: "stranger", in: state, overlay: overlay)
        let places = ["a1", "a2", "a3", "b1"].compactMap { state.items.place(of: $0) }
        #expect(profile.seen == places.sorted())
        #expect(profile.likes.map(\.place) == [places[0], places[2]])
        #expect(profile.likes.map(\.weight) == [1.5, 1])
        let vector = try model.solver().vector(items: [places[0], places[2]], confidences: [1.5, 1])
        #expect(profile.vector == vector)
    }
}
