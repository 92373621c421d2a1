import Catalog
import Domain
import Linalg
import Testing

@testable import Serving

/// Lists under every mixture of rules, against what can be worked out one film after the other.
@Suite("Eligibility")
struct EligibilityTests {
    /// A condition, and what it is of a film: true, false, or nil where it is neither.
    struct Condition {
        var text: String
        var holds: (Movie?) -> Bool?
    }

    /// Shares no code with the language: it makes text and meaning side by side.
    static func condition(_ random: inout SeededGenerator, depth: Int = 3) -> Condition {
        if depth > 0, random.below(3) > 0 {
            let a = condition(&random, depth: depth - 1)
            let b = condition(&random, depth: depth - 1)
            switch random.below(3) {
            case 0:
                return Condition(text: "not (\(a.text))") { a.holds($0).map { !$0 } }
            case 1:
                return Condition(text: "(\(a.text)) and (\(b.text))") { film in
                    let (x, y) = (a.holds(film), b.holds(film))
                    return x == false || y == false ? false : x == nil || y == nil ? nil : true
                }
            default:
                return Condition(text: "(\(a.text)) or \(b.text.contains(" ") ? "(\(b.text))" : b.text)") { film in
                    let (x, y) = (a.holds(film), b.holds(film))
                    return x == true || y == true ? true : x == nil || y == nil ? nil : false
                }
            }
        }
        let year = Int32(1990 + random.below(10))
        let genre = genres[random.below(genres.count)]
        let other = genres[random.below(genres.count)]
        switch random.below(8) {
        case 0: return Condition(text: "year >= \(year)") { $0?.year.map { $0 >= year } }
        case 1: return Condition(text: "year < \(year)") { $0?.year.map { $0 < year } }
        case 2: return Condition(text: "genre = \"\(genre)\"") { $0?.genres.contains(genre) }
        case 3: return Condition(text: "genres != '\(genre)'") { $0.map { !$0.genres.contains(genre) } }
        case 4:
            return Condition(text: "genre not in (\"\(genre)\", \"\(other)\")") { film in
                film.map { !$0.genres.contains(genre) && !$0.genres.contains(other) }
            }
        case 5: return Condition(text: "language != \"en\"") { $0?.language.map { $0 != "en" } }
        case 6:
            return Condition(text: "year in (\(year), \(year + 3))") { $0?.year.map { $0 == year || $0 == year + 3 } }
        default: return Condition(text: "language is null") { $0?.language == nil }
        }
    }

    static let genres = ["Drama", "Crime", "Comedy", "War"]
    static let now = Timestamp("2026-11-28T12:00:00Z")!

    private func state(_ random: inout SeededGenerator, unknown: UnknownItems) throws -> (ServingState, SmallModel) {
        var model = try SmallModel(perTaste: 40)
        model.kinds = model.histories.map { history in
            history.map { _ in EventKinds(rawValue: UInt8(1 + random.below(7))) }
        }
        // Some items have no film, and some films no item of the model.
        let ids = model.items.filter { _ in random.below(8) > 0 } + (0..<10).map { "new\($0)" }
        let films = ids.map { id in
            let from = [nil, nil, nil, Self.now, Timestamp(microseconds: Self.now.microseconds + 1)][random.below(5)]
            let until = [nil, nil, nil, Self.now, Timestamp(microseconds: Self.now.microseconds + 1)][random.below(5)]
            return Movie(
                itemID: id, title: "Film \(id)",
                overview: id.hasPrefix("a") ? "space robots explore galaxy" : "quiet romance village summer",
                year: random.below(4) == 0 ? nil : Int32(1990 + random.below(10)),
                genres: Self.genres.filter { _ in random.below(3) == 0 },
                language: [nil, "en", "fr"][random.below(3)], availableFrom: from, availableUntil: until)
        }
        let gone = films.filter { _ in random.below(15) == 0 }.map { Movie.withdrawn($0.itemID, at: Self.now) }
        let catalog = CatalogSnapshot(films + gone)
        let content = ContentIndex(catalog.movies)
        return (try ServingState(model: model, catalog: catalog, content: content, unknownItems: unknown), model)
    }

