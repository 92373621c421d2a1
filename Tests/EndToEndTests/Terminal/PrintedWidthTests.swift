import Columnar
import EventIngest
import Foundation
import Store
import TestSupport
import Testing

@testable import marquee

/// What commands print: for people no wider than a page, whatever is in the store; for programs one JSON value.
@Suite struct PrintedWidthTests {
    private static let longID = "user-" + String(repeating: "0123456789", count: 12)

    /// Ratings of users and films with long names, and a model of them.
    private func withStore(_ body: (_ folder: URL, _ store: String, _ models: String) async throws -> Void) async throws
    {
        try await withTemporaryFolder { folder in
            let (store, models) = (folder.appending(path: "data").path, folder.appending(path: "models").path)
            var ratings = "user_id,item_id,rating,timestamp\n"
            for user in 1...40 {
                for film in 1...25 where (film * 11 + user * 7) % 5 < 3 {
                    let name = user == 1 ? Self.longID : "\(user)"
                    let stars = film % 2 == user % 2 ? 4.5 : 2.5
                    ratings += "\(name),film-\(film)-\(String(repeating: "x", count: film * 4)),\(stars),"
                    ratings += "\(1_500_000_000 + (film * 37 + user * 101) % 9973 * 60)\n"
                }
            }
            let file = folder.appending(path: "ratings.csv")
            try Data(ratings.utf8).write(to: file)
            try await Loop.run(
                [
                    "import", "csv", file.path, "--store", store, "--kind", "review", "--map",
                    "user=user_id,item=item_id,value=rating,at=timestamp",
                ], in: folder)
            try deadLetters(at: "\(store)/dead_letters")
            try films(at: "\(store)/movies", folder)
            try await body(folder, store, models)
        }
    }

    private func deadLetters(at path: String) throws {
        let table = try DeltaTable.create(at: path, schema: TableContract.deadLetters.schema)
        let topic = "events-of-" + String(repeating: "a-long-topic-", count: 8)
        let reasons = [
            "missing-field: user_id", "malformed-json", "incompatible-schema: " + String(repeating: "x", count: 90),
        ]
        let payloads = ["{\"event_id\":\"e\"}", String(repeating: "bad\u{1B}[2J\n", count: 40), "\u{0}\u{5}"]
        _ = try table.append([
            try RecordBatch(
                schema: TableContract.deadLetters.schema,
                columns: [
                    .string(BytesColumn(reasons.map { _ in topic })), .int32(PrimitiveColumn([0, 1, 2])),
                    .int64(PrimitiveColumn([1, 2_000_000_000, 9_000_000_000_000])),
                    .timestamp(PrimitiveColumn(reasons.map { _ in Int64(1_764_000_000_000_000) })),
                    .string(BytesColumn(reasons)), .binary(BytesColumn(payloads)),
                    .binary(BytesColumn(["key", nil, nil])),
                ])
        ])
    }

    /// A column more than fits, and titles of every width.
    private func films(at path: String, _ folder: URL) throws {
        let schema = Schema([
            Field("item_id", .string, nullable: false), Field("title", .string), Field("overview", .string),
            Field("year", .int32),
        ])
        let titles = ["七人の侍" + String(repeating: "長", count: 60), String(repeating: "Long ", count: 50), "A"]
        let table = try DeltaTable.create(at: path, schema: schema)
        _ = try table.append([
            try RecordBatch(
                schema: schema,
                columns: [
                    .string(BytesColumn(["a", String(repeating: "b", count: 200), "c"])), .string(BytesColumn(titles)),
                    .string(BytesColumn(titles)), .int32(PrimitiveColumn([1954, 2000, 2001])),
                ])
        ])
    }

