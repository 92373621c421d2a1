import Foundation
import TestSupport
import Testing

/// The reader of `simulate --truth`: whether a model finds the tastes that were planted.
@Suite struct PlantedTruthTests {
    @Test func aModelFindsThePlantedTastesAndPopularityDoesNot() async throws {
        try await withTemporaryFolder { folder in
            func path(_ name: String) -> String { folder.appending(path: name).path }
            let broker = try MarqueeProcess(["broker"], in: folder)
            let kafka = ["--bootstrap-servers", try await broker.line(after: "bootstrap.servers=")]
            try await Loop.run(
                ["simulate", "--count", "12000", "--days", "30", "--users", "120", "--seed", "7"]
                    + ["--truth", path("truth.jsonl")] + kafka, in: folder)
            try await Loop.run(["ingest", "--store", path("data"), "--until-end"] + kafka, in: folder)
            broker.signal(SIGINT)
            _ = try await broker.result()
            try await Loop.run(
                ["train", "--store", path("data"), "--models", path("models"), "--rank", "16", "--epochs", "6"],
                in: folder)
            // Films that a user has seen are left out, so exposure alone explains nothing.
            try await Loop.run(
                ["recommend-all", "--models", path("models"), "-n", "1000", "--out", path("lists.parquet")],
                in: folder)
            let truth = try Truth(String(contentsOfFile: path("truth.jsonl"), encoding: .utf8))
            let lists = try await Loop.run(
                ["parquet", "cat", path("lists.parquet"), "--columns", "user_id,item_id,score", "--format", "csv"],
                in: folder)
            try compare(lists, truth)
        }
    }

    /// Of each user, how far the order of the unseen films goes with the user's planted affinity to them.
    private func compare(_ lists: String, _ truth: Truth) throws {
        var rows: [String: [(item: String, score: Double)]] = [:]
        for line in lists.split(separator: "\n").dropFirst() {
            let cells = line.split(separator: ",").map(String.init)
            try #require(cells.count == 3, "\(line)")
            rows[cells[0], default: []].append((cells[1], try #require(Double(cells[2]))))
        }
        try #require(rows.count > 80)
        var (model, popularity, better) = (0.0, 0.0, 0)
        for (user, list) in rows {
            let affinities = try list.map { try truth.affinity(of: user, to: $0.item) }
            let byModel = rankCorrelation(list.map(\.score), affinities)
            let byPopularity = rankCorrelation(try list.map { try #require(truth.popularity[$0.item]) }, affinities)
            model += byModel / Double(rows.count)
            popularity += byPopularity / Double(rows.count)
            if byModel > byPopularity { better += 1 }
        }
        // 200 users with 20,000 events give 0.43 and −0.09; guessing gives 0 ± 0.05 a user.
        #expect(model > 0.25, "mean rank correlation of the model: \(model)")
        #expect(model > popularity + 0.25, "of popularity: \(popularity)")
        #expect(better > rows.count * 9 / 10, "\(better) of \(rows.count) users")
    }

    /// The file of `--truth`.
    private struct Truth {
        private var users: [String: [Double]] = [:]
        private var films: [String: [Double]] = [:]
        private(set) var popularity: [String: Double] = [:]

        init(_ text: String) throws {
            for line in text.split(separator: "\n") {
                let object = try Loop.json(String(line))
                let vector = try #require(object["vector"] as? [Double])
                if let user = object["user"] as? String {
                    users[user] = vector
                } else {
                    let item = try #require(object["item"] as? String)
                    films[item] = vector
                    popularity[item] = try #require(object["popularity"] as? Double)
                }
            }
        }

        func affinity(of user: String, to film: String) throws -> Double {
            zip(try #require(users[user]), try #require(films[film])).reduce(0) { $0 + $1.0 * $1.1 }
        }
    }
}