    @Test("as many come back as may, and none that may not", arguments: 0..<60 as Range<UInt64>)
    func mixtures(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let (state, model) = try state(&random, unknown: seed % 3 == 0 ? .show : .hide)
        let overlay = EventOverlay()
        overlay.receive([
            .like("a-user0", "a7"),
            Event(
                eventID: "v", userID: "a-user0", itemID: "a8", kind: .view, value: 0.5, at: Timestamp(seconds: 6000),
                source: "test"),
            Event(
                eventID: "r", userID: "stranger", itemID: "new1", kind: .review, value: 5,
                at: Timestamp(seconds: 6000), source: "test"),
            .like("stranger", "new2"),
        ])
        let pipeline = Pipeline(state: state, overlay: overlay, weights: BlendWeights())
        for user in ["a-user0", "b-user1", "stranger", "nobody"] {
            for policy in RecommendationQuery.ExcludeSeen.allCases {
                let condition = random.below(4) == 0 ? nil : Self.condition(&random)
                var request = ListRequest()
                request.count = [1, 5, 20, 200][random.below(4)]
                request.excludeSeen = policy
                request.filter = condition.map { FilterText(expression: $0.text) }
                request.excludedIDs = state.items.ids.filter { _ in random.below(10) == 0 } + ["unheard-of"]
                let page = try ListPage(request, of: "users/\(user)")
                let profile = UserProfile(of: user, in: state, overlay: overlay)
                let personal = try pipeline.prepare(profile, page)
                let eligibility = Eligibility(
                    excluding: profile.seen(policy, in: state) + personal.rules.excluded,
                    allowing: personal.rules.allowed, in: state,
                    at: Self.now)
                let timed = Pipeline.Personal(
                    profile: profile, mixing: personal.mixing, page: page, rules: personal.rules,
                    eligibility: eligibility,
                    content: personal.content)
                let lookup = ContentLookup(deadline: .seconds(1))
                let list = pipeline.finish(timed, similar: try #require(lookup.immediately(timed.content, state)))

                var seen = Set<String>()
                if let index = model.userIndex(of: user) {
                    for (entry, kinds) in zip(model.histories[index.position], model.kinds![index.position])
                    where policy == .interacted || policy == .watched && kinds.rawValue & 0b101 != 0 {
                        seen.insert(model.items[Int(entry.0)])
                    }
                }
                if policy != .none {
                    if user == "a-user0" { seen.formUnion(policy == .interacted ? ["a7", "a8"] : ["a8"]) }
                    if user == "stranger" { seen.formUnion(policy == .interacted ? ["new1", "new2"] : ["new1"]) }
                }
                let eligible = (0..<Int32(state.items.count)).filter { place in
                    let film = state.items.movie(at: place)
                    let isOpen =
                        film?.availableFrom ?? Self.now <= Self.now
                        && film.map { $0.availableUntil.map { $0 > Self.now } ?? true } ?? true
                    return !state.hidden.contains(place) && isOpen && (condition.map { $0.holds(film) == true } ?? true)
                        && !request.excludedIDs.contains(state.items.ids[Int(place)])
                        && !seen.contains(state.items.ids[Int(place)])
                }
                let places = list.items.map(\.place)
                let what = "\(user) \(policy) n=\(request.count) \(condition?.text ?? "no filter")"
                #expect(places.count == min(request.count, eligible.count), "\(what)")
                #expect(Set(places).count == places.count, "\(what)")
                #expect(places.allSatisfy(eligible.contains), "\(what)")
            }
        }
    }

    @Test("a model that does not say of which kinds its events were takes them all as watched")
    func oldModels() throws {
        let model = try SmallModel()
        let state = try ServingState(model: model, catalog: model.catalog, content: ContentIndex(model.catalog.movies))
        let profile = UserProfile(of: "a-user0", in: state, overlay: EventOverlay())
        #expect(profile.seen(.watched, in: state) == profile.seen(.interacted, in: state))
        #expect(profile.seen(.none, in: state).isEmpty)
    }

    @Test("a film is there from the first microsecond of its window on, and gone at the last")
    func windows() throws {
        let (start, end) = (Timestamp(seconds: 100), Timestamp(seconds: 200))
        var model = try SmallModel()
        model.kinds = nil
        let catalog = CatalogSnapshot(
            model.catalog.movies.map { movie in
                var movie = movie
                if movie.itemID == "a0" { (movie.availableFrom, movie.availableUntil) = (start, end) }
                if movie.itemID == "a1" { movie.availableUntil = start }
                return movie
            })
        let state = try ServingState(model: model, catalog: catalog, content: ContentIndex(catalog.movies))
        let (a0, a1) = (try #require(state.items.place(of: "a0")), try #require(state.items.place(of: "a1")))
        // In no order, so that what is kept is also wrong at times.
        for (seconds, isThere0, isThere1) in [
            (150, true, false), (100, true, false), (200, false, false), (99, false, true), (199, true, false),
            (-5, false, true), (1_000_000, false, false),
        ] as [(Int64, Bool, Bool)] {
            let eligibility = Eligibility(excluding: [], in: state, at: Timestamp(seconds: seconds))
            #expect(eligibility.allows(a0) == isThere0, "\(seconds)")
            #expect(eligibility.allows(a1) == isThere1, "\(seconds)")
        }
        #expect(try ServingState(model: model, catalog: model.catalog, content: state.content).availability == nil)
    }
}