    @Test func everythingPrintedFitsAPageAndEveryJSONIsOneValue() async throws {
        try await withStore { folder, store, models in
            let events = "\(store)/events"
            let train = ["train", "--store", store, "--models", models, "--rank", "4", "--epochs", "2"]
            let manifest = try await Loop.run(train + ["--format", "json"], in: folder)
            #expect(try Loop.json(manifest)["factors_sha256"] != nil)
            let settings = folder.appending(path: String(repeating: "s", count: 90) + ".yaml").path
            try "models: \(models)\n".write(toFile: settings, atomically: true, encoding: .utf8)
            let odd = folder.appending(path: "odd.csv").path
            let lines = (0..<9).map { "user \($0),film,\(String(repeating: "no time at all ", count: 8))" }
            try (["u,i,t", "u,i,2026-01-02T00:00:00Z"] + lines).joined(separator: "\n")
                .write(toFile: odd, atomically: true, encoding: .utf8)
            let file = try #require(try DeltaTable.open(at: events).snapshot().files.first).path
            let printing: [[String]] = [
                train + ["--promote", "always", "--seed", "2"], ["models", "list", "--models", models],
                ["models", "show", "--models", models],
                ["models", "diff", "current", "current", "--models", models],
                ["recommend", "--models", models, "--user", Self.longID],
                ["recommend", "--models", models, "--user", "2"], ["config", "--config", settings],
                ["import", "csv", odd, "--store", store, "--map", "user=u,item=i,at=t", "--kind", "view"],
                ["store", "log", events], ["store", "show", events], ["store", "count", events],
                ["store", "cat", events, "--format", "table"],
                ["store", "cat", events, "--format", "table", "--columns", "user_id,item_id,value"],
                ["store", "cat", "\(store)/movies", "--format", "table"],
                ["store", "show", "\(store)/dead_letters"],
                ["store", "cat", "\(store)/dead_letters", "--format", "table"],
                ["store", "verify", events], ["store", "optimize", events], ["deadletters", "list", "--store", store],
                ["parquet", "schema", "\(events)/\(file)"], ["parquet", "meta", "\(events)/\(file)"],
                ["parquet", "verify", "\(events)/\(file)"], ["config"], ["config", "ingest"], ["help"], ["version"],
                ["evaluate", "--store", store, "--models", models],
                ["tune", "--store", store, "--models", "m", "--trials", "2", "--epochs", "2", "--rank", "4"],
            ]
            for words in printing {
                let output = try await Loop.run(words, in: folder)
                for line in output.split(separator: "\n") where TextLayout.columns(of: line) > 80 {
                    // A path that is longer than a line by itself.
                    if words[0] == "tune", !line.dropFirst(4).dropLast(2).contains(" ") { continue }
                    Issue.record("\(words.prefix(3)) prints \(TextLayout.columns(of: line)) columns: \(line)")
                }
                #expect(!output.contains("\u{1B}"), "\(words)")
            }

            let listing: [[String]] = [
                ["models", "list", "--models", models], ["store", "log", events],
                ["deadletters", "list", "--store", store], ["store", "cat", events],
                ["store", "cat", "\(store)/movies", "--where", "year = 1"],
            ]
            for words in listing {
                let json = try await Loop.run(words + ["--format", "json"], in: folder)
                let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
                let lines = try await Loop.run(words + ["--format", "jsonl"], in: folder)
                let objects = try lines.split(separator: "\n").map { try Loop.json(String($0)) }
                #expect(rows as NSArray == objects as NSArray, "\(words)")
            }
            let list = try Loop.json(
                await Loop.run(["recommend", "--models", models, "--user", "2", "--format", "json"], in: folder))
            #expect((list["items"] as? [[String: Any]])?.first?["id"] is String && list["user_state"] is String)
            for words in [["models", "show", "--models", models], ["store", "show", events]] {
                #expect(try Loop.json(try await Loop.run(words + ["--format", "json"], in: folder)).count > 5)
            }
            let letters = try await Loop.run(
                ["deadletters", "list", "--store", store, "--format", "jsonl"], in: folder)
            let first = try Loop.json(String(try #require(letters.split(separator: "\n").first)))
            #expect(first["reason"] as? String == "missing-field" && first["detail"] as? String == "user_id")
            #expect(first["text"] as? String == "{\"event_id\":\"e\"}" && first["key"] as? String == "a2V5")
        }
    }

    @Test func commandsBreakBetweenOptions() {
        let line = "ingest --bootstrap-servers localhost:9092 --store 'a folder with spaces' --commit-interval 30s -n 5"
        let lines = TextLayout.wrappedForShell(line, indent: 2).components(separatedBy: " \\\n")
        #expect(
            lines == [
                "  ingest --bootstrap-servers localhost:9092 --store 'a folder with spaces'",
                "      --commit-interval 30s -n 5",
            ])
    }

    @Test func wideTextIsClippedByColumns() {
        #expect(TextLayout.clipped("七人の侍", to: 8) == "七人の侍")
        #expect(TextLayout.clipped("七人の侍", to: 7) == "七人の…")
        #expect(TextLayout.clipped("Seven", to: 3) == "Se…")
        #expect(TextLayout.fitted([30, 60, 4], mayShrink: [true, true, false]) == [30, 42, 4])
        #expect(TextLayout.fitted([30, 60, 40], mayShrink: [false, true, false], least: 20) == nil)
        #expect(Figure.short(1_234_567) == "1.23M" && Figure.short(999_499) == "999,499")
    }
}
