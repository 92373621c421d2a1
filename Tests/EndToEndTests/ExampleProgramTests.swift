import Foundation
import Kafka
import TestSupport
import Testing

/// The programs of `examples/`, as processes on data made here.
@Suite struct ExampleProgramTests {
    /// Runs an example that must succeed.
    private func run(_ name: String, _ arguments: [String]) async throws -> [String] {
        let program = MarqueeProcess.built(name)
        let (status, output) = try await runCommand(program.path, arguments)
        #expect(status == 0, "\(name): \(output)")
        return output.split(separator: "\n").map(String.init)
    }

    @Test func theyReadATableConsumeEventsAndMakeLists() async throws {
        try await withTemporaryFolder { folder in
            let broker = try EmbeddedBroker()
            let kafka = ["--bootstrap-servers", broker.bootstrapServers]
            let (store, models) = (folder.appending(path: "data").path, folder.appending(path: "models").path)
            let films = Checkout.root.appending(path: "data/films.jsonl").path
            try await Loop.run(["simulate", "--count", "3000", "--days", "20", "--catalog", films] + kafka, in: folder)

            let counts = try await run("consume-events", [broker.bootstrapServers, "3000"])
            let numbers = counts.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
            #expect(counts.count == 3 && numbers.reduce(0, +) == 3000, "\(counts)")

            try await Loop.run(["ingest", "--store", store, "--until-end"] + kafka, in: folder)
            let whole = try await run("read-delta-table", ["\(store)/events"])
            #expect(
                whole.contains("3000 rows") && whole.contains { $0.hasPrefix("version ") && $0.contains("event_id") })
            let likes = try await run("read-delta-table", ["\(store)/events", "kind = 'like'"])
            let liked = try #require(counts.first { $0.hasPrefix("like: ") }?.dropFirst("like: ".count))
            #expect(likes.contains("\(liked) rows"))

            try await Loop.run(
                ["train", "--store", store, "--models", models, "--rank", "8", "--epochs", "2", "--promote", "always"],
                in: folder)
            let list = try await run("embed-recommender", [store, models, "u1"])
            #expect(list.first?.hasSuffix("user u1 is known") == true)
            #expect(list.filter { $0.first?.isNumber == true && $0.contains(": ") }.count == 5, "\(list)")
        }
    }

    @Test func anyMatrixIsFactorised() async throws {
        try await withTemporaryFolder { folder in
            // Two tastes: who is even likes what is even. User 0 has not met item 8.
            var lines = ["user,item,confidence"]
            for user in 0..<40 {
                for item in 0..<20 where (item + user) % 2 == 0 && !(user == 0 && item == 8) {
                    lines.append("u\(user),i\(item),1")
                }
            }
            let file = folder.appending(path: "plays.csv")
            try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
            let output = try await run("train-on-a-matrix", [file.path, "16"])
            #expect(output.filter { $0.hasPrefix("epoch ") }.count == 8)
            let place = try #require(output.firstIndex(of: "for u0:"))
            #expect(output[place + 1].hasPrefix("i8 "), "\(output)")
        }
    }

    @Test(arguments: ["embed-recommender", "read-delta-table", "train-on-a-matrix", "consume-events"])
    func wrongWordsAreAnsweredWithUsage(name: String) async throws {
        let program = MarqueeProcess.built(name)
        let (status, output) = try await runCommand(program.path, [])
        #expect(status == 64 && output.hasPrefix("usage: \(name) "))
    }
}
