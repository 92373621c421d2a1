import Domain
import Linalg
import Testing

@testable import Serving

/// Lists against ones that are made over all items, on random small models.
@Suite struct ListPropertyTests {
    @Test(arguments: 0..<30 as Range<UInt64>)
    func asManyItemsComeAsThereAreAndNoneThatMayNot(_ seed: UInt64) throws {
        let random = try RandomState(seed: seed)
        var choice = SeededGenerator(seed: seed, stream: 1)
        for user in random.model.users + ["nobody"] {
            let request = random.randomRequest(&choice)
            let list = try random.personal(user, request)
            let eligible = try random.eligible(user, request)
            #expect(list.items.count == min(request.count, eligible.count), "\(user) \(request)")
            #expect(Set(list.places).count == list.items.count)
            #expect(Set(list.places).isSubset(of: eligible.map(\.place)))
            #expect((list.nextCursor != nil) == (eligible.count > request.count))
            for item in list.items { #expect(item.reasons.reduce(0) { $0 + $1.part } == item.score.total) }
            // The same seed, the same list.
            #expect(try random.personal(user, request).places == list.places)
            if request.diversity == 0, request.exploration == 0 {
                #expect(list.places == eligible.prefix(request.count).map(\.place))
                #expect(list.items.map(\.score.total) == eligible.prefix(request.count).map(\.score))
            }
        }
    }

    /// The formula of docs/serving.md in double precision: each source is scaled by the best that the filter leaves.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func scoresAreScaledByWhatTheFilterLeaves(_ seed: UInt64) throws {
        let random = try RandomState(seed: seed)
        let state = random.state
        for (number, user) in random.model.users.enumerated() {
            for filter in RandomState.filters {
                var request = ListRequest()
                request.count = 500
                request.filter = filter.text
                let page = try ListPage(request, of: "x")
                let personal = try random.pipeline.prepare(
                    UserProfile(of: user, in: state, overlay: random.overlay), page)
                let similar = try #require(ContentLookup(deadline: .seconds(1)).immediately(personal.content, state))
                let list = random.pipeline.finish(personal, similar: similar)
                let content = Dictionary(uniqueKeysWithValues: similar.items.map { ($0.place, Double($0.score)) })
                let isKnown = random.model.histories[number].contains { $0.1 > 0 }
                func f(_ place: Int32) -> Double {
                    guard isKnown, Int(place) < random.model.itemCount else { return 0 }
                    let item = random.model.itemFactors.row(Int(place))
                    return zip(item, random.model.userFactors[number]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
                }
                let places = list.places
                let largestF = places.map(f).max() ?? 0
                let largestC = places.compactMap { content[$0] }.max() ?? 0
                let shares = BlendWeights().shares(factors: largestF > 0, content: largestC > 0)
                for item in list.items {
                    var score = Double(shares.popularity) * Double(state.popularity.scores[Int(item.place)])
                    if largestF > 0 { score += Double(shares.factors) * max(0, f(item.place)) / largestF }
                    if largestC > 0 { score += Double(shares.content) * (content[item.place] ?? 0) / largestC }
                    #expect(abs(Double(item.score.total) / 1e6 - score) < 5e-6)
                }
            }
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func diversityIsMaximalMarginalRelevance(_ seed: UInt64) throws {
        let random = try RandomState(seed: seed)
        for (user, strength) in zip(random.model.users, [0.1, 0.3, 0.5, 0.7, 0.9, 1] as [Float]) {
            var request = ListRequest()
            request.count = 12
            request.diversity = strength
            let list = try random.personal(user, request)
            let pool = try random.everything(user)
            let diversity = Diversity(state: random.state, strength: strength)
            let best = Float(max(1, pool[0].score.total))
            var expected: [Int32] = []
            while expected.count < 12 {
                var (winner, value): (Int32, Float) = (-1, -.infinity)
                for item in pool where !expected.contains(item.place) {
                    let nearest = expected.map { diversity.likeness(item.place, $0) }.max() ?? 0
                    let marginal = (1 - strength) * (Float(item.score.total) / best) - strength * nearest
                    if marginal > value { (winner, value) = (item.place, marginal) }
                }
                expected.append(winner)
            }
            #expect(list.places == expected)
        }
    }

    @Test func theMostDiverseListIsMoreDiverseThanTheBest() throws {
        var (plain, diverse): (Float, Float) = (0, 0)
        for seed in 0..<20 as Range<UInt64> {
            let random = try RandomState(seed: seed)
            func likeness(_ strength: Float) throws -> Float {
                var request = ListRequest()
                request.count = 8
                request.diversity = strength
                let places = try random.personal(random.model.users[0], request).places
                let diversity = Diversity(state: random.state, strength: 0)
                var sum: Float = 0
                for (a, b) in places.flatMap({ a in places.map { (a, $0) } }) where a < b {
                    sum += diversity.likeness(a, b)
                }
                return sum
            }
            plain += try likeness(0)
            diverse += try likeness(1)
        }
        #expect(diverse < 0.8 * plain)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func explorationGoesFromTheScoreToChance(_ seed: UInt64) throws {
        let random = try RandomState(seed: seed)
        let user = random.model.users[0]
        let all = try random.everything(user)
        func places(_ share: Float, seed: UInt64?) throws -> [Int32] {
            var request = ListRequest()
            request.count = 500
            request.exploration = share
            request.seed = seed
            return try random.personal(user, request).places
        }
        #expect(try places(0, seed: 1) == all.map(\.place))
        #expect(try places(1, seed: 1) != places(1, seed: 2))
        #expect(Set(try places(1, seed: 1)) == Set(all.map(\.place)))
        // Without a seed every list is another one.
        #expect(try places(1, seed: nil) != places(1, seed: nil))
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func pagesPutTogetherAreTheLongList(_ seed: UInt64) throws {
        let random = try RandomState(seed: seed)
        var choice = SeededGenerator(seed: seed, stream: 2)
        for user in random.model.users {
            var request = random.randomRequest(&choice)
            request.count = 500
            let long = try random.personal(user, request).places
            var pages: [Int32] = []
            repeat {
                request.count = 1 + choice.below(9)
                let page = try random.personal(user, request)
                #expect(Set(page.places).isDisjoint(with: pages))
                pages += page.places
                request.cursor = page.nextCursor
            } while request.cursor != nil
            #expect(pages == long)
        }
    }

    @Test(arguments: Pipeline.Aggregate.allCases, 0..<10 as Range<UInt64>)
    func aGroupListIsWhatItsRuleSays(_ aggregate: Pipeline.Aggregate, _ seed: UInt64) throws {
        let random = try RandomState(seed: seed)
        let users = ["a-user0", "b-user1", "a-user2"]
        var request = ListRequest()
        request.count = 500
        request.explain = .summary
        let list = try random.list(
            try random.pipeline.group(users, aggregate, try ListPage(request, of: "group")))
        let seen = Set(
            try users.flatMap { user in
                let number = try #require(random.model.users.firstIndex(of: user))
                return random.model.histories[number].map(\.0)
            })
        // Each member's list without what any of them has seen.
        request.excludedIDs = seen.map { random.state.items.ids[Int($0)] }
        request.excludeSeen = .none
        let ones = try users.map { user in try random.personal(user, request).items }
        let pool = Set(ones[0].map(\.place))
        #expect(Set(list.places) == pool && list.items.count == pool.count)
        let size = Double(pool.count)
        for item in list.items {
            let scores = ones.map { Double($0.first { $0.place == item.place }!.score.total) }
            let ranks = ones.map { Double($0.firstIndex { $0.place == item.place }!) }
            let expected =
                switch aggregate {
                case .mean: scores.reduce(0, +) / 3
                case .leastMisery: scores.min()!
                case .borda: ranks.reduce(0) { $0 + size - $1 } / (3 * size) * 1_000_000
                }
            // A model's score over items of one's own eligibility and of the group's differ in the scale alone.
            #expect(abs(Double(item.score.total) - expected) <= 4, "\(aggregate)")
            #expect(item.reasons.reduce(0) { $0 + $1.part } == item.score.total)
        }
        let totals = list.items.map(\.score.total)
        #expect(totals == totals.sorted(by: >))
    }

    /// A short list leaves products out that could not matter: it is the beginning of the list of all candidates.
    @Test(arguments: 0..<6) func theFirstOfARankingAreThoseOfTheWholeRanking(_ seed: UInt64) throws {
        let random = try RandomState(seed: seed, perTaste: 150)
        for user in random.model.users.prefix(12) {
            for weights in [BlendWeights(), BlendWeights(factors: 0.2, content: 0.1, popularity: 0.7)] {
                let pipeline = Pipeline(state: random.state, overlay: random.overlay, weights: weights)
                let personal = try pipeline.prepare(RecommendationQuery(userID: user, count: 20))
                let lookup = ContentLookup(deadline: .seconds(1))
                let similar = try #require(lookup.immediately(personal.content, random.state))
                let all = pipeline.rank(personal, similar: similar)
                for first in [1, 2, 10, 21, 99, 100, 101, 1000] {
                    let leading = pipeline.rank(personal, similar: similar, first: first)
                    #expect(leading.map(\.place) == all.prefix(first).map(\.place), "\(user), \(first)")
                    #expect(leading.map(\.score.total) == all.prefix(first).map(\.score.total))
                }
            }
        }
    }
}
