import Domain
import Foundation
import HTTPClient
import Operations
import TestSupport
import Testing

/// `train` as a job and for a scheduler outside, as processes.
@Suite("The retraining job", .timeLimit(.minutes(10)))
struct RetrainingJobTests {
    private struct Place {
        let folder: URL
        var store: String { folder.appending(path: "data").path }
        var models: String { folder.appending(path: "models").path }
        var state: StateDatabase { StateDatabase(folder: folder.appending(path: "state").path) }

        func words(_ more: [String]) -> [String] {
            ["train", "--store", store, "--models", models, "--rank", "4", "--epochs", "2", "--split", "time:0.8"]
                + more
        }

        func train(_ more: [String]) async throws -> MarqueeProcess.Result {
            try await MarqueeProcess.run(words(more), in: folder)
        }

        var current: String? {
            (try? String(contentsOfFile: models + "/current", encoding: .utf8))?.trimmingCharacters(
                in: .whitespacesAndNewlines)
        }

        func importUsers(_ users: ClosedRange<Int>) async throws {
            let target = folder.appending(path: "ml-\(users.lowerBound)")
            try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
            var ratings = "userId,movieId,rating,timestamp\n"
            var movies = "movieId,title,genres\n"
            for film in 1...30 { movies += "\(film),Film \(film) (1980),Drama\n" }
            for user in users {
                for film in 1...30 where (film * 11 + user * 7) % 5 < 3 {
                    ratings +=
                        "\(user),\(film),\(film % 2 == user % 2 ? 4.5 : 2.5),\(1_500_000_000 + (film * 37 + user * 101) % 9973 * 60)\n"
                }
            }
            try Data(ratings.utf8).write(to: target.appending(path: "ratings.csv"))
            try Data(movies.utf8).write(to: target.appending(path: "movies.csv"))
            try await Loop.run(["import", "movielens", target.path, "--store", store], in: folder)
        }

        /// A file of two secrets.
        func secrets() throws -> String {
            let file = folder.appending(path: "hook.secret")
            try Data("0123456789abcdef-new\n0123456789abcdef-old\n".utf8).write(to: file)
            return file.path
        }
    }

