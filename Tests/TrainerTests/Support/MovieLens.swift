import Domain
import Foundation
import TestSupport

@testable import Trainer

/// The small MovieLens set beside the repository.
enum MovieLens {
    static let folder = Checkout.shared("data/ml-latest-small")

    /// Its ratings as reviews.
    static func log() throws -> InteractionLog {
        let text = try String(contentsOf: folder!.appending(path: "ratings.csv"), encoding: .utf8)
        let log = try InteractionLog(source: "ml-latest-small", version: 1)
        for line in text.split(whereSeparator: \.isNewline).dropFirst() {
            let fields = line.split(separator: ",")
            try log.append(
                userID: String(fields[0]), itemID: String(fields[1]), kind: .review, value: Float(fields[2])!,
                at: Timestamp(seconds: Int64(fields[3])!))
        }
        return log
    }
}

/// Events with planted taste: users of group g like items of group g, more so early items.
func plantedLog(
    users: Int = 60, items: Int = 40, groups: Int = 4, seed: UInt64 = 1, version: Int64 = 3, perUser: Int = 12
) throws -> InteractionLog {
    let log = try InteractionLog(source: "planted", version: version)
    var generator = SeededGenerator(seed: seed)
    for step in 0..<users * perUser {
        let user = generator.below(users)
        let taste = user % groups
        let strays = generator.uniform() < 0.1
        let item = (strays ? generator.below(items) : generator.below(items / groups) * groups + taste) % items
        let isLiked = item % groups == taste
        try log.append(
            userID: "user \(user)", itemID: "film \(item)", kind: .like, value: isLiked ? 1 : -1,
            at: Timestamp(seconds: 1_700_000_000 + Int64(step) * 60))
    }
    return log
}

func smallConfiguration(rank: Int = 8, epochs: Int = 5) -> TrainingConfiguration {
    TrainingConfiguration(
        codeVersion: "test", parameters: ALSParameters(rank: rank, epochs: epochs, threads: 2),
        bootstrapResamples: 100)
}
