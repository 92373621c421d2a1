import Catalog
import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Serving
@testable import Trainer

@Suite("Learned blends")
struct LearnedBlendTests {
    /// Weights by hand: of strangers popularity and recency, of others a bit of everything.
    private func blend(items: Int) throws -> ModelBlend {
        var many = LearnedBlend.Mixture(
            weights: .init(), intercept: -3, slope: 5, users: 40, ndcg: 0.2, alone: [:])
        many.weights.factors = 0.4
        many.weights.content = 0.1
        many.weights.popularity = 0.1
        many.weights.recent = 0.2
        many.weights.neighbours = 0.2
        var none = many
        none.weights = .init()
        none.weights.popularity = 0.3
        none.weights.recent = 0.7
        let blend = LearnedBlend(
            epsilon: .init(repeating: 0.1), halfLifeDays: 7, none: none, few: many, many: many,
            window: .init(
                from: Timestamp(seconds: 0), until: Timestamp(seconds: 1), lists: 40, candidates: 400, liked: 10))
        // Item 3 is liked lately, and item i speaks for item i + 1.
        let counts = (0..<items).map { $0 == 3 ? Float(8) : $0 % 2 == 0 ? 1 : 0 }
        let links = try SparseRows(
            rows: items, columns: items, entries: (0..<items - 1).map { (Int32($0), Int32($0 + 1), Float(1)) })
        return ModelBlend(
            blend: blend,
            recent: RecentLikings(at: Timestamp(seconds: 2_000), halfLifeDays: 7, counts: counts),
            neighbours: ItemLinks(links), linear: nil)
    }

    /// What `blend(items:)` says that an item is liked lately, `0…1`; a film that only the catalogue knows has no events.
    private static func recent(_ place: Int32, _ model: SmallModel) -> Float {
        guard Int(place) < model.itemCount else { return 0 }
        return place == 3 ? 1 : place % 2 == 0 ? 1.0 / 8 : 0
    }

    private func state() throws -> (ServingState, SmallModel) {
        var model = try SmallModel()
        model.blend = try blend(items: model.itemCount)
        let catalog = model.catalog
        return (try ServingState(model: model, catalog: catalog, content: ContentIndex(catalog.movies)), model)
    }

