import Foundation
import HTTPClient
import TestSupport
import Testing

/// A person's rights over REST, of a server that is killed between.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ErasureRoutesTests {
    private static let canary = ErasureTests.canary

    /// Asks a server; the answer's JSON, and what else it says.
    private struct Asker {
        let address: String
        private let http = HTTPClient.unwavering()

        init(_ address: String) { self.address = address }

        func callAsFunction(
            _ method: HTTPRequest.Method = .get, _ path: String, _ body: String? = nil, key: String? = nil
        ) async throws -> (status: Int, json: [String: Any], response: HTTPResponse) {
            var headers = [HTTPHeader("Content-Type", "application/json")]
            if let key { headers.append(HTTPHeader("Idempotency-Key", key)) }
            let response = try await http.send(
                HTTPRequest(method, address + path, headers: headers, body: body.map { Array($0.utf8) }, attempts: 1))
            let json = try? JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
            return (response.status, json ?? [:], response)
        }
    }

    private static func header(_ name: String, _ response: HTTPResponse) -> String? {
        response.headers.first { $0.name.lowercased() == name }?.value
    }

    private static func serve(_ place: ErasureTests.Place) async throws -> (MarqueeProcess, Asker) {
        let server = try MarqueeProcess(["serve", "--port", "0"] + place.places, in: place.folder)
        return (server, Asker(try await server.line(after: "serving on ")))
    }

    @Test func anErasureMasksAtOnceAndGoesOnAfterAKill() async throws {
        try await withTemporaryFolder { folder in
            let place = try await ErasureTests.deployment(in: folder, with: Self.canary)
            let (first, ask) = try await Self.serve(place)
            let lists = "/v1/users/\(Self.canary)/recommendations?n=3"
            #expect(try await ask(.get, lists).json["user_state"] as? String == "known")

            // Asked twice under one key, and once for somebody else.
            let wish = #"{"user_id":"\#(Self.canary)","reason":"by letter"}"#
            let begun = try await ask(.post, "/v1/privacy/erasures", wish, key: "k1")
            #expect(begun.status == 202, "\(begun.json)")
            let erasure = try #require(begun.json["erasure"] as? [String: Any])
            let id = try #require(erasure["id"] as? String)
            #expect(Self.header("location", begun.response) == "/v1/privacy/erasures/\(id)")
            #expect(try await ask(.get, lists).json["user_state"] as? String == "erased")
            let again = try await ask(.post, "/v1/privacy/erasures", wish, key: "k1")
            #expect((again.json["erasure"] as? [String: Any])?["id"] as? String == id)
            #expect(Self.header("idempotency-replayed", again.response) == "true")
            let other = try await ask(.post, "/v1/privacy/erasures", #"{"user_id":"user-1"}"#, key: "k1")
            #expect(other.status == 422 && other.json["code"] as? String == "idempotency-key-reused")
            let open = try await ask(.get, "/v1/privacy/erasures")
            #expect((open.json["erasures"] as? [[String: Any]])?.map { $0["id"] as? String } == [id])
            for answer in [begun, open] {
                #expect(!String(decoding: answer.response.body, as: UTF8.self).contains(Self.canary))
            }
            first.signal(SIGKILL)
            _ = try await first.result()

            // The next process goes on by itself; the model in service is what is left.
            let (second, next) = try await Self.serve(place)
            let status = "/v1/privacy/erasures/\(id)"
            func standing() async throws -> [String: String] {
                let record = try await next(.get, status).json["erasure"] as? [String: Any]
                let steps = record?["steps"] as? [[String: Any]] ?? []
                return Dictionary(
                    uniqueKeysWithValues: steps.map { ($0["store"] as? String ?? "", $0["standing"] as? String ?? "") })
            }
            try await eventually("the tables are done") {
                let standing = try await standing()
                return standing["events"] == "done" && standing["models"] == "pending"
            }
            #expect(try await next(.get, lists).json["user_state"] as? String == "erased")
            second.signal(SIGINT)
            #expect(try await second.result().status == 0)
            let done = try await place.run(["privacy", "erase", "--retrain"])
            #expect(done.status == 0, "\(done.errors)")

            let (third, last) = try await Self.serve(place)
            let receipt = try await last(.get, status)
            #expect((receipt.json["erasure"] as? [String: Any])?["state"] as? String == "complete")
            #expect((receipt.json["hmac_sha256"] as? String)?.count == 64)
            #expect(try await last(.get, lists).json["user_state"] as? String == "new")
            #expect(try await last(.get, "/v1/privacy/erasures/nothing").status == 404)
            third.signal(SIGINT)
            _ = try await third.result()
            let verified = try await place.run(["privacy", "verify", Self.canary])
            #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
            // What is written down for ever names nobody.
            let audit = try await MarqueeProcess.run(
                ["privacy", "audit", "--state", place.state, "--format", "jsonl"], in: folder)
            #expect(audit.output.contains("POST /v1/privacy/erasures") && !audit.output.contains(Self.canary))
        }
    }

    @Test func consentHoldsFromTheAnswerOnAndAllThatIsKeptIsHandedOut() async throws {
        try await withTemporaryFolder { folder in
            let place = try await ErasureTests.deployment(in: folder, with: Self.canary)
            let (server, ask) = try await Self.serve(place)
            let consent = "/v1/users/\(Self.canary)/consent"
            let before = try await ask(.get, consent)
            let all = ["training": true, "personal": true, "analytics": true]
            #expect(before.json["choices"] as? [String: Bool] == all)
            let said = try await ask(.put, consent, #"{"personal":false,"reason":"objects"}"#)
            #expect(said.status == 200 && (said.json["choices"] as? [String: Bool])?["personal"] == false)
            #expect((said.json["history"] as? [Any])?.count == 1)
            let list = try await ask(.get, "/v1/users/\(Self.canary)/recommendations")
            #expect(list.json["user_state"] as? String == "objected")
            for bad in ["{}", #"{"personal":1}"#, #"{"selling":true}"#, "[]", "{"] {
                #expect(try await ask(.put, consent, bad).status == 400, "\(bad)")
            }
            for (bad, code, parameter) in [
                ("{}", "missing-parameter", "user_id"), (#"{"user_id":null}"#, "bad-parameter", "user_id"),
                (#"{"user_id":""}"#, "bad-parameter", "user_id"), (#"{"user_id":7}"#, "bad-parameter", "user_id"),
                (#"{"user_id":"u","when":"now"}"#, "unknown-parameter", "when"),
            ] {
                let answer = try await ask(.post, "/v1/privacy/erasures", bad)
                #expect(answer.status == 400 && answer.json["code"] as? String == code, "\(bad): \(answer.json)")
                #expect(answer.json["parameter"] as? String == parameter, "\(bad): \(answer.json)")
            }
            let archive = try await ask(.get, "/v1/users/\(Self.canary)/export")
            #expect(archive.status == 200)
            let file = folder.appending(path: "person.zip")
            try Data(archive.response.body).write(to: file)
            if Checkout.python != nil {
                let found = try await Loop.python("privacy/read_archive.py", [file.path])
                let records = try #require(found["records"] as? [String: Int])
                #expect(records["places/events"] == 9 && records["consents"] == 1 && records["lists"] == 20)
            }
            server.signal(SIGINT)
            _ = try await server.result()
            let audit = try await MarqueeProcess.run(
                ["privacy", "audit", "--state", place.state, "--format", "jsonl"], in: folder)
            #expect(audit.output.contains("/consent") && audit.output.contains("privacy.export"))
            #expect(audit.output.contains("objects") && !audit.output.contains(Self.canary))
        }
    }
}
