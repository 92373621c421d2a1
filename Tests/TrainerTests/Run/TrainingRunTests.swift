import Domain
import Foundation
import TestSupport
import Testing

@testable import Trainer

@Suite struct TrainingRunTests {
    @Test func theFirstModelIsPublishedAndPromoted() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let manifest = try TrainingRun(configuration: smallConfiguration(), registry: registry).run(plantedLog())
            #expect(try registry.list() == [manifest.id])
            #expect(try registry.current() == manifest.id)
            #expect(manifest.gate.outcome == .promoted)
            #expect(manifest.data.version == 3)
            let files = try FileManager.default.contentsOfDirectory(atPath: registry.path(of: manifest.id)).sorted()
            #expect(
                files == [
                    "blend.json", "evaluation.json", "factors.safetensors", "history.safetensors", "ids.safetensors",
                    "manifest.json", "report.html", "sources.safetensors",
                ])
            #expect(Set(manifest.files.keys) == Set(files).subtracting(["manifest.json"]))
            let model = try registry.openCurrent(verifying: true)
            #expect(model.manifest == manifest)
            #expect(model.userCount == manifest.data.users && model.itemCount == manifest.data.items)
        }
    }

    @Test(.enabled(if: MovieLens.folder != nil, "needs ml-latest-small"))
    func aModelBeatsPopularityOnMovieLens() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            var configuration = smallConfiguration(rank: 32, epochs: 8)
            configuration.split = .leaveLastOut
            let manifest = try TrainingRun(configuration: configuration, registry: registry).run(MovieLens.log())
            let evaluation = try #require(manifest.evaluation)
            let ours = try #require(evaluation.metrics["ndcg"]?["10"])
            let popular = try #require(evaluation.popularity["ndcg"]?["10"])
            #expect(ours.value > popular.value)
        }
    }
}