    private func list(
        _ pipeline: Pipeline, _ user: String, count: Int = 40, contentWeight: Float? = nil
    ) throws -> RecommendationList {
        var request = RecommendationQuery(userID: user, count: count, explains: true).list
        request.contentWeight = contentWeight
        let personal = try pipeline.prepare(
            UserProfile(of: user, in: pipeline.state, overlay: pipeline.overlay),
            ListPage(request, of: "users/\(user)"))
        let similar = try #require(
            ContentLookup(deadline: .seconds(1)).immediately(personal.content, pipeline.state))
        return pipeline.finish(personal, similar: similar)
    }

    @Test("scores are those of the model's blend, their parts add up, and they come with a probability")
    func formula() throws {
        let (state, model) = try state()
        let blend = try #require(model.blend).blend
        let pipeline = Pipeline(state: state, overlay: EventOverlay(), weights: nil)
        let answer = try list(pipeline, model.users[0])
        #expect(!answer.items.isEmpty)
        for item in answer.items {
            #expect(item.reasons.reduce(0) { $0 + $1.part } == item.score.total)
            let recent = blend.few.weights.recent * blend.curve(.recent)(Self.recent(item.place, model))
            #expect(abs(Float(item.score.recent) / 1e6 - recent) < 1e-5)
            let probability = try #require(item.probability)
            #expect(abs(probability - 1 / (1 + exp(3 - 5 * Float(item.score.total) / 1e6))) < 1e-6)
        }
        #expect(answer.items.map(\.score.total) == answer.items.map(\.score.total).sorted(by: >))
        // An item that is no candidate is scored alike.
        let scorer = Scorer(
            try pipeline.prepare(RecommendationQuery(userID: model.users[0], count: 1)), pipeline,
            similar: SimilarItems())
        for ranked in scorer.ranked.prefix(3) { #expect(scorer.score(ranked.place) == ranked.score) }
    }

    @Test("of a stranger only popularity and recency count, and content is not asked")
    func strangers() throws {
        let (state, _) = try state()
        let pipeline = Pipeline(state: state, overlay: EventOverlay(), weights: nil)
        let answer = try list(pipeline, "nobody", count: 5)
        #expect(answer.items.first?.place == 3)
        for item in answer.items { #expect(item.score.factors == 0 && item.score.content == 0) }
        let personal = try pipeline.prepare(RecommendationQuery(userID: "nobody", count: 5))
        #expect(personal.content.seeds.isEmpty)
    }

    @Test("content counts for as much as a list asks, and its scores are no probabilities then")
    func contentWeight() throws {
        let (state, model) = try state()
        let blend = try #require(model.blend).blend
        let pipeline = Pipeline(state: state, overlay: EventOverlay(), weights: nil)
        let usual = try list(pipeline, model.users[0])
        for weight in [0, 0.1, 0.4, 1] as [Float] {
            let answer = try list(pipeline, model.users[0], contentWeight: weight)
            #expect(answer.items.count == usual.items.count)
            for item in answer.items {
                #expect(item.probability == nil)
                #expect(item.reasons.reduce(0) { $0 + $1.part } == item.score.total)
                if weight == 0 { #expect(item.score.content == 0) }
                if weight == 1 { #expect(item.score.total == item.score.content) }
                let part =
                    blend.few.weights.recent * blend.curve(.recent)(Self.recent(item.place, model)) * (1 - weight) / 0.9
                #expect(abs(Float(item.score.recent) / 1e6 - part) < 1e-5)
            }
            // The share that it has in the blend anyway.
            if weight == 0.1 { #expect(answer.places == usual.places) }
        }
        // Where content has nothing to say, popularity does.
        let stranger = try list(pipeline, "nobody", count: 5, contentWeight: 1)
        #expect(stranger.places == Array(state.popularity.order.prefix(5)))
    }

    @Test("weights that are given win, and a model without a blend has the usual ones")
    func givenWeights() throws {
        let (state, model) = try state()
        let given = Pipeline(state: state, overlay: EventOverlay(), weights: BlendWeights())
        for item in try list(given, model.users[0]).items { #expect(item.score.recent == 0 && item.probability == nil) }
        let plain = try SmallModel()
        let old = try ServingState(model: plain, catalog: plain.catalog, content: ContentIndex(plain.catalog.movies))
        let usual = try list(Pipeline(state: old, overlay: EventOverlay(), weights: nil), plain.users[0])
        #expect(usual.items.map(\.place) == (try list(given, model.users[0]).items.map(\.place)))
    }

    @Test("events move what is liked lately, fading by the half-life")
    func recency() throws {
        let (state, _) = try state()
        let board = try #require(state.recent)
        #expect(board.current.order.first == 3)
        let trends = EventTrends()
        // Two half-lives later item 3 counts 2, item 5 is liked by five.
        let later = Timestamp(seconds: 2_000 + 14 * 86_400)
        trends.receive(
            (0..<5).map {
                Event(
                    eventID: "e\($0)", userID: "u\($0)", itemID: state.items.ids[5], kind: .like, value: 1, at: later,
                    source: "test")
            })
        let since = try #require(trends.likings(after: board.likings.at, halfLifeDays: 7, in: state))
        board.renew(with: since.sums, at: since.at)
        #expect(Array(board.current.order.prefix(2)) == [5, 3])
        #expect(abs(board.current.scores[3] - 2.0 / 5) < 1e-4)
    }

    /// The same candidates, the same numbers, the same order.
    @Test("serving ranks as the evaluation does")
    func sameAsEvaluation() async throws {
        try await withTemporaryFolder { folder in
            let log = try InteractionLog(source: "planted", version: 1)
            var random = SeededGenerator(seed: 7)
            for step in 0..<4000 {
                let user = random.below(150)
                let item = random.uniform() < 0.15 ? random.below(60) : random.below(15) * 4 + user % 4
                try log.append(
                    userID: "user \(user)", itemID: "film \(item)", kind: .like, value: item % 4 == user % 4 ? 1 : -1,
                    at: Timestamp(seconds: 1_700_000_000 + Int64(step) * 600))
            }
            let registry = ModelRegistry(folder: folder.path)
            var configuration = TrainingConfiguration(
                codeVersion: "test", parameters: ALSParameters(rank: 8, epochs: 4, threads: 2), policy: .always,
                bootstrapResamples: 20)
            configuration.learnsBlend = true
            let manifest = try TrainingRun(configuration: configuration, registry: registry).run(log)
            let model = try registry.open(manifest.id)
            let learned = try #require(model.blend)
            let state = try ServingState(model: model, catalog: .empty, content: ContentIndex([Movie]()))
            let pipeline = Pipeline(state: state, overlay: EventOverlay(), weights: nil)

            let everything = try TrainingSet.build(from: log, weights: manifest.weights)
            let sources = try BlendSources(
                log, everything, ALSFactors(userFactors: model.userFactors, itemFactors: model.itemFactors),
                manifest.parameters, manifest.weights, content: nil, halfLives: [learned.blend.halfLifeDays],
                workers: Workers(count: 1)
            ) { _ in true }
            for user in 0..<Int32(everything.userCount) where user % 10 == 0 {
                let rows = everything.interactions
                let history = rows.entries(ofRow: Int(user)).map {
                    (item: rows.columnIndices[$0], weight: rows.values[$0])
                }
                let theirs = sources.list(
                    history: history, newest: [], vector: model.userFactors.row(Int(user)), relevant: [])
                let design = BlendDesign([theirs], halfLife: 0, epsilon: learned.blend.epsilon)
                let weights = LearnedBlend.Source.allCases.map {
                    Double(learned.blend[theirs.knowledge].weights[$0])
                }
                let scores = design.scores(0, weights)
                let ours = try list(pipeline, everything.users.id(at: Int(user)), count: 20)
                for item in ours.items {
                    let place = try #require(theirs.items.firstIndex(of: item.place))
                    #expect(abs(scores[place] - Double(item.score.total) / 1e6) < 1e-5)
                }
                let best = design.ranked(0, weights, count: ours.items.count).map { scores[$0] }
                for (a, b) in zip(best, ours.items) { #expect(abs(a - Double(b.score.total) / 1e6) < 1e-5) }
            }
        }
    }

    /// What is left out of a short list could not have been in it.
    @Test func theFirstOfARankingAreThoseOfTheWholeRanking() throws {
        var model = try SmallModel(perTaste: 150)
        model.blend = try blend(items: model.itemCount)
        let catalog = model.catalog
        let state = try ServingState(model: model, catalog: catalog, content: ContentIndex(catalog.movies))
        let pipeline = Pipeline(state: state, overlay: EventOverlay(), weights: nil)
        for user in model.users {
            let personal = try pipeline.prepare(RecommendationQuery(userID: user, count: 10))
            let similar = try #require(ContentLookup(deadline: .seconds(1)).immediately(personal.content, state))
            let all = pipeline.rank(personal, similar: similar)
            for first in [1, 11, 50, 150] {
                let leading = pipeline.rank(personal, similar: similar, first: first)
                #expect(leading.map(\.place) == all.prefix(first).map(\.place), "\(user), \(first)")
                #expect(leading.map(\.score.total) == all.prefix(first).map(\.score.total))
            }
        }
    }
}
