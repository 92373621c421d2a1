import Columnar
import Domain
import Foundation
import TestSupport
import Testing

@testable import Trainer

@Suite struct RecommendAllTests {
    private func withModel(_ body: (URL, MappedModel) throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.appending(path: "models").path)
            let log = try plantedLog()
            // Somebody who likes nothing.
            try log.append(
                userID: "grump", itemID: "film 3", kind: .like, value: -1, at: Timestamp(seconds: 1_700_000_000))
            let id = try TrainingRun(configuration: smallConfiguration(), registry: registry).run(log).id
            try body(folder, registry.open(id))
        }
    }

    @Test func writesTheListsOfEverybody() async throws {
        try await withModel { folder, model in
            let path = folder.appending(path: "lists.parquet").path
            var calls: [Int] = []
            let summary = try RecommendAll(count: 4, threads: 2).write(model, to: path) { done, _ in calls.append(done)
            }
            let strangers = (0..<model.userCount).count { user in
                !model.history(of: UserIndex(user)).confidences.contains { $0 > 0 }
            }
            #expect(strangers >= 1 && summary.leftOut == strangers)
            #expect(summary.users == model.userCount - strangers)
            #expect(calls.last == model.userCount)
            let bytes = try Files.read(path)
            try RecommendAll(count: 4, threads: 3).write(model, to: path)
            #expect(try Files.read(path) == bytes, "the rows do not depend on the number of threads")

            let file = try ParquetFile(path: path)
            #expect(file.rowCount == Int64(summary.rows))
        }
    }

    /// Whatever ends the work, nothing is left under the name, nor beside it.
    @Test func leavesNothingBehindWhenStopped() async throws {
        try await withModel { folder, model in
            let output = folder.appending(path: "out")
            try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
            for name in ["lists.parquet", "lists"] {
                #expect(throws: CancellationError.self) {
                    try RecommendAll(count: 4).write(model, to: output.appending(path: name).path) { _, _ in
                        throw CancellationError()
                    }
                }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: output.path).isEmpty)
            #expect(throws: TrainerError.self) {
                try RecommendAll(count: 0).write(model, to: output.appending(path: "l.parquet").path)
            }
        }
    }
}
