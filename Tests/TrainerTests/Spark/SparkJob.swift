import Columnar
import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Trainer

/// One run of the job of deploy/spark by a real Spark, over a small store.
struct SparkJob {
    let folder: URL
    let log: InteractionLog
    let split: Timestamp
    /// What Spark and the job printed.
    var said = ""
    var output: LocalStorage { LocalStorage(folder.appending(path: "out").path) }
    var registry: ModelRegistry { ModelRegistry(folder: folder.appending(path: "models").path) }

    /// Somebody whom the job is told to leave out.
    static let leftOut = "user 7"

    /// Makes a store of two versions with some rows that are no events, and runs the job on the first.
    static func run(
        _ version: SparkRuntime.Version, in folder: URL, master: String = "local[2]",
        settings: [(name: String, value: String)] = [], whileItRuns: @Sendable () async throws -> Void = {}
    ) async throws -> SparkJob {
        let planted = StoredRow.planted(users: 60, items: 80, count: 4000)
        let bad = [
            StoredRow("b1", "user 1", "film 1", "purchase", 1, at: 1_700_000_000),
            StoredRow("b2", "user 1", "film 1", "view", .nan, at: 1_700_000_000),
            StoredRow("b3", "", "film 1", "view", 1, at: 1_700_000_000),
            StoredRow("b4", String(repeating: "é", count: 129), "film 1", "view", 1, at: 1_700_000_000),
            StoredRow("b5", "user 1", "film 1", "review", 5.5, at: 1_700_000_000),
            StoredRow("b6", "user 1", "film 1", "like", 1, at: 1),
        ]
        let names = [
            StoredRow("n1", "Ωmega", "film \u{10348}", "view", 1, at: 1_700_000_000),
            StoredRow("n2", "zoë", "film \u{FFFD}", "like", 1, at: 1_700_003_600),
        ]
        let store = try StoredRow.store(
            [planted + bad + names, StoredRow.planted(count: 100, seed: 8)], in: folder.appending(path: "data"))
        let first = try store.open(.events).snapshot().version - 1
        let choices = LeavingOut(users: [leftOut])
        let log = try InteractionLog.read(from: store, version: first, maxBadRows: 0.01, choices: choices)
        var weights = ConfidenceWeights()
        weights.halfLifeDays = 5
        let split = try #require(
            Split.time(0.8).resolve(log, weights: weights).at)
        let parameters = ALSParameters(
            rank: 8, epochs: 3, alpha0: 0.4, lambda: 0.1, weighting: .mllib, solver: .exact, preconditioner: .none)
        let training = try TrainingSet.build(from: log, weights: weights)
        let request = try #require(
            FitRequest(log, .all, of: training, ModelRecipe(parameters: parameters, weights: weights)))
        #expect(request.leftOutUsers == [leftOut])
        var job = SparkJob(folder: folder, log: log, split: split)
        let exclude = folder.appending(path: "exclude.parquet").path
        let schema = Schema([Field("user_id", .string, nullable: false)])
        let writer = try ParquetWriter(path: exclude, schema: schema)
        try writer.write(RecordBatch(schema: schema, columns: [.string(BytesColumn(request.leftOutUsers))]))
        _ = try writer.finish()
        var asked = SparkRequest(
            request, events: store.location(of: .events), output: job.output.location,
            parts: [.before(split), .exceptLast, .all])
        asked.exclude = exclude
        asked.blocks = 2
        var object = try #require(
            try JSONSerialization.jsonObject(with: Data(asked.json())) as? [String: Any])
        object["keep_pairs"] = true
        object["lists"] = 10
        let file = folder.appending(path: "request.json")
        try JSONSerialization.data(withJSONObject: object).write(to: file)
        let spark = try await SparkRuntime(version)
        let script = Checkout.root.appending(path: "deploy/spark/marquee_als.py").path
        async let end = runCommand(
            spark.python.path, [script, "--request", file.path],
            environment: spark.environment(master: master, settings))
        try await whileItRuns()
        let (status, said) = try await end
        try #require(status == 0, "\(said.suffix(4000))")
        job.said = said
        return job
    }

    /// What the job says that it did.
    func record() throws -> SparkRecord { try #require(try SparkRecord.read(in: output)) }

    /// The settings with which its output is taken over.
    func configuration(_ engine: any FitEngine) throws -> TrainingConfiguration {
        let record = try record()
        var configuration = smallConfiguration()
        configuration.parameters = record.parameters
        configuration.weights = record.weights
        configuration.split = .after(split)
        configuration.widensWindow = false
        configuration.engine = engine
        return configuration
    }

    /// Pairs of user, item and weight of one part, as Spark made them.
    func pairs(_ part: EventPart) throws -> [String: Float] {
        var pairs: [String: Float] = [:]
        for batch in try batches("\(part)/pairs") {
            let users = try #require(batch.column(named: "user").byteStrings)
            let items = try #require(batch.column(named: "item").byteStrings)
            let weights = try #require(batch.column(named: "weight").floats)
            for row in 0..<batch.rowCount {
                pairs["\(users.string(at: row)!)|\(items.string(at: row)!)"] = weights[row]
            }
        }
        return pairs
    }

    /// Everything of a folder of Parquet files.
    func batches(_ name: String) throws -> [RecordBatch] {
        let path = folder.appending(path: "out/\(name)")
        return try FileManager.default.contentsOfDirectory(atPath: path.path).filter { $0.hasSuffix(".parquet") }
            .flatMap { file in
                let file = try ParquetFile(path: path.appending(path: file).path)
                return try (0..<file.rowGroupCount).map { try file.read(rowGroup: $0) }
            }
    }
}

/// Some who do not allow that models learn from them.
struct LeavingOut: PersonalChoices {
    let users: Set<String>
    let revision = 1

    func choice(of user: String) -> PersonalChoice {
        var choice = PersonalChoice.everything
        if users.contains(user) { choice.objections.insert(.training) }
        return choice
    }
}
