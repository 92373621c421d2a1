import Catalog
import Domain
import Linalg
import Testing
import Trainer

@testable import Serving

@Suite("Pipeline")
struct PipelineTests {
    /// A state with random factors and histories; every item is within the depth of each source.
    private func randomState(seed: UInt64) throws -> (ServingState, SmallModel) {
        var random = SeededGenerator(seed: seed)
        var model = try SmallModel()
        let factors = (0..<model.itemCount * SmallModel.rank).map { _ in Float(random.uniform() - 0.4) }
        model.itemFactors = try Matrix(rows: model.itemCount, columns: SmallModel.rank, elements: factors)
        model.packedItems = try PackedItems(model.itemFactors)
        model.userFactors = model.users.map { _ in (0..<SmallModel.rank).map { _ in Float(random.uniform() - 0.3) } }
        model.histories = model.users.map { _ in
            (0..<Int32(model.itemCount)).filter { _ in random.below(5) == 0 }
                .map { ($0, Float(random.uniform() * 4 - 1)) }
        }
        let catalog = model.catalog
        return (try ServingState(model: model, catalog: catalog, content: ContentIndex(catalog.movies)), model)
    }

    @Test("lists are those of the formula over all items", arguments: 0..<20 as Range<UInt64>)
    func bruteForce(_ seed: UInt64) throws {
        let (state, model) = try randomState(seed: seed)
        let weights = BlendWeights()
        let pipeline = Pipeline(state: state, overlay: EventOverlay(), weights: weights)
        for (number, user) in model.users.enumerated() {
            let personal = try pipeline.prepare(RecommendationQuery(userID: user, count: 500, explains: true))
            let lookup = ContentLookup(deadline: .seconds(1))
            let similar = try #require(lookup.immediately(personal.content, state))
            let list = pipeline.finish(personal, similar: similar)

            // The formula of docs/serving.md, in double precision.
            let seen = Set(model.histories[number].map(\.0))
            let eligible = (0..<Int32(state.items.count)).filter { !seen.contains($0) }
            let isKnown = model.histories[number].contains { $0.1 > 0 }
            func f(_ place: Int32) -> Double {
                guard isKnown, Int(place) < model.itemCount else { return 0 }
                let item = model.itemFactors.row(Int(place))
                return zip(item, model.userFactors[number]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            }
            let content = Dictionary(
                uniqueKeysWithValues: similar.items.map { ($0.place, Double($0.score)) })
            let largestF = eligible.map(f).max() ?? 0
            let largestC = eligible.compactMap { content[$0] }.max() ?? 0
            let shares = weights.shares(factors: largestF > 0, content: largestC > 0)
            func score(_ place: Int32) -> Double {
                var sum = Double(shares.popularity) * Double(state.popularity.scores[Int(place)])
                if largestF > 0 { sum += Double(shares.factors) * max(0, f(place)) / largestF }
                if largestC > 0 { sum += Double(shares.content) * (content[place] ?? 0) / largestC }
                return sum
            }
            #expect(Set(list.items.map(\.place)) == Set(eligible))
            for item in list.items {
                #expect(abs(Double(item.score.total) / 1e6 - score(item.place)) < 5e-6)
                #expect(item.reasons.reduce(0) { $0 + $1.part } == item.score.total)
            }
            let totals = list.items.map(\.score.total)
            #expect(totals == totals.sorted(by: >))
        }
    }

    @Test("a shorter list is the beginning of a longer one", arguments: 0..<10 as Range<UInt64>)
    func prefixes(_ seed: UInt64) throws {
        let (state, model) = try randomState(seed: seed)
        let pipeline = Pipeline(state: state, overlay: EventOverlay(), weights: BlendWeights())
        func places(_ count: Int) throws -> [Int32] {
            let personal = try pipeline.prepare(RecommendationQuery(userID: model.users[0], count: count))
            let similar = try #require(ContentLookup(deadline: .seconds(1)).immediately(personal.content, state))
            return pipeline.finish(personal, similar: similar).items.map(\.place)
        }
        let all = try places(500)
        for count in [1, 2, 7, 20] { #expect(try places(count) == Array(all.prefix(count))) }
    }

    @Test("shares add up to one over the sources that are there")
    func shares() {
        let weights = BlendWeights()
        for (factors, content) in [(true, true), (true, false), (false, true), (false, false)] {
            let shares = weights.shares(factors: factors, content: content)
            #expect(abs(shares.factors + shares.content + shares.popularity - 1) < 1e-6)
            #expect((shares.factors > 0) == factors && (shares.content > 0) == content)
        }
        #expect(
            BlendWeights(factors: 1, content: 0, popularity: 0).shares(factors: false, content: true).popularity == 1)
    }

    @Test("folding in the history alone gives what the trainer would solve, and what is newer moves it")
    func foldIn() throws {
        let model = try SmallModel()
        let state = try ServingState(model: model, catalog: .empty, content: ContentIndex([Movie]()))
        let overlay = EventOverlay()
        overlay.receive([.like("a-user0", "b0"), .like("a-user0", "b0", value: -1, at: 5_001)])
        let profile = UserProfile(of: "a-user0", in: state, overlay: overlay)
        // 1.5 for the like and −2 for the dislike: the sum says no, and belongs to the equation as a dislike.
        var items: [Int32] = model.histories[0].map(\.0)
        var confidences = model.histories[0].map(\.1)
        items.append(20)
        confidences.append(-0.5)
        let order = items.indices.sorted { items[$0] < items[$1] }
        let expected = try state.foldIn.vector(
            items: order.map { items[$0] }, confidences: order.map { confidences[$0] })
        #expect(profile.state == .foldedIn && profile.vector == expected)
        #expect(!profile.seeds.contains(20) && profile.seen.contains(20))
    }

    @Test("the overlay keeps what is newer, in order of time, once, and no more than it may")
    func overlay() {
        let overlay = EventOverlay(capacity: 100)
        overlay.receive([.like("u", "i2", at: 20), .like("u", "i1", at: 10), .like("u", "i1", at: 10)])
        #expect(overlay.events(of: "u", after: nil).map(\.itemID) == ["i1", "i2"])
        #expect(overlay.events(of: "u", after: Timestamp(seconds: 10)).map(\.itemID) == ["i2"])
        #expect(overlay.events(of: "v", after: nil).isEmpty)
        for round in 0..<1000 { overlay.receive([.like("v\(round % 7)", "i\(round)", at: Int64(round))]) }
        #expect(overlay.counts.held <= 100 && overlay.counts.accepted == 1002)
        overlay.receive((0..<1500).map { .like("w", "j\($0)", at: Int64($0)) })
        #expect(overlay.events(of: "w", after: nil).count <= EventOverlay.maximumPerUser)
        overlay.forget { $0 == "w" ? Timestamp(seconds: 1498) : nil }
        #expect(overlay.events(of: "w", after: nil).map(\.itemID) == ["j1499"])
        overlay.forget { _ in Timestamp(seconds: 9999) }
        #expect(overlay.counts.held == 0)
    }
}
