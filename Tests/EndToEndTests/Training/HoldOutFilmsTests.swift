import Foundation
import TestSupport
import Testing

/// `evaluate --hold-out-films` as a process: films without events, found by what they are.
@Suite struct HoldOutFilmsTests {
    @Test func filmsSetAsideAreRankedByFourWays() async throws {
        try await withTemporaryFolder { folder in
            let (data, models) = (folder.appending(path: "data").path, folder.appending(path: "models").path)
            let demo = try MarqueeProcess(
                ["demo", "--events", "20000", "--port", "0", "--data", data, "--models", models], in: folder)
            _ = try await demo.line(after: "serve      ")
            demo.signal(SIGINT)
            #expect(try await demo.result().status == 0)

            let report = folder.appending(path: "report.json")
            let command = ["evaluate", "--store", data, "--models", models, "--hold-out-films", "0.1", "--seeds", "2"]
            let printed = try await Loop.run(command + ["--json", report.path], in: folder)
            #expect(printed.contains("NDCG@10 over films held out whole"))
            // The table is wider than a terminal: it goes on in the next line, and no name loses its end.
            for name in ["predicted factors", "popularity", "content similarity", "random"] {
                #expect(printed.split(separator: "\n").contains { $0.hasPrefix(name + " ") }, "\(name): \(printed)")
            }
            #expect(printed.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(printed)")
            let sections = try #require(
                try Loop.json(String(contentsOf: report, encoding: .utf8))["sections"] as? [[String: Any]])
            let section = try #require(sections.first { $0["id"] as? String == "cold-start" })
            let tables = try #require(section["tables"] as? [[String: Any]])
            let rows = try #require(tables.first?["rows"] as? [[Any]])
            var ndcg: [String: Double] = [:]
            for row in rows {
                let name = try #require(row[0] as? String)
                let interval = try #require(row[1] as? [String: Any])
                let (low, value, high) = (
                    try #require(interval["low"] as? Double), try #require(interval["value"] as? Double),
                    try #require(interval["high"] as? Double)
                )
                #expect(0 <= low && low <= value && value <= high && high <= 1, "\(name): \(interval)")
                ndcg[name] = value
            }
            #expect(Set(ndcg.keys) == ["predicted factors", "popularity", "content similarity", "random"])
            // The simulator's audience likes films for what they are.
            let predicted = try #require(ndcg["predicted factors"])
            #expect(ndcg.filter { $0.key != "predicted factors" }.values.allSatisfy { predicted > $0 }, "\(ndcg)")

            let again = folder.appending(path: "again.json")
            try await Loop.run(command + ["--json", again.path], in: folder)
            let repeated = try #require(
                try Loop.json(String(contentsOf: again, encoding: .utf8))["sections"] as? [[String: Any]])
            #expect(
                (repeated.first { $0["id"] as? String == "cold-start" } as NSDictionary?) == section as NSDictionary,
                "the same seed draws the same films")

            for share in ["0", "0.6", "some"] {
                try await Loop.refused(
                    ["evaluate", "--store", data, "--hold-out-films", share], in: folder, status: 64,
                    saying: ["--hold-out-films", "0.001 to 0.5"])
            }
        }
    }
}
