import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Trainer

@Suite struct BlendFitTests {
    /// Whose likings follow one source with chance, the others being noise.
    private func lists(
        _ count: Int, following truth: LearnedBlend.Source, _ knowledge: LearnedBlend.Knowledge = .many,
        seed: UInt64 = 1
    ) -> [BlendList] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            var list = BlendList(knowledge: knowledge, relevant: [])
            list.items = Array(0..<60)
            list.recent = [[], []]
            for item in list.items {
                var values = LearnedBlend.Values()
                for source in LearnedBlend.Source.allCases { values[source] = Float(random.uniform()) }
                list.recent[0].append(Float(random.uniform()))
                list.recent[1].append(values.recent)
                let isLiked = random.uniform() < 0.4 * pow(Double(values[truth]), 4)
                values.recent = 0
                list.values.append(values)
                list.isLiked.append(isLiked)
                if isLiked { list.relevant.append(item) }
            }
            return list
        }
    }

    private func sources(
        _ log: InteractionLog, isTraining: (InteractionLog.Record) -> Bool = { _ in true }
    ) throws -> BlendSources {
        let training = try TrainingSet.build(from: log, weights: ConfidenceWeights(), accept: isTraining)
        let parameters = ALSParameters(rank: 4, epochs: 1, threads: 1)
        let factors = try ALS.fit(interactions: training.interactions, parameters: parameters)
        return try BlendSources(
            log, training, factors, parameters, ConfidenceWeights(), content: nil, workers: Workers(count: 1),
            isTraining: isTraining)
    }

    private func window(_ lists: [BlendList]) throws -> BlendWindow {
        let log = try plantedLog()
        var window = try BlendWindow(log, sources(log)) { _ in true }
        window.lists = lists
        return window
    }

    /// The lists of a filter: nothing outside the slice is a candidate or counts as found, and the sources of what is inside
    /// say of it what they say without the filter, divided by the best inside.
    @Test func listsOfSomeFilmsHoldNothingElse() throws {
        let log = try plantedLog(users: 120, perUser: 20)
        var times: [Int64] = []
        try log.forEachChunk { chunk in times += chunk.map(\.at) }
        let middle = times.sorted()[times.count / 2]
        let sources = try sources(log) { $0.at < middle }
        let slice = FilmSlice("even", of: sources.training) { $0 % 2 == 0 }
        let all = try BlendWindow(log, sources) { $0.at >= middle }
        let some = try BlendWindow(log, sources, among: slice) { $0.at >= middle }
        #expect(!some.lists.isEmpty && some.lists.count <= all.lists.count)
        for list in some.lists {
            #expect(!list.relevant.isEmpty && list.relevant.allSatisfy(slice.contains))
            #expect(list.items.allSatisfy(slice.contains))
            #expect(zip(list.items, list.isLiked).allSatisfy { list.relevant.contains($0) == $1 })
        }
        let found = all.lists.reduce(0) { $0 + $1.relevant.count { slice.contains($0) } }
        #expect(some.lists.reduce(0) { $0 + $1.relevant.count } == found)
        let known = some.lists.filter { $0.knowledge != .none }
        #expect(known.allSatisfy { list in list.values.map(\.factors).max() == 1 })
        #expect(sources.slices(at: 2000).map(\.name) == ["films of 1–5 events", "films of more events"])
    }

    @Test(arguments: LearnedBlend.Source.allCases)
    func theSourceThatTellsTheTruthGetsTheWeight(_ truth: LearnedBlend.Source) throws {
        let blend = try #require(try BlendFit.blend(window(lists(200, following: truth)), [3, 30]))
        let weights = blend.many.weights
        #expect(weights[truth] > 0.6)
        for source in LearnedBlend.Source.allCases where source != truth { #expect(weights[source] < 0.2) }
        if truth == .recent { #expect(blend.halfLifeDays == 30) }
        let sum = LearnedBlend.Source.allCases.reduce(Float(0)) { $0 + weights[$1] }
        #expect(abs(sum - 1) < 1e-5)
        // It ranks as well as the source itself does.
        #expect(blend.many.ndcg > blend.many.alone[truth.rawValue]! - 0.03)
    }

    @Test func eachStateOfKnowledgeHasItsOwnWeights() throws {
        let all =
            lists(100, following: .popularity, .none) + lists(100, following: .content, .few, seed: 2)
            + lists(100, following: .factors, .many, seed: 3)
        let blend = try #require(try BlendFit.blend(window(all), [3, 30]))
        #expect(blend.none.weights.popularity > 0.6)
        #expect(blend.none.ignores(.factors) && blend.none.ignores(.neighbours))
        #expect(blend.few.weights.content > 0.6)
        #expect(blend.many.weights.factors > 0.6)
        #expect(blend.many.users == 100)
    }

    /// What the lists for everybody do not tell, lists of few films may: the weights heed them; the figures that go with the
    /// weights are those of the lists for everybody.
    @Test func listsOfAFilterTeachToo() throws {
        var random = SeededGenerator(seed: 11)
        let whole = lists(100, following: .factors).map { list in
            var list = list
            list.isLiked.shuffle(using: &random)
            return list
        }
        let alone = try #require(try BlendFit.blend(window(whole), [3, 30]))
        let both = try #require(
            try BlendFit.blend(window(whole), filtered: lists(300, following: .content, seed: 5), [3, 30]))
        #expect(both.many.weights.content > alone.many.weights.content + 0.1)
        #expect(both.many.users == 100 && both.window == alone.window)
        #expect(both.many.alone["factors"] == alone.many.alone["factors"])
    }

    @Test func tooFewListsTeachNothing() throws {
        #expect(try BlendFit.blend(window(lists(10, following: .factors)), [3, 30]) == nil)
    }

    /// On lists that the fit has not seen: of a hundred items of probability p about p hundred are liked.
    @Test func probabilitiesAreThoseOfOtherListsToo() throws {
        let blend = try #require(try BlendFit.blend(window(lists(300, following: .factors)), [3, 30]))
        var sums: [Int: (predicted: Double, liked: Double, count: Double)] = [:]
        for list in lists(300, following: .factors, seed: 9) {
            let scored = list.values.indices.map { place -> (score: Float, isLiked: Bool) in
                var values = list.values[place]
                values.recent = list.recent[1][place]
                let score = LearnedBlend.Source.allCases.reduce(Float(0)) {
                    $0 + blend.many.weights[$1] * blend.curve($1)(values[$1])
                }
                return (score, list.isLiked[place])
            }
            for item in scored.sorted(by: { $0.score > $1.score }).prefix(BlendFit.calibratedDepth) {
                let p = Double(blend.many.probability(item.score))
                let bin = min(4, Int(p * 10))
                let sum = sums[bin] ?? (0, 0, 0)
                sums[bin] = (sum.predicted + p, sum.liked + (item.isLiked ? 1 : 0), sum.count + 1)
            }
        }
        for (_, sum) in sums where sum.count > 300 {
            #expect(abs(sum.predicted / sum.count - sum.liked / sum.count) < 0.05)
        }
    }

    @Test func curvesRiseFromZeroToOne() {
        var blend = LearnedBlend.Values(repeating: 0.01)
        blend.content = 1
        for epsilon: Float in [0.001, 0.01, 0.1, 1] {
            #expect(LearnedBlend.Curve(epsilon)(0) == 0 && LearnedBlend.Curve(epsilon)(-1) == 0)
            #expect(abs(LearnedBlend.Curve(epsilon)(1) - 1) < 1e-6)
            var last: Float = 0
            for step in 1...50 {
                let value = LearnedBlend.Curve(epsilon)(Float(step) / 50)
                #expect(value > last)
                last = value
            }
        }
    }

    /// Published with a blend, read back, the same bytes with one thread and three.
    @Test func blendsArePublishedAndTheSameWithAnyNumberOfThreads() async throws {
        try await withTemporaryFolder { folder in
            var files: [[[UInt8]]] = []
            for threads in [1, 3] {
                let registry = ModelRegistry(folder: folder.appending(path: "\(threads)").path)
                var configuration = smallConfiguration()
                configuration.parameters.threads = threads
                configuration.policy = .always
                let manifest = try TrainingRun(configuration: configuration, registry: registry)
                    .run(plantedLog(users: 120, perUser: 20))
                let model = try registry.open(manifest.id, verifying: true)
                let blend = try #require(model.blend)
                #expect(blend.recent.counts.count == model.itemCount)
                #expect(blend.blend.window.lists >= BlendFit.fewestLists)
                let report = try #require(try registry.evaluation(of: manifest.id))
                let section = try #require(report.sections.first { $0.id == "blend" })
                #expect(section.tables.count == 3 && section.plots.count == 1)
                files.append(
                    try [ModelBlend.blendFile, ModelBlend.sourcesFile].map {
                        Array(try Data(contentsOf: URL(filePath: "\(registry.path(of: manifest.id))/\($0)")))
                    })
            }
            #expect(files[0] == files[1])
        }
    }

    @Test func aDamagedBlendIsFoundAndAModelWithoutOneOpens() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            var configuration = smallConfiguration()
            configuration.policy = .always
            let manifest = try TrainingRun(configuration: configuration, registry: registry)
                .run(plantedLog(users: 120, perUser: 20))
            let path = "\(registry.path(of: manifest.id))/\(ModelBlend.blendFile)"
            let size = try Data(contentsOf: URL(filePath: path)).count
            try Data(repeating: 0x20, count: size).write(to: URL(filePath: path))
            do {
                _ = try registry.open(manifest.id)
                Issue.record("a damaged blend was read")
            } catch TrainerError.damagedModelFile(let named, _) {
                #expect(named.hasSuffix(ModelBlend.blendFile))
            }
            configuration.learnsBlend = false
            let other = ModelRegistry(folder: folder.appending(path: "other").path)
            try TrainingRun(configuration: configuration, registry: other).run(plantedLog(users: 120, perUser: 20))
            #expect(try other.openCurrent().blend == nil)
        }
    }
}
