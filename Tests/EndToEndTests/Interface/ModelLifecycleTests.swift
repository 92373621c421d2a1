import Foundation
import HTTPClient
import Synchronization
import TestSupport
import Testing

/// Promotion, rollback and damage under load, over real models and HTTP.
@Suite("The life of models over REST", .serialized, .timeLimit(.minutes(10)))
struct ModelLifecycleTests {
    @Test("while models are swapped under load, no request fails and each answer is of one model")
    func swaps() async throws {
        try await withServer { server in
            let paths = ["/v1/users/u1/recommendations?n=10", "/v1/items/f0100/similar?method=cf&n=10"]
            let watch = Watch()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<4 {
                    group.addTask {
                        let client = Client(server.address)
                        defer { client.close() }
                        while !watch.isDone {
                            let path = paths[worker % paths.count]
                            let answer = try await client.object(path)
                            let model = try #require((answer["model"] as? [String: Any])?["id"] as? String)
                            let items = try #require(answer["items"] as? [[String: Any]])
                            let print = items.map { "\($0["id"] ?? "")=\($0["score"] ?? "")" }.joined(separator: " ")
                            watch.note(print, to: "\(path) \(model)")
                        }
                    }
                }
                for round in 0..<20 {
                    let before = watch.answered
                    let id = server.models[(round + 1) % 2]
                    let (status, answer) = try await server.post("/v1/models/\(id)/promote", #"{"reason":"a test"}"#)
                    #expect(status == 200 && answer["in_service"] as? String == id, "\(answer)")
                    // Answered means swapped: the next answer is of the new model.
                    #expect(try await server.modelInService() == id)
                    try await eventually("answers go on") { watch.answered > before + 4 }
                }
                watch.end()
                try await group.waitForAll()
            }
            let seen = watch.answers
            #expect(seen.count == 4, "both models answered both questions: \(seen.keys.sorted())")
            for (question, answers) in seen { #expect(answers.count == 1, "\(question) has mixed answers") }
            for path in paths {
                #expect(Set(server.models.map { seen["\(path) \($0)"] }).count == 2, "the models can be told apart")
            }
        }
    }

    @Test("a rollback goes back to the model before, and says when there is none")
    func rollback() async throws {
        try await withServer { server in
            let promoted = try await server.post("/v1/models/\(server.models[1])/promote")
            #expect(promoted.status == 200 && promoted.answer["pinned"] as? Bool == false)
            let (status, answer) = try await server.post("/v1/models/rollback", #"{"reason":"worse"}"#)
            #expect(status == 200 && answer["in_service"] as? String == server.models[0], "\(answer)")
            #expect(answer["previous"] as? String == server.models[1])
            #expect(answer["pinned"] as? Bool == true, "no training promotes over it")
            #expect(try await server.client.object("/v1/models")["pinned"] as? Bool == true)
            #expect(try await server.modelInService() == server.models[0])
            let none = try await server.post("/v1/models/rollback")
            #expect(none.status == 409 && none.answer["code"] as? String == "nothing-to-roll-back-to")
        }
    }

    @Test("a damaged model is refused, and the one in service goes on")
    func damage() async throws {
        try await withServer { server in
            let file = server.folder.appending(path: "models/\(server.models[1])/factors.safetensors")
            var bytes = try Data(contentsOf: file)
            bytes[bytes.count - 5] ^= 0x40
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
            try bytes.write(to: file)
            let refused = try await server.post("/v1/models/\(server.models[1])/promote")
            #expect(refused.status == 409 && refused.answer["code"] as? String == "damaged-model")
            #expect(!"\(refused.answer)".contains(server.folder.path), "no path of this machine is told")
            #expect(try await server.modelInService() == server.models[0])
        }
    }

    @Test("models are listed, shown and compared, with intervals and the overlap of their lists")
    func reading() async throws {
        try await withServer { server in
            let list = try await server.client.object("/v1/models")
            let models = try #require(list["models"] as? [[String: Any]])
            #expect(models.compactMap { $0["id"] as? String } == server.models.reversed())
            #expect(models.map { $0["in_service"] as? Bool } == [false, true])
            let shown = try await server.client.object("/v1/models/current")
            #expect(shown["id"] as? String == server.models[0] && shown["metrics"] is [String: Any])
            let (a, b) = (server.models[0], server.models[1])
            let comparison = try await server.client.object("/v1/models/\(a)/compare/\(b)")
            #expect(comparison["on_same_events"] as? Bool == true)
            let lines = try #require(comparison["metrics"] as? [[String: Any]])
            let ndcg = try #require(lines.first { $0["metric"] as? String == "ndcg" && $0["k"] as? String == "10" })
            let figures = try ["first", "second", "difference"].map {
                try #require((ndcg[$0] as? [String: Any])?["value"] as? Double)
            }
            #expect(abs(figures[1] - figures[0] - figures[2]) < 1e-9)
            #expect((ndcg["difference"] as? [String: Any])?["low"] is Double)
            let overlap = try #require(comparison["overlap"] as? [String: Any])
            #expect(try #require(overlap["users"] as? Int) > 0)
            #expect(try (0...0.999).contains(#require(overlap["rbo"] as? Double)))
            let itself = try await server.client.object("/v1/models/\(a)/compare/\(a)")
            let same = try #require((itself["overlap"] as? [String: Any])?["rbo"] as? Double)
            #expect(abs(same - 1) < 1e-9)
            let evaluation = try await server.client.object("/v1/evaluations/\(a)")
            #expect(evaluation["metrics"] is [String: Any])
            #expect(try await server.client.get("/v1/evaluations/\(a)/report.html").body.contains("<html"))
            #expect(try await server.client.get("/v1/models/20200101T000000Z-00000000").status == 404)
        }
    }

    @Test("a training run goes on beside serving, one at a time, tells how far it is, and can be cancelled")
    func training() async throws {
        try await withServer { server in
            let (status, begun) = try await server.post(
                "/v1/training-runs", #"{"rank":8,"epochs":1000,"promote":"never"}"#)
            #expect(status == 202, "\(begun)")
            let id = try #require(begun["id"] as? String)
            let second = try await server.post("/v1/training-runs", #"{"rank":8}"#)
            #expect(second.status == 409 && second.answer["code"] as? String == "training-under-way")
            try await eventually("an epoch is done") {
                (try await server.client.object("/v1/training-runs/\(id)")["epoch"] as? Int ?? 0) > 0
            }
            #expect(try await server.send(.delete, "/v1/training-runs/\(id)").status == 200)
            try await eventually("it is cancelled") {
                try await server.client.object("/v1/training-runs/\(id)")["state"] as? String == "cancelled"
            }
            #expect(try (await server.client.object("/v1/models")["models"] as? [Any])?.count == 2)

            let whole = try await server.post("/v1/training-runs", #"{"rank":8,"epochs":2,"promote":"never"}"#)
            let next = try #require(whole.answer["id"] as? String)
            try await eventually("it is done") {
                try await server.client.object("/v1/training-runs/\(next)")["state"] as? String == "done"
            }
            let model = try await server.client.object("/v1/training-runs/\(next)")["model"] as? String
            #expect(try await server.client.object("/v1/models/\(try #require(model))")["rank"] as? Int == 8)
            let bad = try await server.post("/v1/training-runs", #"{"rank":0}"#)
            #expect(bad.status == 400 && bad.answer["parameter"] as? String == "rank")
        }
    }

    // MARK: A server over two models

    private struct Server {
        let address: String
        let folder: URL
        let client: Client
        /// Oldest first; the first is in service.
        let models: [String]
        private let http = HTTPClient.unwavering()

        init(_ address: String, _ folder: URL, _ models: [String]) {
            self.address = address
            self.folder = folder
            self.models = models
            client = Client(address)
        }

        func send(
            _ method: HTTPRequest.Method, _ path: String, _ json: String? = nil
        ) async throws -> (status: Int, answer: [String: Any]) {
            let type = json == nil ? [] : [HTTPHeader("Content-Type", "application/json")]
            let response = try await http.send(
                HTTPRequest(method, address + path, headers: type, body: Array((json ?? "").utf8)))
            return (response.status, try Loop.json(String(decoding: response.body, as: UTF8.self)))
        }

        func post(_ path: String, _ json: String? = nil) async throws -> (status: Int, answer: [String: Any]) {
            try await send(.post, path, json)
        }

        func modelInService() async throws -> String? {
            let answer = try await client.object("/v1/users/u2/recommendations?n=1")
            return (answer["model"] as? [String: Any])?["id"] as? String
        }

        func close() {
            client.close()
            http.close()
        }
    }

    /// Serves the first of two models that differ, without live events: what a model answers then never changes.
    private func withServer(_ body: (Server) async throws -> Void) async throws {
        try await TwoModels.with { folder, data, models, names in
            let serving = try MarqueeProcess(
                ["serve", "--store", data, "--models", models, "--port", "0"], in: folder)
            let server = Server(try await serving.line(after: "serving on "), folder, names)
            defer { server.close() }
            try await body(server)
            serving.signal(SIGINT)
            #expect(try await serving.result().status == 0)
        }
    }
}

/// What was answered to each question, by model.
private final class Watch: Sendable {
    private let state = Mutex((answers: [String: Set<String>](), answered: 0, isDone: false))

    var answers: [String: Set<String>] { state.withLock { $0.answers } }
    var answered: Int { state.withLock { $0.answered } }
    var isDone: Bool { state.withLock { $0.isDone } }

    func note(_ answer: String, to question: String) {
        state.withLock {
            $0.answers[question, default: []].insert(answer)
            $0.answered += 1
        }
    }

    func end() { state.withLock { $0.isDone = true } }
}
