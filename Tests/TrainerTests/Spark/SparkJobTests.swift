import Columnar
import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Trainer

/// The job of deploy/spark beside ours, on the same events: weights, split, numbers, equations, lists. A real Spark; starting
/// one costs most, so that each test makes one run and looks at all of it.
@Suite struct SparkJobTests {
    @Test(.enabled(if: SparkRuntime.isPresent(.three), "needs Java, the Delta jars and the Python environment"))
    func spark3IsWhatTheTrainerIs() async throws { try await compare(.three) }

    @Test(.enabled(if: SparkRuntime.isPresent(.four), "needs scripts/venv spark4, Java and the Delta jars"))
    func spark4IsWhatTheTrainerIs() async throws { try await compare(.four) }

    private func compare(_ version: SparkRuntime.Version) async throws {
        try await withTemporaryFolder { folder in
            let job = try await SparkJob.run(version, in: folder)
            #expect(try job.record().sparkVersion.hasPrefix(version.rawValue))
            let id = try compare(job)
            try modelIsOneOfTheRegistry(job, id)
            try BadSparkOutput(job: job).areRefused()
            try aModelOfOtherOrigin(job)
        }
    }

    /// Weights, equations and lists of a job that has ended.
    @discardableResult
    func compare(_ job: SparkJob) throws -> ModelID {
        try weightsAreOurs(job)
        try equationsAreOurs(job)
        return try listsAreSparks(job)
    }

    /// Every pair of every part, to 1e-6, and the numbers by the bytes of the identifiers.
    private func weightsAreOurs(_ job: SparkJob) throws {
        let weights = try job.record().weights
        let last = try Split.leaveLastOut.resolve(job.log, weights: weights)
        for part in [EventPart.before(job.split), .exceptLast, .all] {
            let ours = try TrainingSet.build(from: job.log, weights: weights) { record in
                switch part {
                case .all: true
                case .before(let time): record.at < time.microseconds
                case .exceptLast: !last.isTest(record)
                }
            }
            let theirs = try job.pairs(part)
            #expect(theirs.count == ours.interactions.count, "\(part)")
            var worst: Float = 0
            for user in 0..<ours.userCount {
                for entry in ours.interactions.entries(ofRow: user) {
                    let item = ours.items.id(at: Int(ours.interactions.columnIndices[entry]))
                    let weight = try #require(theirs["\(ours.users.id(at: user))|\(item)"], "\(part)")
                    worst = max(worst, abs(weight - ours.interactions.values[entry]))
                }
            }
            #expect(worst <= 1e-6, "\(part)")
            for (side, pool) in [("user", ours.users), ("item", ours.items)] {
                var names = [String?](repeating: nil, count: pool.count)
                for batch in try job.batches("\(part)/\(side)Ids") {
                    let (ids, texts) = (
                        try #require(batch.column(named: "id").int32s),
                        try #require(batch.column(named: "name").byteStrings)
                    )
                    for row in 0..<batch.rowCount { names[Int(ids.values[row])] = texts.string(at: row) }
                }
                #expect(names == pool.ids, "\(part), \(side)")
            }
        }
    }

    /// MLlib solves users last: each is the solution of our equations against its items.
    private func equationsAreOurs(_ job: SparkJob) throws {
        let record = try job.record()
        let training = try TrainingSet.build(from: job.log, weights: record.weights)
        let factors = try SparkModel(in: job.output.folder("all")).factors(
            for: training, record.parameters, isWhole: true, leftOut: .init())
        let solver = try FoldIn(itemFactors: factors.itemFactors, parameters: record.parameters)
        for user in 0..<training.userCount {
            let entries = training.interactions.entries(ofRow: user)
            let ours = try solver.vector(
                items: Array(training.interactions.columnIndices[entries]),
                confidences: Array(training.interactions.values[entries]))
            let theirs = factors.userFactors.row(user)
            let size = max(theirs.map(abs).max() ?? 0, 0.1)
            #expect(zip(ours, theirs).allSatisfy { abs($0 - $1) < 1e-4 * size }, "\(training.users.id(at: user))")
        }
        // Their descent is one of our loss: more of our exact epochs only lower it.
        var parameters = record.parameters
        parameters.epochs = 5
        let before = try ALS.loss(of: factors, interactions: training.interactions, parameters: parameters)
        let after = try ALS.fit(interactions: training.interactions, parameters: parameters, warmStart: factors)
        let reached = try ALS.loss(of: after, interactions: training.interactions, parameters: parameters)
        #expect(reached < before && reached > before * 0.5)
    }

