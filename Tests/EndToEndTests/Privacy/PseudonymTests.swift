import Columnar
import Domain
import EventIngest
import Foundation
import HTTPClient
import Kafka
import KafkaTestSupport
import Operations
import Store
import TestSupport
import Testing

/// With a key no identifier of a user reaches a file, and yet whoever asks by one gets what is theirs.
@Suite(.serialized, .timeLimit(.minutes(10))) struct PseudonymTests {
    private static let canary = "canary-zebra-1"
    private static let topics = [
        Topics.views: 1, Topics.likes: 1, Topics.reviews: 1, Topics.movies: 1, Topics.impressions: 1,
    ]

    /// A store, and a broker with events of the canary and forty others.
    struct Place {
        let folder: URL
        let broker: EmbeddedBroker
        var data: String { folder.appending(path: "data").path }
        var places: [String] {
            ["--store", data, "--models", folder.appending(path: "models").path, "--state", state]
        }
        var state: String { folder.appending(path: "state").path }
        var kafka: [String] { ["--bootstrap-servers", broker.bootstrapServers] }
        func key(_ name: String = "users.key") -> [String] {
            ["--pseudonymise-key", folder.appending(path: name).path]
        }
        func ingest(_ key: [String]) -> [String] { ["ingest", "--until-end", "--store", data] + kafka + key }

        /// Files with these bytes in them, as they are.
        func mentions(_ text: String) -> [String] {
            var found: [String] = []
            for part in ["data", "models", "state"] {
                let root = folder.appending(path: part)
                for name in FileManager.default.enumerator(atPath: root.path)?.compactMap({ $0 as? String }) ?? [] {
                    let bytes = try? Data(contentsOf: root.appending(path: name))
                    if bytes?.range(of: Data(text.utf8)) != nil { found.append(name) }
                }
            }
            return found
        }

        /// The same, with all pages and messages unpacked.
        func verified(_ text: String) async throws -> [String] {
            var found: [String] = []
            for table in PersonalTable.all(of: EventStore(folder: data)) { found += try await table.verify(text) }
            return found
        }
    }

    private static func event(_ id: String, _ user: String, _ item: Int, value: Double = 1, day: Int) -> [UInt8] {
        Array(
            """
            {"event_id":"\(id)","user_id":"\(user)","item_id":"m\(item)","kind":"like","value":\(value),\
            "at":"2026-10-\(day)T10:00:00Z"}
            """.utf8)
    }

    private func withPlace(_ body: (Place) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: Self.topics) { broker in
                let place = Place(folder: folder, broker: broker)
                try Data((0..<32).map { _ in UInt8.random(in: 0...255) }).write(to: folder.appending(path: "users.key"))
                let producer = try KafkaProducer(properties: broker.properties)
                var generator = SeededGenerator(seed: 11)
                for user in 0..<40 {
                    for number in 0..<8 {
                        try producer.send(
                            Self.event("e\(user)-\(number)", "user-\(user)", generator.below(30), day: 10 + number),
                            key: "user-\(user)", topic: Topics.likes)
                    }
                }
                for number in 0..<8 {
                    // One of them names the user.
                    let id = number == 3 ? "csv-\(Self.canary)-m3" : "c\(number)"
                    try producer.send(
                        Self.event(id, Self.canary, number, day: 10 + number), key: Self.canary, topic: Topics.likes)
                }
                // Refused: twice the same, out of range, and no JSON.
                for message in [
                    Self.event("c1", Self.canary, 1, day: 11), Self.event("c9", Self.canary, 1, value: 7, day: 11),
                    Array("{\"user_id\":\"\(Self.canary)\"".utf8),
                ] {
                    try producer.send(message, key: Self.canary, topic: Topics.likes)
                }
                // On the wrong topic.
                try producer.send(
                    Self.event("c10", Self.canary, 1, day: 11), key: Self.canary, topic: Topics.movies)
                for user in [Self.canary, "user-1"] {
                    try producer.send(
                        Array(
                            """
                            {"impression_id":"answer/\(user)/1","recommendation_id":"r-\(user)","user_id":"\(user)",\
                            "item_id":"m1","position":1,"at":"2026-10-20T12:00:00Z"}
                            """.utf8), key: user, topic: Topics.impressions)
                }
                try producer.flush()
                try await body(place)
            }
        }
    }

    private func pseudonym(_ user: String, _ place: Place, _ name: String = "users.key") throws -> String {
        try PseudonymKeyFile(place.folder.appending(path: name).path).read().pseudonym(of: user)
    }

    @Test func noFileHasAnIdentifierAndListsAreFoundByIt() async throws {
        try await withPlace { place in
            let folder = place.folder
            let first = try await Loop.run(place.ingest(place.key()), in: folder)
            #expect(first.contains("stored 330 rows") && first.contains("4 dead letters"), "\(first)")
            // What was stored is known again, refused messages too.
            let again = try await Loop.run(place.ingest(place.key()), in: folder)
            #expect(again.contains("stored 0 rows") && again.contains("0 dead letters"), "\(again)")
            let csv = folder.appending(path: "more.csv")
            try Data("\(Self.canary),m29,2026-10-21\n".utf8).write(to: csv)
            let map = ["import", "csv", csv.path, "--no-header", "--kind", "view", "--map", "user=1,item=2,at=3"]
            try await Loop.run(map + ["--store", place.data] + place.key(), in: folder)
            try FileManager.default.removeItem(at: csv)

            let name = try pseudonym(Self.canary, place)
            let rows = try await StoredEvent.rows(of: "events", in: place.data, folder)
            #expect(rows.filter { $0["user_id"] as? String == name }.count == 9)
            #expect(rows.count { ($0["event_id"] as? String ?? "").hasPrefix("p:") } == 2)
            let shown = try await StoredEvent.rows(of: "impressions", in: place.data, folder)
            #expect(shown.count { $0["user_id"] as? String == name } == 1)
            let payloads = try DeadLetterTexts.all(in: place.data)
            #expect(payloads.count == 4 && payloads.allSatisfy { $0.hasPrefix("hmac-sha256:") })

            try await Loop.run(
                ["train", "--rank", "4", "--epochs", "2", "--promote", "always"] + place.places, in: folder)
            let list = try await Loop.run(
                ["recommend", "--user", Self.canary, "--format", "json"] + place.places + place.key(), in: folder)
            #expect(try Loop.json(list)["user_state"] as? String == "known")
            #expect(try Loop.json(list)["user"] as? String == Self.canary)
            // The model says which key it knows users by.
            try Data([UInt8](repeating: 9, count: 40)).write(to: folder.appending(path: "other.key"))
            for key in [[], place.key("other.key")] {
                try await Loop.refused(
                    ["recommend", "--user", Self.canary] + place.places.dropFirst(2) + key, in: folder, status: 64,
                    saying: ["in the model", "--pseudonymise-key"])
            }

            // Nowhere the identifier, as it is or packed.
            #expect(place.mentions(Self.canary) == [])
            let found = try await place.verified(Self.canary)
            #expect(found == [])
            let named = try await place.verified(name)
            #expect(!named.isEmpty)

            // A person's rights go by the identifier.
            try await Loop.run(
                ["privacy", "consent", Self.canary, "--personal", "off", "--state", place.state] + place.key(),
                in: folder)
            let objected = try await Loop.run(
                ["recommend", "--user", Self.canary, "--format", "json"] + place.places + place.key(), in: folder)
            #expect(try Loop.json(objected)["user_state"] as? String == "objected")
            let export = try await Loop.run(
                ["privacy", "export", Self.canary] + place.places + place.key(), in: folder)
            #expect(
                export.split(separator: "\n").count {
                    $0.contains("\"place\":\"events\"") || $0.contains("\"place\": \"events\"")
                } == 9)
            let erased = try await Loop.run(
                ["privacy", "erase", Self.canary, "--retrain"] + place.places + place.key(), in: folder)
            #expect(erased.contains("complete"), "\(erased)")
            let verified = try await MarqueeProcess.run(
                ["privacy", "verify", Self.canary] + place.places + place.key(), in: folder)
            #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
            #expect(place.mentions(Self.canary) == [])
        }
    }

    @Test func anotherKeyOrNoneIsRefused() async throws {
        try await withPlace { place in
            let folder = place.folder
            try await Loop.run(place.ingest(place.key()), in: folder)
            try Data([UInt8](repeating: 9, count: 40)).write(to: folder.appending(path: "other.key"))
            try Data([UInt8](repeating: 9, count: 31)).write(to: folder.appending(path: "short.key"))
            let csv = folder.appending(path: "more.csv")
            try Data("u,m29,2026-10-21\n".utf8).write(to: csv)
            let map = ["import", "csv", csv.path, "--no-header", "--map", "user=1,item=2,at=3", "--kind", "view"]
            for key in [[], place.key("other.key")] {
                for words in [
                    place.ingest(key), map + ["--store", place.data] + key,
                    ["privacy", "export", Self.canary] + place.places + key,
                    ["privacy", "erase", Self.canary] + place.places + key,
                ] {
                    try await Loop.refused(words, in: folder, status: 64, saying: ["pseudonyms", "--pseudonymise-key"])
                }
            }
            try await Loop.refused(
                place.ingest(place.key("short.key")), in: folder, status: 64,
                saying: ["short.key", "31 bytes", "32 random"])
            // Identifiers and pseudonyms are not mixed the other way round, either.
            let plain = folder.appending(path: "plain").path
            try await Loop.run(["ingest", "--until-end", "--store", plain] + place.kafka, in: folder)
            try await Loop.refused(
                ["ingest", "--until-end", "--store", plain] + place.kafka + place.key(), in: folder, status: 64,
                saying: ["identifiers as they are", "privacy rekey"])
            // Whoever else may read the key is told of.
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644], ofItemAtPath: folder.appending(path: "users.key").path)
            let warned = try await MarqueeProcess.run(place.ingest(place.key()), in: folder)
            #expect(warned.status == 0 && warned.errors.contains("chmod 600"), "\(warned.errors)")
        }
    }

    @Test func listsOnTheirWayNameNobody() async throws {
        try await withPlace { place in
            let folder = place.folder
            try await Loop.run(place.ingest(place.key()), in: folder)
            try await Loop.run(
                ["train", "--rank", "4", "--epochs", "2", "--promote", "always"] + place.places, in: folder)
            let secret = folder.appending(path: "hook.secret")
            try Data("a secret of more than thirty-two bytes".utf8).write(to: secret)
            // Nobody listens there: the lists wait in the state.
            let deliver =
                [
                    "deliver", "--until-end", "--since", "2026-01-01", "--webhook", "http://127.0.0.1:9",
                    "--webhook-allow-private", "--webhook-secret-file", secret.path,
                ] + place.places + place.kafka
            try await Loop.refused(deliver, in: folder, status: 64, saying: ["--pseudonymise-key"])
            let delivered = try await MarqueeProcess.run(deliver + place.key() + ["--log-level", "trace"], in: folder)
            #expect(delivered.status == 75, "\(delivered.errors)")
            #expect(!place.mentions(try pseudonym(Self.canary, place)).isEmpty)
            #expect(place.mentions(Self.canary) == [])
            #expect(!delivered.errors.contains(Self.canary) && !delivered.output.contains(Self.canary))
        }
    }

    @Test func aServerMapsWhatItIsAsked() async throws {
        try await withPlace { place in
            let folder = place.folder
            try await Loop.run(place.ingest(place.key()), in: folder)
            try await Loop.run(
                ["train", "--rank", "4", "--epochs", "2", "--promote", "always"] + place.places, in: folder)
            try await Loop.refused(
                ["serve", "--port", "0"] + place.places, in: folder, status: 64, saying: ["--pseudonymise-key"])
            let server = try MarqueeProcess(
                ["serve", "--port", "0", "--log-impressions"] + place.places + place.kafka + place.key(),
                in: folder)
            let address = try await server.line(after: "serving on ")
            let client = Client(address)
            defer { client.close() }
            try await eventually("it is ready") { try await client.get("/healthz/ready").status == 200 }
            func state(_ user: String) async throws -> String? {
                try await client.object("/v1/users/\(user)/recommendations?n=3")["user_state"] as? String
            }
            #expect(try await state(Self.canary) == "known")
            #expect(try await state(pseudonym(Self.canary, place)) == "new")
            #expect(try await state("guest-1") == "new")
            let events = try await client.object("/v1/users/\(Self.canary)/events")
            #expect((events["events"] as? [Any])?.count == 8)
            // What is said over REST is known by the same name as what is said by a command.
            let answer = try await HTTPClient.unwavering().send(
                HTTPRequest(
                    .put, address + "/v1/users/user-2/consent",
                    headers: [HTTPHeader("Content-Type", "application/json")],
                    body: Array(#"{"personal":false}"#.utf8), attempts: 1))
            #expect(answer.status == 200)
            #expect(try await state("user-2") == "objected")
            let said = try await Loop.run(
                ["privacy", "consent", "user-2", "--state", place.state] + place.key(), in: folder)
            #expect(said.contains("personal: off"), "\(said)")
            // On the topic it is as it was posted; here it is known at once, and after the feed has brought it, once.
            let event = #"{"user_id":"guest-1","item_id":"m3","kind":"view","value":1}"#
            #expect(try await client.post("/v1/events", event) == 202)
            #expect(try await state("guest-1") == "folded_in")
            let messages = try contents(of: Topics.views, at: place.broker.properties).values.flatMap { $0 }
            #expect(messages.count == 1 && messages.allSatisfy { $0.contains("guest-1") })
            try await eventually("what was shown is on its topic, as it was asked for") {
                try contents(of: Topics.impressions, at: place.broker.properties).values.flatMap { $0 }
                    .contains { $0.contains("\"user_id\":\"guest-1\"") }
            }
            server.signal(SIGTERM)
            #expect(try await server.result().status == 0)
            try await Loop.run(place.ingest(place.key()), in: folder)
            #expect(place.mentions("guest-1") == [])
            let found = try await place.verified("guest-1")
            #expect(found == [])
            let guest = try pseudonym("guest-1", place)
            for table in ["events", "impressions"] {
                let rows = try await StoredEvent.rows(of: table, in: place.data, folder)
                #expect(rows.contains { $0["user_id"] as? String == guest }, "\(table)")
            }
        }
    }
}
