import Domain
import Foundation
import HTTPClient
import TestSupport
import Testing

@testable import Catalog

/// Against the real servers of ../shared/servers.
@Suite(.serialized, .enabled(if: SearchServer.isPresent, "needs ../shared/servers"))
struct ElasticsearchTests {
    /// The same films, in the same order, with the same scores; and then the server dies.
    @Test(arguments: [SearchServer.Product.elasticsearch8])
    func sameListAsTheEmbeddedIndex(product: SearchServer.Product) async throws {
        try await SearchServer.with(product) { server in
            var configuration = try ElasticsearchClient.Configuration(url: server.url)
            configuration.queryDeadline = .seconds(10)
            let search = ElasticsearchClient(configuration)
            try await search.createIndex()
            // A second time it is there.
            try await search.createIndex()
            let films = Films.generated(600)
            let outcome = try await search.index(films)
            #expect(outcome.indexed == 600 && outcome.stale == 0 && outcome.rejected.isEmpty)
            try await search.refresh()

            let embedded = ContentIndex(films)
            var differences: [String] = []
            let questions =
                (0..<150).map { ["m\($0)"] } + (0..<20).map { number in (0..<5).map { "m\(number * 7 + $0)" } }
            for liked in questions + [["unknown"], ["unknown", "m3"]] {
                let excluded: Set<String> = liked.count > 1 ? ["m100", "m200", "nowhere"] : []
                let ours = embedded.mostSimilar(to: liked, excluding: excluded, limit: 20)
                let theirs = try await search.similar(to: liked, excluding: excluded, limit: 20)
                let same =
                    ours.map(\.itemID) == theirs.map(\.itemID)
                    && zip(ours, theirs).allSatisfy { isClose($0.score, $1.score, tolerance: 1e-4) }
                if !same { differences.append("\(liked): \(ours.prefix(3)) ≠ \(theirs.prefix(3))") }
            }
            #expect(differences.isEmpty, "\(differences.count) of \(questions.count): \(differences.first ?? "")")

            await server.kill()
            for _ in 0..<10 {
                let error = await #expect(throws: CatalogError.self) {
                    try await search.similar(to: ["m1"], excluding: [], limit: 5)
                }
                #expect(error?.category == .unavailable)
            }
            // By now the breaker keeps queries from even trying.
            let error = await #expect(throws: CatalogError.self) {
                try await search.similar(to: ["m1"], excluding: [], limit: 5)
            }
            #expect(error?.message.contains("left alone") == true)
        }
    }
}
