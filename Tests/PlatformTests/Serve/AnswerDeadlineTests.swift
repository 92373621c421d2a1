import Foundation
import HTTPServer
import Platform
import Serving
import Store
import TestSupport
import Testing
import Trainer

@Suite struct AnswerDeadlineTests {
    /// Else the server would say `answer-timed-out` of events that are taken.
    @Test func whoWaitsForTheStoreIsAnsweredByTheRoute() async throws {
        try await withTemporaryFolder { folder in
            let models = folder.appending(path: "models")
            try FileManager.default.createDirectory(at: models, withIntermediateDirectories: true)
            let store = EventStore(folder: folder.appending(path: "data").path)
            _ = try store.openOrCreate(.movies)
            func deadline(_ asked: Duration) async throws -> Duration {
                var http = HTTPServerConfiguration(port: 0)
                http.answerDeadline = asked
                var configuration = ServingConfiguration()
                configuration.startsWithoutModel = true
                let server = try await RecommendationServer(
                    http: http, registry: ModelRegistry(folder: models.path),
                    catalogue: StoredCatalogue(store: store), configuration: configuration)
                return server.http.configuration.answerDeadline
            }
            #expect(try await deadline(.seconds(30)) > RecommendationService.longestWait)
            #expect(try await deadline(.seconds(300)) == .seconds(300))
        }
    }
}
