import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Trainer

@Suite struct ConfidenceWeightsTests {
    private let weights = ConfidenceWeights()

    /// Dislikes, short views and low stars never count as likings; the more of a film was seen, the more it counts.
    @Test func negativeSignalsAreNegative() {
        #expect(weights.weight(of: .like, value: -1) < 0)
        for share in [0, 0.05, 0.1, 0.15] as [Float] { #expect(weights.weight(of: .view, value: share) < 0) }
        for stars in [0.5, 1, 1.5, 2, 2.5] as [Float] { #expect(weights.weight(of: .review, value: stars) < 0) }
        for (kind, low, high) in [(EventKind.view, 0.3, 1), (.review, 3, 5)] as [(EventKind, Float, Float)] {
            var previous: Float = 0
            for step in 0...20 {
                let weight = weights.weight(of: kind, value: low + (high - low) * Float(step) / 20)
                #expect(weight > 0 && weight >= previous)
                previous = weight
            }
        }
        #expect(
            weights.weight(of: .like, value: 1) + weights.weight(of: .like, value: -1) < 0,
            "a withdrawn liking is no liking")
    }

    @Test func eventsHalveInAHalfLife() {
        var weights = weights
        let day: Int64 = 86_400_000_000
        #expect(weights.decay(0, newest: 1000 * day) == 1)
        weights.halfLifeDays = 30
        #expect(weights.decay(5, newest: 5) == 1)
        #expect(isClose(weights.decay(0, newest: 30 * day), 0.5))
        #expect(isClose(weights.decay(0, newest: 90 * day), 0.125))
    }

    @Test func senselessCurvesAreRefused() {
        for curve in [[[0]], [[0, .nan]], [[1, 0], [0, 1]], [[0, 0], [0, 1]]] as [[[Float]]] {
            var weights = weights
            weights.view = .init(curve)
            #expect(throws: TrainerError.self, "\(curve)") { try weights.validate() }
        }
        var weights = weights
        weights.view = .init([])
        #expect(throws: Never.self) { try weights.validate() }
        (weights.like, weights.review) = (weights.view, weights.view)
        #expect(throws: TrainerError.self, "no kind counts") { try weights.validate() }
        weights = .init()
        weights.halfLifeDays = 0
        #expect(throws: TrainerError.self) { try weights.validate() }
        weights.halfLifeDays = nil
        weights.ceiling = .infinity
        #expect(throws: TrainerError.self) { try weights.validate() }
    }

    @Test func weightsSurviveJSON() throws {
        var weights = weights
        weights.halfLifeDays = 12.5
        #expect(try JSON.decode(ConfidenceWeights.self, from: JSON.encode(weights)) == weights)
    }
}

@Suite struct TrainingSetTests {
    /// Random events against sums in a dictionary.
    @Test(arguments: 1...5) func thePoolAgreesWithADictionary(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let log = try InteractionLog(source: "random")
        var weights = ConfidenceWeights()
        weights.halfLifeDays = seed % 2 == 0 ? 3 : nil
        var events: [(user: String, item: String, kind: EventKind, value: Float, at: Int64)] = []
        for _ in 0..<2000 {
            let kind = EventKind.allCases[generator.below(3)]
            let value: Float =
                switch kind {
                case .view: Float(generator.uniform())
                case .like: generator.below(2) == 0 ? 1 : -1
                case .review: Float(1 + generator.below(10)) / 2
                }
            events.append(
                ("u\(generator.below(50))", "i\(generator.below(40))", kind, value, Int64(generator.below(1_000_000))))
        }
        for event in events {
            try log.append(
                userID: event.user, itemID: event.item, kind: event.kind, value: event.value,
                at: Timestamp(seconds: event.at))
        }
        let set = try TrainingSet.build(from: log, weights: weights)
        let newest = events.map(\.at).max()! * 1_000_000
        var sums: [String: [String: Double]] = [:]
        var kinds: [String: [String: EventKinds]] = [:]
        for event in events {
            let weight =
                weights.weight(of: event.kind, value: event.value)
                * weights.decay(event.at * 1_000_000, newest: newest)
            sums[event.user, default: [:]][event.item, default: 0] += Double(weight)
            kinds[event.user, default: [:]][event.item, default: []].insert(EventKinds(event.kind))
        }
        #expect(set.userCount == sums.count && set.eventCount == events.count)
        #expect(set.interactions.count == sums.values.reduce(0) { $0 + $1.count })
        for user in 0..<set.userCount {
            let range = set.interactions.entries(ofRow: user)
            let columns = set.interactions.columnIndices[range]
            #expect(zip(columns, columns.dropFirst()).allSatisfy { $0 < $1 })
            for entry in range {
                let item = set.items.ids[Int(set.interactions.columnIndices[entry])]
                let sum = try #require(sums[set.users.ids[user]]?[item])
                #expect(set.kinds[entry] == kinds[set.users.ids[user]]?[item])
                #expect(isClose(Double(set.interactions.values[entry]), min(max(sum, -5), 5), tolerance: 1e-5))
            }
        }
    }

    @Test func impossibleValuesAreRefused() throws {
        let log = try InteractionLog(source: "bad")
        for (kind, value) in [(EventKind.view, Float.nan), (.view, 1.5), (.like, 0), (.review, 6)] {
            #expect(throws: TrainerError.self, "\(kind) \(value)") {
                try log.append(userID: "u", itemID: "i", kind: kind, value: value, at: Timestamp(seconds: 0))
            }
        }
    }

