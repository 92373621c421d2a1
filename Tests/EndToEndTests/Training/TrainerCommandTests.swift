import Columnar
import Domain
import EventIngest
import Foundation
import Store
import TestSupport
import Testing

/// `train`, `tune`, `models` and `recommend-all` as processes, on one small store.
@Suite struct TrainerCommandTests {
    /// Calls `body` with a folder and a store in it.
    private func withStore(_ body: (_ folder: URL, _ store: String, _ models: String) async throws -> Void) async throws
    {
        try await withTemporaryFolder { folder in
            let store = folder.appending(path: "data").path
            try await Loop.run(
                ["import", "movielens", try ratings(in: folder).path, "--store", store], in: folder)
            try await body(folder, store, folder.appending(path: "models").path)
        }
    }

    /// A folder in MovieLens' layout: users of two tastes, films of two kinds, with some noise in the stars.
    private func ratings(in folder: URL, users: ClosedRange<Int> = 1...50, at start: Int = 1_500_000_000) throws -> URL
    {
        let target = folder.appending(path: "ml-\(users.lowerBound)")
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        var ratings = "userId,movieId,rating,timestamp\n"
        var movies = "movieId,title,genres\n"
        for film in 1...30 { movies += "\(film),Film \(film) (19\(60 + film)),Drama\n" }
        for user in users {
            for film in 1...30 where (film * 11 + user * 7) % 5 < 3 {
                let stars = (film % 2 == user % 2 ? 4.0 : 2.5) + Double((film + user) % 3) * 0.5
                ratings += "\(user),\(film),\(min(stars, 5)),\(start + (film * 37 + user * 101) % 9973 * 60)\n"
            }
        }
        try Data(ratings.utf8).write(to: target.appending(path: "ratings.csv"))
        try Data(movies.utf8).write(to: target.appending(path: "movies.csv"))
        return target
    }

    private let small = ["--rank", "8", "--epochs", "4", "--threads", "2"]

