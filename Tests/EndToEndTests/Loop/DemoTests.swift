import Foundation
import TestSupport
import Testing

@Suite struct DemoTests {
    private func arguments(_ folder: URL, _ more: [String]) -> [String] {
        [
            "demo", "--port", "0", "--data", folder.appending(path: "data").path, "--models",
            folder.appending(path: "models").path,
        ] + more
    }

    @Test func theWholeLoopAndASecondRun() async throws {
        try await withTemporaryFolder { folder in
            let first = try MarqueeProcess(arguments(folder, ["--events", "6000"]), in: folder)
            let address = try await first.line(after: "serve      ")
            for stage in ["broker", "catalogue", "simulate", "ingest", "train"] {
                #expect(first.output.contains("\n\(stage) ") || first.output.hasPrefix(stage), "\(first.output)")
            }
            #expect(first.output.contains("popular"))
            try await eventually("the three lines to try are printed") {
                first.output.components(separatedBy: "  curl -s '").count == 4
            }
            let client = Client(address)
            defer { client.close() }
            let lines = first.output.components(separatedBy: "  curl -s '").dropFirst()
            for line in lines {
                let url = line.prefix { $0 != "'" }
                let (status, body) = try await client.get(String(url.dropFirst(address.count)))
                #expect(status == 200)
                #expect(body.count > 20, "\(url): \(body)")
            }
            let titles = try await client.get(String((lines.last ?? "").prefix { $0 != "'" }.dropFirst(address.count)))
            let list = try JSONSerialization.jsonObject(with: Data(titles.body.utf8)) as? [String]
            #expect(list?.count == 10)

            // Events go on: they reach the table while it serves.
            let events = folder.appending(path: "data/events").path
            try await eventually("live events are stored") {
                let count = try await Loop.run(["store", "count", events], in: folder)
                return Int(count.trimmingCharacters(in: .newlines)).map { $0 > 6000 } ?? false
            }
            first.signal(SIGINT)
            let end = try await first.result()
            #expect(end.status == 0, "\(end.errors)")
            #expect(end.output.contains("stopped"))

            // The second run uses what is there: nothing is simulated, nothing trained.
            let second = try MarqueeProcess(arguments(folder, ["--events", "6000"]), in: folder)
            _ = try await second.line(after: "serve      ")
            #expect(!second.output.contains("simulate "))
            #expect(!second.output.contains("train "))
            #expect(second.output.contains("already"))
            second.signal(SIGTERM)
            #expect(try await second.result().status == 0)
        }
    }

    @Test func aStoreThatHasGrownIsTrainedOnAnew() async throws {
        try await withTemporaryFolder { folder in
            let words = arguments(folder, ["--events", "4000"])
            let first = try MarqueeProcess(words, in: folder)
            _ = try await first.line(after: "serve      ")
            for name in ["popular", "recently popular", "item-kNN"] {
                #expect(
                    first.output.contains("train      \(name) "), "\(name) stands beside the model: \(first.output)")
            }
            first.signal(SIGINT)
            _ = try await first.result()
            var views = "user_id,item_id,value,at\n"
            for view in 0..<300 { views += "v\(view % 40),f0\(100 + view % 90),0.9,2026-01-02T03:04:05Z\n" }
            let file = folder.appending(path: "views.csv")
            try Data(views.utf8).write(to: file)
            try await Loop.run(
                [
                    "import", "csv", file.path, "--store", folder.appending(path: "data").path, "--kind", "view",
                    "--map",
                    "user=user_id,item=item_id,value=value,at=at",
                ], in: folder)
            let second = try MarqueeProcess(words, in: folder)
            _ = try await second.line(after: "serve      ")
            #expect(second.output.contains("% more than the") && second.output.contains("trained anew"))
            #expect(second.output.contains("\ntrain ") && !second.output.contains("simulate "))
            second.signal(SIGINT)
            #expect(try await second.result().status == 0)
        }
    }

    @Test func stoppedHalfWayItIsCompletedByTheNextRun() async throws {
        try await withTemporaryFolder { folder in
            let first = try MarqueeProcess(arguments(folder, ["--events", "5000000"]), in: folder)
            _ = try await first.line(after: "catalogue  ")
            first.signal(SIGINT)
            let end = try await first.result()
            #expect(end.status == 130, "\(end.output)\(end.errors)")
            let second = try MarqueeProcess(arguments(folder, ["--events", "4000"]), in: folder)
            _ = try await second.line(after: "serve      ")
            second.signal(SIGINT)
            #expect(try await second.result().status == 0)
        }
    }

    @Test(
        .enabled(
            if: Checkout.shared("data/ml-latest-small") != nil,
            "there is no ../shared/data/ml-latest-small beside the checkout"))
    func theDemoServesListsFromMovieLens() async throws {
        let whole = try #require(Checkout.shared("data/ml-latest-small"))
        try await withTemporaryFolder { folder in
            // A fifth of its users: a debug build trains for minutes on all of them.
            let part = folder.appending(path: "ml-latest-small")
            try FileManager.default.createDirectory(at: part, withIntermediateDirectories: false)
            for name in ["movies.csv", "links.csv", "tags.csv"] {
                try FileManager.default.copyItem(
                    at: whole.appending(path: name), to: part.appending(path: name))
            }
            let lines = try String(contentsOf: whole.appending(path: "ratings.csv"), encoding: .utf8).split(
                whereSeparator: \.isNewline)
            let kept = lines.filter { line in Int(line.prefix { $0 != "," }).map { $0 <= 120 } ?? true }
            try kept.joined(separator: "\n").write(
                to: part.appending(path: "ratings.csv"), atomically: true, encoding: .utf8)
            let demo = try MarqueeProcess(arguments(folder, ["--movielens", part.path]), in: folder)
            let address = try await demo.line(after: "serve      ", patience: .seconds(600))
            let client = Client(address)
            defer { client.close() }
            #expect(try await client.items("/v1/users/1/recommendations?n=5").count == 5)
            demo.signal(SIGINT)
            let end = try await demo.result()
            #expect(end.status == 0, "\(end.errors)")
            let count = kept.count - 1
            #expect(end.output.contains("\(count / 1000),\(String(format: "%03d", count % 1000)) ratings"))
        }
    }

    @Test func theCatalogueIsFoundOrItsAbsenceExplained() async throws {
        try await withTemporaryFolder { folder in
            // From elsewhere the program looks beside itself, and it lies inside the repository.
            let demo = try MarqueeProcess(arguments(folder, ["--events", "2000"]), in: folder, directory: folder)
            _ = try await demo.line(after: "catalogue  ")
            demo.signal(SIGINT)
            _ = try await demo.result()
            try await Loop.refused(
                arguments(folder, ["--catalog", "nowhere.jsonl"]), in: folder, status: 65, saying: ["nowhere.jsonl"])
        }
    }
}