    @Test func nothingToLearnFromIsAnError() throws {
        let log = try InteractionLog(source: "empty")
        #expect(
            throws: TrainerError.emptyTrainingSet(source: "empty", reason: "it holds no events of a kind that counts")
        ) {
            try TrainingSet.build(from: log, weights: .init())
        }
        try log.append(userID: "u", itemID: "i", kind: .like, value: -1, at: Timestamp(seconds: 0))
        #expect(throws: TrainerError.self) { try TrainingSet.build(from: log, weights: .init()) }
    }

    @Test(arguments: ["time:0.9", "time:0.5", "last", "random:0.2:4"])
    func splitsDivideAllEvents(text: String) throws {
        let log = try plantedLog()
        let split = try #require(Split(text)).resolve(log, weights: .init())
        let training = try TrainingSet.build(from: log, weights: .init()) { !split.isTest($0) }
        let heldOut = try HeldOut.build(from: log, training: training, weights: .init(), isTest: split.isTest)
        var tested = 0
        try log.forEachChunk { chunk in for record in chunk where split.isTest(record) { tested += 1 } }
        #expect(training.eventCount + tested == log.count)
        #expect(!heldOut.users.isEmpty)
        #expect(heldOut.counts.evaluatedUsers == heldOut.users.count)
        #expect(heldOut.counts.relevantPairs == heldOut.items.count)
        for position in heldOut.users.indices {
            let user = Int(heldOut.users[position])
            let seen = training.interactions.columnIndices[training.interactions.entries(ofRow: user)]
            #expect(Set(seen).isDisjoint(with: heldOut.relevant(of: position)))
        }
        if let at = split.at { #expect(training.last < at) }
    }

    @Test(arguments: [
        "", "time", "time:0", "time:1", "time:x", "last:2", "random", "random:2", "random:0.1:x", "rolling",
    ])
    func refusesOtherSplits(text: String) { #expect(Split(text) == nil) }
}

@Suite struct InteractionFileTests {
    private func read(_ text: String) async throws -> [[String]] {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "train").path
            try Files.write(text, to: path)
            let log = try InteractionLog(source: "file")
            try InteractionFile.read(path, isTest: false, into: log)
            var pairs: [[String]] = []
            try log.forEachChunk { chunk in
                for record in chunk {
                    pairs.append([log.users.ids[Int(record.user)], log.items.ids[Int(record.item)], "\(record.at)"])
                }
            }
            return pairs
        }
    }

    @Test func everyFormOfFileIsRead() async throws {
        let expected = [["1", "10", "0"], ["2", "20", "0"]]
        #expect(try await read("1\t10\n2\t20\n") == expected)
        #expect(try await read("1,10\r\n2,20") == expected)
        #expect(try await read("1::10::5\n\n2::20::1\n") == expected)
        #expect(try await read("userId,movieId,rating,timestamp\n1,10,4.5,7\n") == [["1", "10", "7000000"]])
        #expect(try await read("1 10 11\n2\n3 10\n") == [["1", "10", "0"], ["1", "11", "0"], ["3", "10", "0"]])
        #expect(try await read("user\titem\nè\t日本\n") == [["è", "日本", "0"]])
    }

    /// He et al.'s files: the held-out item stands among its own negatives, and one negative is unknown.
    @Test func sampledNegativesAreTheOnlyRivals() async throws {
        try await withTemporaryFolder { folder in
            func path(_ name: String) -> String { folder.appending(path: name).path }
            var train = ""
            for user in 0..<20 { for item in 0..<6 { train += "\(user)\t\((user + item) % 20)\t5\t1\n" } }
            try Files.write(train, to: path("train"))
            try Files.write("0\t10\t5\t2\n1\t11\t5\t2\n", to: path("test"))
            try Files.write("(0,10)\t12\t13\t10\t999\n(1,11)\t15\t16\n", to: path("negatives"))
            let log = try InteractionFile.log(
                train: path("train"), test: path("test"), negatives: path("negatives"))
            var configuration = smallConfiguration(rank: 4, epochs: 3)
            configuration.split = .files
            configuration.weights = .binary
            let experiment = try SplitExperiment(log: log, configuration: configuration)
            #expect(experiment.evaluator.heldOut.users.count == 2)
            let outcome = try experiment.evaluator.measure(ListRanker(name: "any", scores: (0..<20).map(Double.init)))
            // User 0 ranks 10, 12, 13; user 1 ranks 11, 15, 16: with only these, everything is found in three.
            #expect(outcome.mean(.recall, at: 10) == 1)
            #expect(outcome.mean(.mrr, at: 10) >= 1.0 / 3)
            let report = try ModelEvaluation(configuration: configuration).run(log)
            #expect(report.data.sampledNegatives == 3)
            #expect(report.protocolNote.contains("sampled negatives") && report.html().contains("sampled negatives"))
            try Files.write("0,10\t12\n", to: path("negatives"))
            #expect(throws: TrainerError.self) {
                try InteractionFile.log(train: path("train"), test: path("test"), negatives: path("negatives"))
            }
        }
    }

    @Test(arguments: [
        "1,10\n2\n", "1,10\n,5\n", "1,10,good\n", "1\t10\t3\tnoon\n", "1,10\n\u{FF}\u{0},\n", "",
    ])
    func namesTheBadLine(text: String) async throws {
        await #expect(throws: TrainerError.self) { try await read(text) }
    }
}
