import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Operations
import TestSupport
import Testing

/// What persons allow comes by Kafka, too: with its time, once, and as if it had been said over REST.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ConsentTopicTests {
    private static let topics = [
        Topics.views: 1, Topics.likes: 1, Topics.reviews: 1, Topics.movies: 1, Topics.consents: 2,
    ]

    private func send(_ messages: [String], _ producer: KafkaProducer) throws {
        for message in messages { try producer.send(Array(message.utf8), key: "u17", topic: Topics.consents) }
        try producer.flush()
    }

    private func word(_ id: String, _ what: String, _ at: String, user: String = "u17-zebra") -> String {
        #"{"consent_id":"\#(id)","user_id":"\#(user)",\#(what),"at":"\#(at)","source":"app"}"#
    }

    private func shown(_ user: String, _ state: String, _ more: [String], _ folder: URL) async throws -> [String: Any] {
        let text = try await Loop.run(
            ["privacy", "consent", user, "--state", state, "--format", "json"] + more, in: folder)
        return try Loop.json(text)
    }

    @Test(arguments: [false, true]) func wordsOnTheTopicAreHonouredOnceAndInTheOrderOfTheirTimes(_ isNamed: Bool)
        async throws
    {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: Self.topics) { broker in
                let producer = try KafkaProducer(properties: broker.properties)
                let state = folder.appending(path: "state").path
                var key: [String] = []
                if !isNamed {
                    let path = folder.appending(path: "users.key")
                    try Data((0..<32).map { _ in UInt8.random(in: 0...255) }).write(to: path)
                    key = ["--pseudonymise-key", path.path]
                }
                let ingest =
                    [
                        "ingest", "--until-end", "--consents", "--state", state, "--store",
                        folder.appending(path: "data").path, "--bootstrap-servers", broker.bootstrapServers,
                    ] + key
                try send(
                    [
                        word("c2", #""training":false,"personal":false"#, "2026-10-02T00:00:00Z"),
                        // Said before, and comes after: it is history, and changes nothing.
                        word("c1", #""training":true"#, "2026-10-01T00:00:00Z"),
                        word("c3", #""personal":true"#, "2026-10-03T00:00:00Z"),
                        // The same again, and what cannot be meant.
                        word("c2", #""training":false,"personal":false"#, "2026-10-02T00:00:00Z"),
                        word("c4", #""training":"no""#, "2026-10-04T00:00:00Z"),
                        word("c5", #""marketing":false"#, "2026-10-04T00:00:00Z"),
                        word("c6", #""training":true"#, "2999-10-04T00:00:00Z"), "{",
                        word("c7", #""training":null,"personal":false"#, "2026-10-04T00:00:00Z"),
                    ], producer)
                let first = try await Loop.run(ingest, in: folder)
                #expect(first.contains("5 dead letters"), "\(first)")
                let said = try await shown("u17-zebra", state, key, folder)
                #expect(said["choices"] as? [String: Bool] == ["training": false, "personal": true, "analytics": true])
                let history = try #require(said["history"] as? [[String: Any]])
                #expect(
                    history.map {
                        "\($0["at"] ?? "") \($0["purpose"] ?? "") \($0["allowed"] as? Bool ?? false) \($0["by"] ?? "")"
                    }
                        == [
                            "2026-10-01T00:00:00Z training true kafka:app",
                            "2026-10-02T00:00:00Z personal false kafka:app",
                            "2026-10-02T00:00:00Z training false kafka:app",
                            "2026-10-03T00:00:00Z personal true kafka:app",
                        ])
                // Sent again in new messages, as after a replay: nothing changes.
                try send([word("c2", #""training":false,"personal":false"#, "2026-10-02T00:00:00Z")], producer)
                try await Loop.run(ingest, in: folder)
                let again = try await shown("u17-zebra", state, key, folder)
                #expect((again["history"] as? [Any])?.count == 4)
                // A later word, over the command line, wins; each has its entry in the audit log.
                try await Loop.run(
                    ["privacy", "consent", "u17-zebra", "--training", "on", "--state", state] + key, in: folder)
                let last = try await shown("u17-zebra", state, key, folder)
                #expect((last["choices"] as? [String: Bool])?["training"] == true)
                let audit = try AuditLog(StateDatabase(folder: state)).entries(limit: 100)
                #expect(audit.count { $0.change.who == "kafka:app" && $0.change.action == "privacy.consent" } == 3)
                let verdict = try AuditLog(StateDatabase(folder: state)).verify()
                if case .broken = verdict { Issue.record("\(verdict)") }
                // Under a digest, as always; with a key the dead letters do not name them either.
                for part in isNamed ? ["state"] : ["state", "data"] {
                    let place = folder.appending(path: part)
                    for name in FileManager.default.enumerator(atPath: place.path)?.compactMap({ $0 as? String }) ?? []
                    {
                        let bytes = try? Data(contentsOf: place.appending(path: name))
                        #expect(bytes?.range(of: Data("u17-zebra".utf8)) == nil, "\(name)")
                    }
                }
            }
        }
    }

    /// Killed while words come, each is there once.
    @Test func killedAtAnyMomentNoWordIsLostOrTwice() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: Self.topics) { broker in
                let producer = try KafkaProducer(properties: broker.properties)
                let state = folder.appending(path: "state").path
                let words = [
                    "ingest", "--consents", "--state", state, "--store", folder.appending(path: "data").path,
                    "--bootstrap-servers", broker.bootstrapServers, "--commit-interval", "0.1s",
                ]
                for round in 0..<Effort.rounds(4, nightly: 20) {
                    try send(
                        (0..<25).map {
                            word(
                                "c\(round)-\($0)", #""analytics":\#($0 % 2 == 0)"#,
                                "2026-10-02T00:\(10 + round):\(10 + $0)Z")
                        }, producer)
                    let process = try MarqueeProcess(words, in: folder)
                    try await Task.sleep(for: .milliseconds(400 + 250 * round))
                    process.signal(SIGKILL)
                    _ = try await process.result()
                }
                try await Loop.run(words + ["--until-end"], in: folder)
                let said = try await shown("u17-zebra", state, [], folder)
                #expect((said["history"] as? [Any])?.count == 25 * Effort.rounds(4, nightly: 20))
                #expect((said["choices"] as? [String: Bool])?["analytics"] == true)
            }
        }
    }
}
