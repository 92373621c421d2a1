import Catalog
import Domain
import Foundation
import Trainer

/// A model of the size of a small service, trained here on made-up likings, with a catalogue of made-up films.
struct SampleModel {
    let registry: ModelRegistry
    let catalog: CatalogSnapshot

    /// - Parameter folder: where the model is published; the caller removes it.
    init(users: Int, items: Int, folder: String) throws {
        registry = ModelRegistry(folder: folder)
        let log = try InteractionLog(source: "bench")
        var random = SeededGenerator(seed: 1)
        for user in 0..<users {
            for _ in 0..<40 {
                // Popularity falls with the square of the number drawn; tastes are blocks of a tenth of the catalogue.
                let skewed = Int(random.uniform() * random.uniform() * Double(items) / 10)
                let item = (user % 10) * (items / 10) + skewed
                try log.append(
                    userID: "u\(user)", itemID: "i\(item)", kind: .like, value: 1,
                    at: Timestamp(seconds: Int64(1_700_000_000 + random.below(1_000_000))))
            }
        }
        var configuration = TrainingConfiguration(
            codeVersion: "bench", parameters: ALSParameters(rank: 64, epochs: 3), policy: .always)
        configuration.bootstrapResamples = 10
        _ = try TrainingRun(configuration: configuration, registry: registry).run(log)
        let words = (0..<5_000).map { "word\($0)" }
        catalog = CatalogSnapshot(
            (0..<items).map { item in
                let overview = (0..<25).map { _ in
                    words[Int(random.uniform() * random.uniform() * Double(words.count))]
                }
                return Movie(
                    itemID: "i\(item)", title: "Film number \(item)", overview: overview.joined(separator: " "),
                    year: Int32(1950 + item % 70), genres: ["Genre \(item * 10 / items)"])
            })
    }
}