    @Test func aKilledSearchGoesOn() async throws {
        try await withStore { folder, store, models in
            let state = folder.appending(path: "tune.jsonl").path
            let report = folder.appending(path: "tune.html").path
            let words =
                ["tune", "--store", store, "--models", models, "--trials", "8", "--state", state, "--report", report]
                + small
            let first = try MarqueeProcess(words, in: folder)
            func measured() -> Int {
                ((try? String(contentsOfFile: state, encoding: .utf8)) ?? "").split(separator: "\n").count
            }
            while measured() < 2, first.isRunning { try await Task.sleep(for: .milliseconds(5)) }
            first.signal(SIGKILL)
            _ = try await first.result()
            let kept = measured()
            #expect(kept >= 2)
            let output = try await Loop.run(words, in: folder)
            #expect(output.contains("measurements were there already."))
            let lines = output.replacing(#/ \\\n +/#, with: " ").split(separator: "\n").map(String.init)
            let heading = try #require(lines.first { $0.contains("NDCG@10") })
            let rows = lines.drop { $0 != heading }.dropFirst().prefix { $0.contains("\u{20}") && $0.first != "T" }
            #expect(rows.prefix(8).allSatisfy { $0.count == heading.count }, "columns are aligned")
            let html = try String(contentsOfFile: report, encoding: .utf8)
            #expect(html.contains("<svg") && html.contains("<circle") && !html.contains("http-equiv"))
            // Each measurement once, whatever the kill cut off; and what the last line says can be run.
            let states = try String(contentsOfFile: state, encoding: .utf8).split(separator: "\n")
            let whole = states.filter { (try? Loop.json(String($0))) != nil }
            #expect(whole.count >= states.count - 1)
            let best = try #require(lines.last?.split(separator: " ").map(String.init))
            #expect(best.prefix(6) == ["marquee", "train", "--store", store, "--models", models])
            #expect(best.suffix(4) == ["--epochs", "4", "--threads", "2"], "what was given and not searched stays")
            try await Loop.run(Array(best.dropFirst()), in: folder)
            #expect(try String(contentsOfFile: models + "/current", encoding: .utf8).isEmpty == false)
        }
    }

    @Test func modelsAreComparedAndExported() async throws {
        try await withStore { folder, store, models in
            let train = ["train", "--store", store, "--models", models, "--promote", "always"]
            try await Loop.run(train + small, in: folder)
            // Two models of one second have no order in a folder.
            let old = try String(contentsOfFile: "\(models)/current", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            try await Loop.run(train + ["--rank", "4", "--epochs", "4"], in: folder)
            let difference = try await Loop.run(["models", "diff", old, "current", "--models", models], in: folder)
            #expect(difference.contains("rank") && difference.contains(old) && !difference.contains("seed"))
            #expect(difference.contains("lists of 50 users in common"))
            try await Loop.refused(
                ["models", "diff", "nothing", "current", "--models", models], in: folder, status: 65,
                saying: ["nothing"])
            for (form, name) in [("npz", "model.npz"), ("parquet", "tables")] {
                let output = folder.appending(path: name).path
                let words = [
                    "models", "export", old, "--models", models, "--form", form, "--output", output,
                ]
                #expect(try await Loop.run(words, in: folder).contains(output))
            }
            let tables = folder.appending(path: "tables").path
            let rows = try await Loop.run(
                ["parquet", "cat", "\(tables)/items.parquet", "--columns", "id"], in: folder)
            #expect(rows.split(separator: "\n").count == 30)
            try await Loop.refused(
                ["models", "export", old, "--models", models, "--form", "parquet", "--output", tables], in: folder,
                status: 69, saying: [tables, "exists"])
        }
    }

    @Test func retrainsWhenThereAreNewEvents() async throws {
        try await withStore { folder, store, models in
            let service = try MarqueeProcess(
                ["train", "--store", store, "--models", models, "--every", "1s", "--warm-start", "current"] + small,
                in: folder)
            _ = try await service.line(after: "model ")
            while !service.errors.contains("nothing new to train on"), service.isRunning {
                try await Task.sleep(for: .milliseconds(20))
            }
            let more = try ratings(in: folder, users: 51...60, at: 1_600_000_000)
            try await Loop.run(["import", "movielens", more.path, "--store", store], in: folder)
            func published() -> [String] {
                ((try? FileManager.default.contentsOfDirectory(atPath: models)) ?? []).filter { $0.hasPrefix("2") }
            }
            while published().count < 2, service.isRunning { try await Task.sleep(for: .milliseconds(20)) }
            let newest = try #require(published().max())
            service.signal(SIGINT)
            let end = try await service.result()
            #expect(end.status == 130 || end.status == 0, "\(end.errors)")
            let manifest = try Loop.json(
                String(contentsOfFile: "\(models)/\(newest)/manifest.json", encoding: .utf8))
            #expect(manifest["warm_start"] != nil && (manifest["data"] as? [String: Any])?["users"] as? Int == 60)
        }
    }

    /// The same bytes from any number of threads; and a manifest that was altered proves nothing.
    @Test func reproducesFactorsAndFindsAlteredManifests() async throws {
        try await withStore { folder, store, models in
            try await Loop.run(["train", "--store", store, "--models", models] + small, in: folder)
            let words = ["train", "--store", store, "--models", models, "--reproduce", "current"]
            for threads in ["1", "2", "3", "8"] {
                let said = try await Loop.run(words + ["--threads", threads], in: folder)
                #expect(said.contains("is reproduced"))
            }
            let id = try String(contentsOfFile: "\(models)/current", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let path = "\(models)/\(id)/manifest.json"
            let whole = try String(contentsOfFile: path, encoding: .utf8)
            let manifest = try Loop.json(whole)
            let factors = try #require(manifest["factors_sha256"] as? String)
            let configuration = try #require(manifest["configuration_sha256"] as? String)
            for (text, other) in [
                (factors, String(factors.reversed())), (configuration, String(configuration.reversed())),
                ("\"rank\" : 8", "\"rank\" : 7"), ("\"seed\" : 1", "\"seed\" : 2"),
                ("\"ceiling\" : 5", "\"ceiling\" : 6"), ("\"events\" : ", "\"events\" : 1"),
                ("\"kind\" : \"als-implicit\"", "\"kind\" : \"als-explicit\""),
            ] {
                let altered = whole.replacing(text, with: other)
                #expect(altered != whole, "\(text)")
                try Data(altered.utf8).write(to: URL(filePath: path))
                let result = try await MarqueeProcess.run(words, in: folder)
                #expect(result.status == 65, "\(text): \(result.output)\(result.errors)")
            }
        }
    }

    /// A scheduler learns from the exit status what became of the model, and from JSON why.
    @Test func theVerdictIsTheExitStatus() async throws {
        try await withStore { folder, store, models in
            let train = ["train", "--store", store, "--models", models, "--format", "json"] + small
            func verdict(_ words: [String]) async throws -> (status: Int32, finding: String, outcome: String) {
                let result = try await MarqueeProcess.run(train + words, in: folder)
                let gate = try #require(Loop.json(result.output)["gate"] as? [String: Any])
                #expect(!result.output.contains("nan"))
                return (
                    result.status, gate["finding"] as? String ?? "", gate["outcome"] as? String ?? ""
                )
            }
            let first = try await verdict([])
            #expect(first == (0, "first", "promoted"))
            let again = try await verdict([])
            #expect(again == (10, "already-published", "kept"))
            let worse = try await verdict(["--lambda", "1000", "--rank", "1"])
            #expect(worse.status == (worse.outcome == "refused" ? 11 : 10) && worse.outcome != "promoted", "\(worse)")
            let never = try await verdict(["--seed", "3", "--promote", "never"])
            #expect(never.status == 0 && never.outcome == "kept")
            let always = try await verdict(["--seed", "4", "--promote", "always"])
            #expect(always.status == 0 && always.outcome == "promoted")
            let back = try await Loop.run(["models", "rollback", "--models", models], in: folder)
            #expect(back.contains("pinned"))
            let pinned = try await verdict(["--seed", "5", "--promote", "always"])
            #expect(pinned == (10, "pinned", "kept"))
            #expect(try await Loop.run(["models", "list", "--models", models], in: folder).contains("is pinned since"))
            try await Loop.run(["models", "unpin", "--models", models], in: folder)
            let removed = try await Loop.run(["models", "prune", "--models", models, "--keep", "1"], in: folder)
            // In service once, and the newest: those stay.
            #expect(removed.contains("2 models removed"), "\(removed)")
        }
    }

    @Test func aSearchIsShownAndKept() async throws {
        try await withStore { folder, store, models in
            let output = try await MarqueeProcess.run(
                ["train", "--store", store, "--models", models, "--auto", "--promote", "never"], in: folder)
            #expect(output.status == 0 && output.output.contains("search: "), "\(output.errors)")
            try await Loop.refused(
                ["train", "--store", store, "--models", models, "--minutes", "1"], in: folder, status: 64,
                saying: ["--auto"])
            try await Loop.refused(
                ["train", "--store", store, "--models", models, "--auto", "--explicit"], in: folder, status: 64,
                saying: ["--auto", "--explicit"])
        }
    }

    @Test func trainingOnStarsPublishesAModelOfStars() async throws {
        try await withStore { folder, store, models in
            let said = try await Loop.run(
                ["train", "--store", store, "--models", models, "--explicit", "--rank", "4", "--early-stopping", "2"],
                in: folder)
            #expect(said.contains("RMSE") && said.contains("rmse") && said.contains("on the validation window"))
            let manifest = try Loop.json(
                await Loop.run(["models", "show", "current", "--models", models, "--format", "json"], in: folder))
            #expect(manifest["kind"] as? String == "als-explicit" && manifest["early_stopping"] != nil)
            try await Loop.run(
                ["train", "--store", store, "--models", models, "--reproduce", "current"], in: folder)
            let list = try await Loop.run(
                ["recommend", "--models", models, "--store", store, "--user", "3"], in: folder)
            #expect(list.contains("is known") && list.contains("Film"))
            let filtered = try await Loop.run(
                [
                    "recommend", "--models", models, "--store", store, "--user", "3", "--exclude-seen", "none",
                    "--filter", "id in $ids", "--params", #"{"ids":["2","3"]}"#,
                ], in: folder)
            #expect(filtered.split(separator: "\n").count == 4, "\(filtered)")
            for (bad, says) in [("studio = 1", "studio"), ("year >", "character 7"), ("year = $y", "$y")] {
                try await Loop.refused(
                    ["recommend", "--models", models, "--store", store, "--user", "3", "--filter", bad], in: folder,
                    status: 64, saying: [says])
            }
            try await Loop.refused(
                ["recommend", "--models", models, "--user", "3", "--filter", "year > 1"], in: folder, status: 64,
                saying: ["--store"])
            let report = folder.appending(path: "report.json").path
            try await Loop.run(
                ["evaluate", "--store", store, "--models", models, "--json", report, "--split", "random:0.2"],
                in: folder)
            #expect(try Loop.json(String(contentsOfFile: report, encoding: .utf8))["rating_errors"] != nil)
            // What an explicit model has no use for is refused, and so is a warm start across kinds.
            try await Loop.refused(
                ["train", "--store", store, "--models", models, "--explicit", "--alpha0", "1"], in: folder, status: 64,
                saying: ["--explicit", "--alpha0"])
            try await Loop.refused(
                ["train", "--store", store, "--models", models, "--nonnegative"], in: folder, status: 64,
                saying: ["--explicit"])
            try await Loop.refused(
                ["train", "--store", store, "--models", models, "--rank", "4", "--warm-start", "current"], in: folder,
                status: 64, saying: ["als-explicit", "als-implicit"])
        }
    }

    @Test(.enabled(if: Checkout.python != nil, "needs the Python environment in .venv"))
    func othersReadEveryList() async throws {
        try await withStore { folder, store, models in
            try await Loop.run(["train", "--store", store, "--models", models] + small, in: folder)
            let file = folder.appending(path: "lists.parquet").path
            let tables = folder.appending(path: "lists").path
            try await Loop.run(["recommend-all", "--models", models, "-n", "5", "--out", file], in: folder)
            // A file is replaced; a folder is not.
            let said = try await Loop.run(["recommend-all", "--models", models, "-n", "5", "--out", file], in: folder)
            #expect(said.contains("50 users, 250 rows"))
            let all = ["recommend-all", "--models", models, "-n", "40", "--include-seen", "--out", tables]
            try await Loop.run(all, in: folder)
            try await Loop.refused(all, in: folder, status: 69, saying: [tables, "exists"])
            let id = try String(contentsOfFile: "\(models)/current", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let found = try await Loop.python("models/read_lists.py", ["\(models)/\(id)", file, tables, "5"])
            #expect(found["rows"] as? Int == 250 && found["all_rows"] as? Int == 50 * 30)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(!names.contains { $0.hasSuffix(".new") }, "\(names)")
            try await Loop.refused(
                ["recommend-all", "--models", models, "--out", "/proc/none/lists.parquet"], in: folder, status: 69,
                saying: ["/proc/none"])
        }
    }

    /// What another program wrote into the table, through every command that reads it.
    @Test func rowsOfOthersThatAreNoEventsAreNamedAndLeftOut() async throws {
        try await withStore { folder, store, models in
            let bad = [
                Event(
                    eventID: "not-a-number", userID: "1", itemID: "1", kind: .review, value: .nan,
                    at: Timestamp(seconds: 1_500_000_000), source: "other"),
                Event(
                    eventID: "year-9999", userID: "1", itemID: "2", kind: .review, value: 5,
                    at: Timestamp(seconds: 253_370_764_800), source: "other"),
            ]
            _ = try EventStore(folder: store).open(.events).append([EventTable.batch(bad, ingestedAt: .now)])
            let train = ["train", "--store", store, "--models", models] + small
            try await Loop.refused(
                train, in: folder, status: 65,
                saying: [
                    "2 of the 902 rows", "1 time-out-of-window, 1 value-out-of-range", "not-a-number", "year-9999",
                    "--max-bad-rows",
                ])
            let lenient = ["--max-bad-rows", "1%"]
            let output = try await Loop.run(train + lenient + ["--half-life", "90d"], in: folder)
            #expect(output.contains("left out: 2 of 902 rows"))
            let id = try String(contentsOfFile: "\(models)/current", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let manifest = try String(contentsOfFile: "\(models)/\(id)/manifest.json", encoding: .utf8)
            let data = try #require(try Loop.json(manifest)["data"] as? [String: Any])
            #expect(
                data["bad_rows"] as? [String: Int] == ["time-out-of-window": 1, "value-out-of-range": 1])
            try await Loop.run(
                ["train", "--store", store, "--models", models, "--reproduce", "current"], in: folder)
            let others = [
                ["evaluate", "--model", "current"], ["tune", "--trials", "1", "--rank", "8", "--epochs", "2"],
            ]
            for words in others.map({ $0 + ["--store", store, "--models", models] }) {
                try await Loop.refused(words, in: folder, status: 65, saying: ["2 of the 902 rows"])
                try await Loop.run(words + lenient, in: folder)
            }
            let verified = try await Loop.run(["store", "verify", "\(store)/events"], in: folder)
            #expect(verified.contains("2 of them are no events"))
            try await Loop.run(
                ["store", "delete", "\(store)/events", "--where", "value is nan or at > '9000-01-01'"], in: folder)
            try await Loop.run(train + ["--promote", "always"], in: folder)
            try await Loop.refused(train + ["--max-bad-rows", "2"], in: folder, status: 64, saying: ["--max-bad-rows"])
        }
    }

    @Test func badSettingsOfTrainAreRefused() async throws {
        try await withStore { folder, store, models in
            let train = ["train", "--store", store, "--models", models]
            func refused(_ words: [String], _ status: Int32, _ texts: [String]) async throws {
                try await Loop.refused(train + words, in: folder, status: status, saying: texts)
            }
            func weights(_ json: String) throws -> String {
                let file = folder.appending(path: "weights.json")
                try Data(json.utf8).write(to: file)
                return file.path
            }
            try await refused(["--lambda", "-1"], 64, ["--lambda"])
            try await refused(["--lambda", "nan"], 64, ["--lambda"])
            try await refused(["--alpha0", "inf"], 64, ["--alpha0"])
            try await refused(["--rank", "0"], 64, ["--rank"])
            try await refused(["--rank", "31"], 64, ["31", "30", "at most 30"])
            try await refused(["--rank", "31", "--explicit"], 64, ["31", "30", "at most 30"])
            try await refused(["--explicit", "--rank", "8", "--lambda", "0"], 64, ["lambda", "above 0"])
            try await refused(["--rank", "16", "--solver", "ials++", "--block", "20"], 64, ["block", "16"])
            try await refused(["--solver", "exact", "--cg-steps", "2"], 64, ["--solver exact", "--cg-steps"])
            try await refused(["--solver", "ials++", "--preconditioner", "none"], 64, ["--preconditioner"])
            try await refused(["--block", "32"], 64, ["--solver cg", "--block"])
            try await refused(["--rank", "8", "--max-memory", "60M"], 69, ["60 MiB", "900 events"])
            try await refused(["--max-memory", "lots"], 64, ["--max-memory"])
            try await refused(["--confidence", folder.appending(path: "none").path], 65, ["none"])
            try await refused(["--confidence", try weights("[]")], 64, ["weights.json"])
            try await refused(["--confidence", try weights(#"{"veiw": {"points": []}}"#)], 64, ["veiw"])
            try await refused(
                ["--confidence", try weights(#"{"ceiling": 1e60}"#)], 64, ["weights.json", "32-bit float"])
            try await refused(["--confidence", try weights(#"{"ceiling": "a"}"#)], 64, ["weights.json", "at ceiling"])
            try await refused(["--confidence", try weights(#"{"ceiling": -1}"#)], 64, ["ceiling"])
            try await refused(
                ["--confidence", try weights(#"{"review": {"points": [[1, 0], [0.5, 1]]}}"#)], 64, ["review"])
            // Only dislikes; no event of a kind that counts; equations without a solution; numbers past a float.
            try await refused(
                ["--confidence", try weights(#"{"review": {"points": [[5, -1]]}}"#)], 65, ["liked"])
            try await refused(
                ["--confidence", try weights(#"{"review": {"points": []}}"#)], 65, ["kind that counts"])
            try await refused(
                ["--rank", "30", "--lambda", "0", "--alpha0", "0", "--solver", "exact"], 65,
                ["no unique solution", "--lambda"])
            try await refused(
                [
                    "--confidence",
                    try weights(#"{"review": {"points": [[0, 1e37], [5, 3e38]]}, "ceiling": 3e38}"#), "--lambda", "0",
                    "--rank", "8",
                ], 65, ["infinite or NaN", "--lambda"])
            #expect(!FileManager.default.fileExists(atPath: models), "nothing was published")
        }
    }
}
