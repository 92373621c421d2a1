import Domain
import Testing

@testable import Serving

/// The stated probability of an item at its rank is the one with which chance puts it there.
@Suite(.timeLimit(.minutes(3))) struct PropensityTests {
    @Test func withoutChanceEverythingIsCertain() throws {
        let random = try RandomState(seed: 1)
        var request = ListRequest()
        request.count = 5
        let list = try random.personal("a-user0", request)
        #expect(list.propensities.values(5) == [1, 1, 1, 1, 1])
    }

    /// Two items, worth d more and less: the better one is first unless it draws d less.
    @Test(arguments: [0, 0.05, 0.2, 0.49, 0.9])
    func ofTwoItemsTheProbabilityIsTheTriangles(_ difference: Double) throws {
        let share = 0.5
        let exploration = Exploration(bases: [difference, 0], share: share)
        let gap = min(1, difference / share)
        let expected = 1 - (1 - gap) * (1 - gap) / 2
        let found = try #require(exploration.propensities(2))
        #expect(abs(found[0] - expected) < 1e-4 && abs(found[1] - expected) < 1e-4)
        // And the other way around.
        let other = try #require(Exploration(bases: [0, difference], share: share).propensities(1))
        #expect(abs(other[0] - max(1e-12, 1 - expected)) < 1e-4)
    }

    @Test func equalItemsAreEachAnywhereWithTheSameProbability() throws {
        for count in [1, 2, 7, 40] {
            let found = try #require(
                Exploration(bases: Array(repeating: 0.3, count: count), share: 0.4).propensities(5))
            #expect(
                found.count == min(5, count) && found.allSatisfy { abs($0 - 1 / Double(count)) < 1e-3 / Double(count) })
        }
    }

    /// With everything alone and full chance: 20,000 lists of the real thing, counted.
    @Test(arguments: [Float(0.3), 0.7, 1])
    func theStatedProbabilityIsHowOftenItHappens(_ share: Float) throws {
        let random = try RandomState(seed: 5)
        var request = ListRequest()
        request.count = 4
        request.exploration = share
        request.seed = 0
        let draws = 20_000
        var seen: [Int32: [Int]] = [:]
        var stated: [Int32: [Double?]] = [:]
        // The pool once; chance many times.
        let page = try ListPage(request, of: "users/a-user0")
        let personal = try random.pipeline.prepare(
            UserProfile(of: "a-user0", in: random.state, overlay: random.overlay), page)
        let lookup = ContentLookup(deadline: .seconds(1))
        let similar = try #require(lookup.immediately(personal.content, random.state))
        let ranked = random.pipeline.rank(personal, similar: similar)
        for seed in 0..<draws {
            request.seed = UInt64(seed)
            let arrangement = Arrangement(
                state: random.state, rules: personal.rules, page: try ListPage(request, of: "users/a-user0"))
            let (items, _, propensities) = arrangement.items(of: ranked)
            for (rank, item) in items.enumerated() {
                seen[item.place, default: [0, 0, 0, 0]][rank] += 1
                // Worked out where it is not known yet: it is the same for the same item at the same rank.
                if stated[item.place]?[rank] == nil {
                    let values = try #require(propensities.values(items.count))
                    for (rank, item) in items.enumerated() {
                        stated[item.place, default: [nil, nil, nil, nil]][rank] = values[rank]
                    }
                }
            }
        }
        for (place, counts) in seen {
            for (rank, count) in counts.enumerated() where count > 0 {
                let probability = try #require(stated[place]?[rank])
                let spread = (probability * (1 - probability) * Double(draws)).squareRoot()
                #expect(abs(Double(count) - probability * Double(draws)) < 5 * spread + 1)
            }
        }
    }

    /// Whoever is not told is not told something wrong.
    @Test func whatNobodyAddsUpIsUnknown() throws {
        let random = try RandomState(seed: 2)
        var request = ListRequest()
        request.count = 5
        request.exploration = 0.5
        request.diversity = 0.5
        #expect(try random.personal("a-user0", request).propensities.values(5) == nil)
        request.diversity = 0
        let first = try random.personal("a-user0", request)
        #expect(first.propensities.values(5)?.count == 5)
        let cursor: String = try #require(first.nextCursor)
        request.cursor = cursor
        #expect(try random.personal("a-user0", request).propensities.values(5) == nil)
    }
}
