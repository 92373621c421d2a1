// Lists for a user from the promoted model, in a program of your own, without a server.
//
//     embed-recommender STORE MODELS USER

import Catalog
import Columnar
import Domain
import Foundation
import Operations
import Serving
import Store
import Trainer

@main
enum EmbedRecommender {
    static func main() async throws {
        let words = CommandLine.arguments
        guard words.count == 4 else {
            print("usage: embed-recommender STORE MODELS USER")
            exit(64)
        }
        do {
            try await run(store: EventStore(at: words[1]), models: words[2], user: words[3])
        } catch {
            // Every error of the rooms is a Fault: it says what is wrong and what to do.
            print("embed-recommender: \(error)")
            exit(65)
        }
    }

    static func run(store: EventStore, models: String, user: String) async throws {
        // Opening reads files and lays out factors: on a thread of its own, as everything that blocks.
        let recommender = try await BlockingWork.run("open") { _ in
            // The files of a model are mapped and checked; nothing is copied.
            let model = try ModelRegistry(folder: models).openCurrent()
            let films = try store.open(.movies).snapshot()
            let catalog = try MovieTable.catalogue(of: films)
            // Similarity by words, as Elasticsearch computes it; an ElasticsearchClient would do as well.
            return try LocalRecommender(model: model, catalog: catalog, content: ContentIndex(catalog.movies))
        }

        // Factors, content and popularity in one score, whose parts add up to it.
        let list = try await recommender.recommend(RecommendationQuery(userID: user, count: 5, explains: true))

        print("model \(list.model.id), user \(user) is \(list.userState.rawValue)")
        for (place, item) in list.items.enumerated() {
            print("\(place + 1). \(item.title ?? item.id) \(item.score): \(item.reasons.joined(separator: ", "))")
        }
        for part in list.degraded { print("without \(part)") }
    }
}
