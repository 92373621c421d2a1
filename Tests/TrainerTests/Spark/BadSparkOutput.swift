import Columnar
import Domain
import Foundation
import TestSupport
import Testing

@testable import Trainer

/// What a job's output may have become: each is refused by name, and nothing is published.
struct BadSparkOutput {
    let job: SparkJob

    func areRefused() throws {
        try refused("the job has died", saying: "training.json") {
            try FileManager.default.removeItem(at: $0 + "training.json")
        }
        try refused("a folder is half written", saying: "_SUCCESS") {
            try FileManager.default.removeItem(at: $0 + "all/itemFactors/_SUCCESS")
        }
        try refused("a side is missing", saying: "userFactors") {
            try FileManager.default.removeItem(at: $0 + "all/userFactors")
        }
        try refused("the rank is another", saying: "rank 9") {
            try rewrite($0 + "all/metadata", "\"rank\":8", "\"rank\":9")
        }
        try refused("the model is another", saying: "KMeansModel") {
            try rewrite($0 + "all/metadata", "recommendation.ALSModel", "clustering.KMeansModel")
        }
        try refused("two users have one number", saying: "stands for") {
            try names($0 + "all/userIds") { ids, _ in ids[1] = ids[0] }
        }
        try refused("two numbers have one name", saying: "stands for two ids") {
            try names($0 + "all/itemIds") { _, names in names[1] = names[0] }
        }
        try refused("a user is somebody else", saying: "fit it again") {
            try names($0 + "all/userIds") { _, names in names[3] = "a stranger" }
        }
        try refused("somebody who objects", saying: "do not allow") {
            try names($0 + "all/userIds") { _, names in names[3] = SparkJob.leftOut }
        }
        try refused("the version is another", saying: "version") {
            try rewrite($0 + "training.json", "\"version\": \(job.log.version!)", "\"version\": 77", all: true)
        }
        try refused("the weights are others", saying: "weights") {
            try rewrite($0 + "training.json", "\"ceiling\": 5", "\"ceiling\": 4")
        }
        try refused("the split is another", saying: "before-") {
            try rewrite($0 + "training.json", "before-\(job.split.microseconds)", "before-5")
        }
        try refused("the record is none", saying: "training.json") {
            try Data("{".utf8).write(to: $0 + "training.json")
        }
        #expect(throws: TrainerError.self) { try SparkOutput(in: LocalStorage(job.folder.path)) }
        #expect(throws: TrainerError.self) {
            try SparkOutput.rank(ofModel: LocalStorage(job.folder.appending(path: "data/events").path))
        }
    }

    /// Takes a copy of the output over after a change.
    private func refused(_ what: Comment, saying text: String, _ change: (URL) throws -> Void) throws {
        let copy = job.folder.appending(path: "bad-\(UUID())")
        try FileManager.default.copyItem(at: job.folder.appending(path: "out"), to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        try change(copy)
        let registry = ModelRegistry(folder: job.folder.appending(path: "bad-models").path)
        let error = #expect(throws: TrainerError.self, what) {
            let engine = try SparkOutput(in: LocalStorage(copy.path))
            try TrainingRun(configuration: job.configuration(engine), registry: registry).run(job.log)
        }
        guard let error else { return }
        #expect(error.code == "unusable-spark-model" && error.category == .badData, what)
        #expect("\(error)".contains(text), "\(what): \(error)")
        let left = (try? FileManager.default.contentsOfDirectory(atPath: registry.folder)) ?? []
        #expect(left.allSatisfy { $0 == ".lock" }, "\(what): \(left)")
    }

    /// Changes the text of a file, or of the one file of a folder that has it.
    private func rewrite(_ place: URL, _ old: String, _ new: String, all: Bool = false) throws {
        var file = place
        if place.lastPathComponent == "metadata" {
            let name = try #require(
                FileManager.default.contentsOfDirectory(atPath: place.path).first { $0.hasPrefix("part-") })
            file = place.appending(path: name)
        }
        let text = try String(contentsOf: file, encoding: .utf8)
        let range = try #require(all ? text.range(of: old, options: .backwards) : text.range(of: old))
        let changed = all ? text.replacing(old, with: new) : text.replacingCharacters(in: range, with: new)
        try Data(changed.utf8).write(to: file)
    }

    /// Changes a map of numbers to names, which is then one file of ours.
    private func names(_ place: URL, _ change: (inout [Int32], inout [String]) throws -> Void) throws {
        var (ids, names): ([Int32], [String]) = ([], [])
        for file in try FileManager.default.contentsOfDirectory(atPath: place.path) where file.hasSuffix(".parquet") {
            let path = place.appending(path: file)
            let parquet = try ParquetFile(path: path.path)
            for group in 0..<parquet.rowGroupCount {
                let batch = try parquet.read(rowGroup: group)
                ids += try #require(batch.column(named: "id").int32s).values
                let texts = try #require(batch.column(named: "name").byteStrings)
                names += (0..<batch.rowCount).compactMap { texts.string(at: $0) }
            }
            try FileManager.default.removeItem(at: path)
        }
        try change(&ids, &names)
        let schema = Schema([Field("id", .int32, nullable: true), Field("name", .string, nullable: true)])
        let writer = try ParquetWriter(path: place.appending(path: "part-0.parquet").path, schema: schema)
        try writer.write(
            RecordBatch(schema: schema, columns: [.int32(PrimitiveColumn(ids)), .string(BytesColumn(names))]))
        _ = try writer.finish()
    }
}

private func + (folder: URL, name: String) -> URL { folder.appending(path: name) }