    private func withPlace(_ body: (Place) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let place = Place(folder: folder)
            try await place.importUsers(1...80)
            try await body(place)
        }
    }

    private func messages(_ server: ScriptedServer) throws -> [[String: Any]] {
        try server.requests.map { request in
            let body = try #require(request.range(of: "\r\n\r\n").map { String(request[$0.upperBound...]) })
            return try Loop.json(body)
        }
    }

    @Test("--once says by its exit status what became of the run, and whether one was due")
    func statuses() async throws {
        try await withPlace { place in
            let nothing = try await MarqueeProcess.run(
                ["train", "--store", place.folder.path + "/none", "--models", place.models, "--once"], in: place.folder)
            // A lost disk or a slip in a name is no lack of news.
            #expect(nothing.status == 65, "\(nothing.errors)")
            let first = try await place.train(["--once", "--promote", "always"])
            #expect(first.status == 0, "\(first.errors)")
            let model = try #require(place.current)
            let again = try await place.train(["--once", "--promote", "always"])
            #expect(again.status == 12 && again.errors.contains("no new version"), "\(again.errors)")
            let few = try await place.train(["--once", "--on-events", "100000", "--promote", "always"])
            #expect(few.status == 12 && few.errors.contains("100000 new events"), "\(few.errors)")
            for timing in [["--every", "6h"], ["--cron", "0 3 1 1 *"]] {
                #expect(try await place.train(["--once"] + timing).status == 12, "\(timing)")
            }
            // Other settings are something new; they do not win here.
            let other = try await place.train(["--once", "--lambda", "1000", "--format", "json"])
            #expect([10, 11].contains(other.status) && place.current == model, "\(other.errors)")
            let outcome = try (Loop.json(other.output)["gate"] as? [String: Any])?["outcome"] as? String
            #expect(outcome == (other.status == 10 ? "kept" : "refused"))
            // New events, as many as are asked for.
            try await place.importUsers(81...140)
            let more = try await place.train(["--once", "--on-events", "1000", "--promote", "always"])
            #expect(more.status == 0 && place.current != model, "\(more.errors)")
            // Somebody else is at it.
            let leases = Leases(place.state)
            guard case .taken(let lease) = try leases.take("training of \(place.models)") else {
                Issue.record("the lease is free")
                return
            }
            let busy = try await place.train(["--once", "--promote", "always", "--seed", "9"])
            #expect(busy.status == 75 && busy.errors.contains("under way, by process \(getpid())"), "\(busy.errors)")
            lease.release()
            #expect(try await place.train(["--once", "--promote", "always", "--seed", "9"]).status == 0)
        }
    }

    @Test("what cannot be a schedule is refused with advice")
    func refusals() async throws {
        try await withTemporaryFolder { folder in
            let place = Place(folder: folder)
            for (words, status, text) in [
                (["--cron", "0 0 30 2 *"], 64, "never fires"), (["--cron", "61 * * * *"], 64, "'61' is no minute"),
                (["--cron", "0 3 * * *", "--time-zone", "Europe/Atlantis"], 64, "Europe/Atlantis"),
                (["--cron", "0 3 * * *", "--every", "6h"], 64, "--cron"), (["--time-zone", "UTC"], 64, "--cron"),
                (["--every", "1h", "--webhook", "https://example.org/"], 64, "--webhook-secret-file"),
                (["--every", "1h", "--version", "3"], 64, "--version"),
            ] as [([String], Int32, String)] {
                try await Loop.refused(place.words(words), in: folder, status: status, saying: [text])
            }
            let secrets = try place.secrets()
            try await Loop.refused(
                place.words(["--once", "--webhook", "ftp://example.org/", "--webhook-secret-file", secrets]),
                in: folder,
                status: 64, saying: ["https://"])
            try Data("short".utf8).write(to: URL(filePath: secrets))
            try await Loop.refused(
                place.words(["--once", "--webhook", "https://example.org/", "--webhook-secret-file", secrets]),
                in: folder,
                status: 65, saying: ["shorter than 16 bytes", "openssl rand"])
        }
    }

    @Test("the verdict stands in manifest, evaluation, report, log, metric and webhook")
    func verdict() async throws {
        try await withPlace { place in
            try await withScriptedServer({ _, _ in [answer("200 OK")] }) { server in
                let hook = [
                    "--webhook", server.url + "/hook", "--webhook-secret-file", try place.secrets(),
                    "--webhook-allow-private",
                ]
                #expect(try await place.train(["--once", "--promote", "always"] + hook).status == 0)
                try await eventually("the promotion is told") { server.requests.count >= 1 }
                let job = try MarqueeProcess(
                    place.words(
                        ["--lambda", "1000", "--every", "2s", "--metrics-port", "0", "--log-format", "json"] + hook),
                    in: place.folder)
                try await eventually("the verdict is told") { server.requests.count >= 2 }
                let told = try #require(try messages(server).dropFirst().first)
                let data = try #require(told["data"] as? [String: Any])
                let model = try #require(data["model"] as? String)
                let manifest = try Loop.json(
                    String(contentsOfFile: "\(place.models)/\(model)/manifest.json", encoding: .utf8))
                let gate = try #require(manifest["gate"] as? [String: Any])
                let (outcome, finding) = (
                    try #require(gate["outcome"] as? String), try #require(gate["finding"] as? String)
                )
                let reason = try #require(gate["reason"] as? String)
                #expect(outcome != "promoted")
                #expect(told["type"] as? String == "training.\(outcome)" && data["finding"] as? String == finding)
                #expect(
                    data["reason"] as? String == reason && ["schedule", "missed"].contains(data["cause"] as? String))
                let evaluation = try Loop.json(
                    String(contentsOfFile: "\(place.models)/\(model)/evaluation.json", encoding: .utf8))
                #expect((evaluation["gate"] as? [String: Any])?["finding"] as? String == finding)
                let page = try String(contentsOfFile: "\(place.models)/\(model)/report.html", encoding: .utf8)
                #expect(page.contains(outcome.capitalized))
                try await eventually("the log has it") {
                    job.errors.split(separator: "\n").contains {
                        $0.contains("\"trained\"") && $0.contains(model) && $0.contains(finding)
                    }
                }
                let port = try #require(
                    job.errors.split(separator: "\n").compactMap { try? Loop.json(String($0)) }
                        .first { $0["message"] as? String == "listening" }?["port"])
                let http = HTTPClient.unwavering()
                let metrics = String(
                    decoding: try await http.send(HTTPRequest(.get, "http://127.0.0.1:\(port)/metrics")).body,
                    as: UTF8.self)
                #expect(
                    metrics.contains("marquee_trainings_total{finding=\"\(finding)\",verdict=\"\(outcome)\"} 1"),
                    "\(metrics)")
                #expect(metrics.contains("\nmarquee_training_next_run_timestamp_seconds 1"))
                #expect(metrics.contains("marquee_webhook_attempts_total{outcome=\"delivered\"} 1"))
                job.signal(SIGINT)
                let ended = try await job.result()
                #expect(!ended.errors.contains("0123456789abcdef"), "no secret in the log")
            }
        }
    }

    @Test("a killed run is known as dead at once, and a server that has the state shows it all")
    func killed() async throws {
        try await withPlace { place in
            #expect(try await place.train(["--once", "--promote", "always"]).status == 0)
            let job = try MarqueeProcess(
                [
                    "train", "--store", place.store, "--models", place.models, "--rank", "16", "--epochs", "10000",
                    "--every", "1s", "--alpha0", "0.1",
                ],
                in: place.folder)
            let leases = Leases(place.state)
            try await eventually("it runs") { try leases.holder(of: "training of \(place.models)") != nil }
            let busy = try await place.train(["--once", "--seed", "5"])
            #expect(busy.status == 75, "\(busy.errors)")
            job.signal(SIGKILL)
            _ = try await job.result()
            // It is made up for, though the next time of the clock is far.
            let made = try await place.train(["--once", "--every", "6h", "--seed", "5", "--promote", "always"])
            #expect(made.status == 0, "\(made.errors)")
            #expect(try await place.train(["--once", "--every", "6h", "--seed", "5"]).status == 12)

            let serving = try MarqueeProcess(
                ["serve", "--store", place.store, "--models", place.models, "--port", "0"], in: place.folder)
            let address = try await serving.line(after: "serving on ")
            let http = HTTPClient.unwavering()
            func get(_ path: String) async throws -> String {
                String(decoding: try await http.send(HTTPRequest(.get, address + path)).body, as: UTF8.self)
            }
            let list = try Loop.json(try await get("/v1/training-runs"))
            let runs = try #require(list["training_runs"] as? [[String: Any]])
            #expect(runs.map { $0["state"] as? String } == ["done", "failed", "done"])
            #expect((runs[1]["error"] as? [String: Any])?["code"] as? String == "interrupted")
            #expect((list["job"] as? [String: Any])?["last_success_at"] is String)
            #expect(try await get("/metrics").contains("marquee_training_last_success_timestamp_seconds 1"))

            // One request under one key makes one run.
            func post(_ body: String, key: String) async throws -> (
                status: Int, id: String?, code: String?, isReplayed: Bool
            ) {
                let response = try await http.send(
                    HTTPRequest(
                        .post, address + "/v1/training-runs",
                        headers: [HTTPHeader("Content-Type", "application/json"), HTTPHeader("Idempotency-Key", key)],
                        body: Array(body.utf8)))
                let answer = try Loop.json(String(decoding: response.body, as: UTF8.self))
                return (
                    response.status, answer["id"] as? String, answer["code"] as? String,
                    response.header("Idempotency-Replayed") == "true"
                )
            }
            let body = #"{"rank":8,"epochs":1000,"promote":"never"}"#
            let begun = try await post(body, key: "k1")
            let id = try #require(begun.id)
            #expect(begun.status == 202 && !begun.isReplayed)
            let again = try await post(body, key: "k1")
            #expect(again.status == 202 && again.id == id && again.isReplayed)
            let other = try await post(#"{"rank":9}"#, key: "k1")
            #expect(other.status == 422 && other.code == "idempotency-key-reused")
            let second = try await post(body, key: "k2")
            #expect(second.status == 409 && second.code == "training-under-way")
            // The same lease as that of the job.
            #expect(try await place.train(["--once", "--seed", "6"]).status == 75)
            #expect(try await http.send(HTTPRequest(.delete, address + "/v1/training-runs/\(id)")).status == 200)
            try await eventually("it has ended") {
                let answer = try Loop.json(try await get("/v1/training-runs/\(id)"))
                return answer["state"] as? String != "running" && answer["cause"] as? String == "api"
            }
            let replayed = try await post(body, key: "k1")
            #expect(replayed.id == id && replayed.isReplayed)
            serving.signal(SIGINT)
            #expect(try await serving.result().status == 0)
        }
    }

    @Test("a failed run keeps the model, and a receiver that is away gets the message from the next process")
    func failure() async throws {
        try await withPlace { place in
            let secrets = try place.secrets()
            #expect(try await place.train(["--once", "--promote", "always"]).status == 0)
            let model = place.current
            // Nothing listens on the port that was just free.
            let free = try ScriptedServer { _, _ in [] }
            let url = free.url
            free.stop()
            let hook = ["--webhook", url, "--webhook-secret-file", secrets, "--webhook-allow-private"]
            let failed = try await place.train(["--once", "--seed", "3", "--max-memory", "1M"] + hook)
            #expect(failed.status != 0 && ![10, 11, 12, 75].contains(failed.status), "\(failed.errors)")
            #expect(place.current == model)
            let outbox = Outbox(place.state)
            #expect(
                try outbox.messages().map(\.type) == ["training.failed"] && outbox.messages().first?.state == .pending)
            let listed = try await Loop.run(["webhooks", "list", "--format", "jsonl"], in: place.folder)
            #expect(listed.contains("training.failed") && listed.contains("Cannot connect"), "\(listed)")
            // The next attempt has its pause.
            let next = try await place.train(["--once", "--seed", "3"])
            #expect(next.status == 12, "\(next.errors)")
        }
    }
}