    /// What the registry serves is what Spark recommends: ten for everybody, ties aside.
    private func listsAreSparks(_ job: SparkJob) throws -> ModelID {
        var configuration = try job.configuration(SparkOutput(in: job.output))
        configuration.policy = .always
        let manifest = try TrainingRun(configuration: configuration, registry: job.registry).run(job.log)
        let model = try job.registry.open(manifest.id, verifying: true)
        let path = job.folder.appending(path: "lists.parquet").path
        try RecommendAll(count: 10, includesSeen: true).write(model, to: path)
        var ours: [String: [(item: String, score: Float)]] = [:]
        let file = try ParquetFile(path: path)
        for group in 0..<file.rowGroupCount {
            let batch = try file.read(rowGroup: group)
            let users = try #require(batch.column(named: "user_id").byteStrings)
            let items = try #require(batch.column(named: "item_id").byteStrings)
            let scores = try #require(batch.column(named: "score").floats)
            for row in 0..<batch.rowCount {
                ours[users.string(at: row)!, default: []].append((items.string(at: row)!, scores.values[row]))
            }
        }
        var compared = 0
        for batch in try job.batches("all/lists") {
            let users = try #require(batch.column(named: "u").int32s)
            let lists = try #require(batch.column(named: "recommendations").lists)
            let places = try #require(lists.elements.structures)
            let items = try #require(places.children[0].int32s)
            let scores = try #require(places.children[1].floats)
            for row in 0..<batch.rowCount {
                // Who likes nothing has no list here, and zeros there.
                guard let list = ours[model.userID(UserIndex(Int(users.values[row])))] else { continue }
                let range = lists.range(of: row)
                #expect(list.count == range.count)
                compared += 1
                for (mine, place) in zip(list, range) {
                    let score = scores.values[place]
                    #expect(abs(mine.score - score) < 1e-5)
                    let isSame = model.itemID(ItemIndex(Int(items.values[place]))) == mine.item
                    let hasTwin = range.contains { $0 != place && abs(scores.values[$0] - score) < 1e-5 }
                    #expect(isSame || hasTwin || place == range.upperBound - 1, "\(mine)")
                }
            }
        }
        #expect(compared > 50)
        return manifest.id
    }

    /// Evaluated, gated and promoted as any other; fitted anew by ourselves where it is compared with.
    private func modelIsOneOfTheRegistry(_ job: SparkJob, _ id: ModelID) throws {
        let registry = job.registry
        let manifest = try registry.manifest(of: id)
        #expect(try registry.current() == id)
        #expect(manifest.engine?.name == Manifest.Engine.spark && manifest.parameters.weighting == .mllib)
        #expect(manifest.evaluation?.split == Split.after(job.split).description)
        #expect((manifest.evaluation?.headline("ndcg")?.value ?? 0) > 0)
        #expect(manifest.training.epochs.first.map { $0.loss > 0 } == true)
        #expect(manifest.data.leftOut?.users == 1 && manifest.data.users == 61)
        // Ours against it: its settings are fitted to the training part by our own solver.
        var ours = smallConfiguration()
        ours.split = .after(job.split)
        let rival = try TrainingRun(configuration: ours, registry: registry).run(job.log)
        #expect(rival.gate.incumbent == id && rival.gate.finding != nil)
        #expect(throws: TrainerError.self) { try Reproduction.run(of: manifest, on: job.log, in: registry) }
    }

    /// A folder of `ALSModel.save` alone: with names, and with numbers for names.
    private func aModelOfOtherOrigin(_ job: SparkJob) throws {
        let registry = ModelRegistry(folder: job.folder.appending(path: "others").path)
        let folder = job.output.folder("all")
        #expect(try SparkOutput.isModel(folder) && !SparkOutput.isModel(job.output))
        #expect(try SparkOutput.rank(ofModel: folder) == 8)
        let engine = SparkOutput(model: folder, parameters: try job.record().parameters)
        let manifest = try TrainingRun(configuration: job.configuration(engine), registry: registry).run(job.log)
        let (one, other) = (try registry.open(manifest.id), try job.registry.open(#require(job.registry.list().first)))
        #expect(one.userFactors == other.userFactors && one.itemFactors == other.itemFactors)
        #expect(manifest.evaluation != nil, "its settings are measured by our own solver")
    }
}
