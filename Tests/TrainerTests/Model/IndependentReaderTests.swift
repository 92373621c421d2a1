import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Trainer

@Suite struct IndependentReaderTests {
    private struct Answer: Decodable {
        var items: [String]
        var scores: [Double]
    }

    /// numpy and safetensors read the files, find every invariant held, and compute the same list from them.
    @Test(.enabled(if: Checkout.python != nil, "needs the Python environment in .venv"))
    func numpyReadsTheModelAndAnswersTheSame() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let manifest = try TrainingRun(configuration: smallConfiguration(), registry: registry).run(plantedLog())
            let model = try registry.openCurrent()
            let recommender = try Recommender(model)
            for user in ["user 0", "user 7", "user 31"] {
                let data = try python("read_model.py", [registry.path(of: manifest.id), user, "10"])
                let theirs = try JSONDecoder().decode(Answer.self, from: data)
                let ours = try recommender.recommend(userID: user, count: 10)
                #expect(ours.basis == .history)
                #expect(ours.items.map(\.itemID) == theirs.items)
                for (a, b) in zip(ours.items, theirs.scores) { #expect(isClose(Double(a.score), b, tolerance: 1e-4)) }
            }
        }
    }

    @Test func reasonsAddUpToTheScore() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            try TrainingRun(configuration: smallConfiguration(), registry: registry).run(plantedLog())
            let model = try registry.openCurrent()
            let (items, confidences) = model.history(of: UserIndex(0))
            let parts = try Contributions(
                itemFactors: model.itemFactors, gramian: Gramian(of: model.itemFactors),
                parameters: model.manifest.parameters, items: items.map(\.rawValue), confidences: confidences)
            for (item, score) in model.packedItems.topK(parts.vector, count: model.itemCount) {
                let sum = try parts.of(item).reduce(0, +)
                #expect(isClose(sum, score, tolerance: 1e-4))
            }
            let folded = try FoldIn(itemFactors: model.itemFactors, parameters: model.manifest.parameters)
                .vector(items: items.map(\.rawValue), confidences: confidences)
            for (a, b) in zip(folded, parts.vector) { #expect(isClose(a, b)) }
        }
    }

    @Test func newUsersGetTheMostLiked() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            try TrainingRun(configuration: smallConfiguration(), registry: registry).run(plantedLog())
            let model = try registry.openCurrent()
            let list = try Recommender(model).recommend(userID: "nobody", count: 5)
            #expect(list.basis == .mostLiked)
            #expect(list.items.count == 5)
            #expect(zip(list.items, list.items.dropFirst()).allSatisfy { $0.score >= $1.score })
            #expect(try Recommender(model).recommend(userID: "nobody", count: 10_000).items.count == model.itemCount)
        }
    }
}
