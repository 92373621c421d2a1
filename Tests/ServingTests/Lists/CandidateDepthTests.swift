import Domain
import Testing

@testable import Serving

/// What docs/serving.md promises of lists of several lengths, where there are more items than any source is asked for.
@Suite(.timeLimit(.minutes(5))) struct CandidateDepthTests {
    private func page(_ count: Int, _ user: String) throws -> ListPage {
        var request = ListRequest()
        request.count = count
        return try ListPage(request, of: "users/\(user)")
    }

    private func list(_ random: RandomState, _ count: Int, _ user: String) throws -> [RecommendedItem] {
        try random.list(try random.pipeline.personal(of: user, page(count, user))).items
    }

    private func standing(_ random: RandomState, _ place: Int32, _ page: ListPage, _ user: String) throws
        -> Pipeline.Standing
    {
        let (content, finish) = try random.pipeline.standing(of: place, for: user, page)
        return finish(try #require(ContentLookup(deadline: .seconds(1)).immediately(content, random.state)))
    }

    /// Each candidate of the list has a rank of its own, nothing else has one, and longer lists agree with the ranks.
    @Test(arguments: 0..<3 as Range<UInt64>)
    func ranksAreThoseOfTheListsCandidates(_ seed: UInt64) throws {
        let random = try RandomState(seed: seed, perTaste: 200)
        for user in ["a-user0", "nobody"] {
            let short = try page(3, user)
            let items = try list(random, 3, user)
            var places: [Int: Int32] = [:]
            var scores: [Int32: Int32] = [:]
            var outside = 0
            for place in 0..<Int32(random.state.items.count) {
                let standing = try standing(random, place, short, user)
                switch standing.verdict {
                case .listed, .outranked:
                    guard let rank = standing.rank else {
                        outside += 1
                        #expect(standing.verdict == .outranked && standing.detail.contains("candidates"))
                        continue
                    }
                    #expect(places[rank] == nil, "two are number \(rank)")
                    places[rank] = place
                    scores[place] = standing.score?.total
                default: #expect(standing.rank == nil)
                }
                #expect(standing.reasons.reduce(0) { $0 + $1.part } == standing.score?.total)
            }
            // Whom nothing is known of has the popular list, in which everything has its rank.
            #expect((outside > 0) == (user != "nobody") && places.count > 3)
            #expect(places.keys.sorted() == Array(1...places.count))
            let ranked = (1...places.count).compactMap { places[$0] }
            #expect(Array(ranked.prefix(3)) == items.map(\.place))
            #expect(ranked.map { scores[$0]! } == ranked.map { scores[$0]! }.sorted(by: >))
            // Up to 50 as many are asked for: what comes in between are popular ones.
            let longer = try list(random, 50, user)
            let known = longer.filter { scores[$0.place] != nil }
            #expect(known.map(\.place) == Array(ranked.prefix(known.count)))
            #expect(known.allSatisfy { $0.score.total == scores[$0.place] })
            let popular = Set(random.state.popularity.order.prefix(random.state.items.count / 2))
            #expect(longer.allSatisfy { scores[$0.place] != nil || popular.contains($0.place) })
        }
    }

    /// A longer list asks deeper: what a source then says of an item adds to its score.
    @Test(arguments: 0..<3 as Range<UInt64>)
    func noScoreFallsInALongerList(_ seed: UInt64) throws {
        let random = try RandomState(seed: seed, perTaste: 200)
        for user in ["a-user0", "b-user1", "nobody"] {
            let long = try list(random, 500, user)
            let scores = Dictionary(uniqueKeysWithValues: long.map { ($0.place, $0.score.total) })
            for count in [1, 20, 50, 120] {
                let short = try list(random, count, user)
                #expect(short.count == min(count, long.count))
                for item in short { #expect(item.score.total <= scores[item.place] ?? 0) }
            }
        }
    }

    /// Where every source is asked for all there is, a shorter list is the head of a longer one.
    @Test(arguments: 0..<5 as Range<UInt64>)
    func aShortListIsTheHeadOfALongOneInASmallCatalogue(_ seed: UInt64) throws {
        let random = try RandomState(seed: seed, perTaste: 50)
        for user in random.model.users + ["nobody"] {
            let long = try list(random, 500, user)
            for count in [1, 20, 50, 90] {
                let short = try list(random, count, user)
                #expect(short.map(\.place) == long.prefix(count).map(\.place))
                #expect(short.map(\.score) == long.prefix(count).map(\.score))
            }
        }
    }
}
