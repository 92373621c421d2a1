import Catalog
import Domain
import Testing

@testable import Serving

/// Windows of availability, and the list that stands for the catalogue, on random states.
@Suite(.timeLimit(.minutes(2))) struct AvailableListTests {
    private enum Window: Int { case none, open, over, toCome }

    /// A state whose films are open, over, or to come, by chance.
    private func state(_ seed: UInt64) throws -> (random: RandomState, state: ServingState, windows: [String: Window]) {
        let random = try RandomState(seed: seed)
        var choice = SeededGenerator(seed: seed, stream: 9)
        var windows: [String: Window] = [:]
        let now = Timestamp.now
        let films = random.state.items.movies.map { film in
            var film = film
            let window = Window(rawValue: choice.below(4)) ?? .none
            windows[film.itemID] = window
            switch window {
            case .none: break
            case .open:
                if choice.below(2) == 0 { film.availableFrom = now.advanced(bySeconds: -3600) }
                film.availableUntil = now.advanced(bySeconds: 3600)
            case .over: film.availableUntil = now.advanced(bySeconds: -1)
            case .toCome: film.availableFrom = now.advanced(bySeconds: 3600)
            }
            return film
        }
        let catalog = CatalogSnapshot(films)
        let state = try ServingState(model: random.model, catalog: catalog, content: ContentIndex(catalog.movies))
        return (random, state, windows)
    }

    /// In no list, and `why-not` says so of exactly those, whatever else is asked for.
    @Test(arguments: 0..<15 as Range<UInt64>)
    func whatCannotBeHadIsInNoListAndThatIsTheReason(_ seed: UInt64) throws {
        let (random, state, windows) = try state(seed)
        let pipeline = Pipeline(state: state, overlay: random.overlay, weights: BlendWeights())
        let lookup = ContentLookup(deadline: .seconds(1))
        var choice = SeededGenerator(seed: seed, stream: 4)
        for user in random.model.users + ["nobody"] {
            var request = random.randomRequest(&choice)
            request.filter = nil
            request.minimumScore = nil
            let page = try ListPage(request, of: "users/\(user)")
            let pending = try pipeline.personal(of: user, page)
            let list = try pending.finish(try #require(lookup.immediately(pending.content, state)), [])
            for item in list.items {
                let window = windows[state.items.ids[Int(item.place)]] ?? .none
                #expect(window == .none || window == .open)
            }
            let profile = UserProfile(of: user, in: state, overlay: random.overlay)
            for place in 0..<Int32(state.items.count) {
                let (content, finish) = try pipeline.standing(of: place, for: user, page)
                let standing = finish(try #require(lookup.immediately(content, state)))
                let id = state.items.ids[Int(place)]
                let isClosed = windows[id] == .over || windows[id] == .toCome
                let isOtherwiseOut =
                    request.excludedIDs.contains(id) || state.hidden.contains(place)
                    || profile.seen(request.excludeSeen, in: state).contains(place)
                let saysClosed = standing.verdict == .rule && standing.detail.contains("cannot be had at this time")
                #expect(saysClosed == (isClosed && !isOtherwiseOut), "\(id): \(standing.detail)")
            }
        }
    }

    /// The popular list, made different: nothing that may not be in it, as many as there are, and less alike on average.
    @Test func theRepresentativeListIsThePopularOneMadeDifferent() throws {
        var (plainSum, variedSum) = (0.0, 0.0)
        for seed in 0..<20 as Range<UInt64> {
            let random = try RandomState(seed: seed)
            var choice = SeededGenerator(seed: seed, stream: 5)
            for _ in 0..<10 {
                var request = random.randomRequest(&choice)
                request.diversity = 0
                request.exploration = 0
                request.boosts = []
                request.minimumScore = nil
                request.count = 8
                let list = try random.pipeline.representative(try ListPage(request, of: "representative"))
                var varied = request
                varied.diversity = Pipeline.usualVariety
                #expect(try random.pipeline.popular(try ListPage(varied, of: "popular")).places == list.places)
                request.count = 500
                let all = try random.pipeline.popular(try ListPage(request, of: "popular")).places
                #expect(list.places.count == min(8, all.count) && Set(list.places).count == list.places.count)
                #expect(Set(list.places).isSubset(of: all))
                // The most popular one stands first: nothing is before it that it could be too like.
                #expect(list.places.first == all.first)
                plainSum += likeness(Array(all.prefix(8)), random.state)
                variedSum += likeness(list.places, random.state)
            }
        }
        #expect(variedSum < plainSum)
        // What was asked for goes before what is usual.
        let random = try RandomState(seed: 1)
        var request = ListRequest()
        request.count = 8
        request.diversity = 1
        let asked = try random.pipeline.representative(try ListPage(request, of: "representative")).places
        #expect(try random.pipeline.popular(try ListPage(request, of: "popular")).places == asked)
    }

    /// The mean share of genres and keywords that two films of a list have in common, by code of its own.
    private func likeness(_ places: [Int32], _ state: ServingState) -> Double {
        var (sum, count) = (0.0, 0)
        for (index, a) in places.enumerated() {
            for b in places[(index + 1)...] {
                func words(_ place: Int32) -> Set<String> {
                    state.items.movie(at: place).map { Set($0.genres + $0.keywords) } ?? []
                }
                let all = words(a).union(words(b))
                if !all.isEmpty { sum += Double(words(a).intersection(words(b)).count) / Double(all.count) }
                count += 1
            }
        }
        return count == 0 ? 0 : sum / Double(count)
    }
}
