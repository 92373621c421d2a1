import Columnar
import Domain
import EventIngest
import Foundation
import Store
import TestSupport
import Testing

/// A person is erased from the tables, the models and the state: nothing is found in any byte, nobody else loses a row, and
/// the model is the one that a training without them makes.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ErasureTests {
    static let canary = "canary-zebra-1"
    private static let mapping = "user=user_id,item=item_id,kind=kind,value=value,at=at"

    /// A deployment of 60 people, with the canary or without.
    struct Place {
        let folder: URL
        var data: String { folder.appending(path: "data").path }
        var models: String { folder.appending(path: "models").path }
        var state: String { folder.appending(path: "state").path }
        var places: [String] { ["--store", data, "--models", models, "--state", state] }

        func run(_ words: [String]) async throws -> MarqueeProcess.Result {
            try await MarqueeProcess.run(words + places, in: folder)
        }

        /// Whether any file has the bytes.
        func mentions(_ text: String, below path: String) throws -> [String] {
            let root = folder.appending(path: path)
            var found: [String] = []
            for name in FileManager.default.enumerator(atPath: root.path)?.compactMap({ $0 as? String }) ?? [] {
                let bytes = try? Data(contentsOf: root.appending(path: name))
                if bytes?.range(of: Data(text.utf8)) != nil { found.append(name) }
            }
            return found
        }
    }

    static func deployment(in folder: URL, with person: String?) async throws -> Place {
        let place = Place(folder: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var generator = SeededGenerator(seed: 7)
        var lines = ["user_id,item_id,kind,value,at"]
        for user in 0..<60 {
            for event in 0..<12 {
                let item = Int.random(in: 1...40, using: &generator)
                lines.append("user-\(user),\(item),like,1,2026-10-\(10 + event)T10:00:\(10 + user % 50)Z")
            }
        }
        if let person {
            for event in 0..<9 { lines.insert("\(person),\(event + 1),like,1,2026-10-1\(event)T11:00:00Z", at: 300) }
        }
        let file = folder.appending(path: "events.csv")
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        try await Loop.run(
            ["import", "csv", file.path, "--map", mapping, "--store", place.data], in: folder)
        try FileManager.default.removeItem(at: file)
        try await train(place, [])
        return place
    }

    static func train(_ place: Place, _ options: [String]) async throws {
        let result = try await place.run(["train", "--rank", "4", "--epochs", "2", "--promote", "always"] + options)
        #expect(result.status == 0, "\(result.errors)")
    }

    static func factors(_ place: Place) throws -> [Data] {
        try FileManager.default.contentsOfDirectory(atPath: place.models).filter { $0.hasPrefix("2") }.sorted()
            .map { URL(filePath: "\(place.models)/\($0)/factors.safetensors") }
            .filter { FileManager.default.fileExists(atPath: $0.path) }
            .map { try Data(contentsOf: $0) }
    }

    private func rows(_ place: Place) throws -> Int64 {
        try EventStore(folder: place.data).open(.events).snapshot().rowCount ?? -1
    }

    @Test func nothingIsLeftAndTheModelIsThatOfATrainingWithout() async throws {
        try await withTemporaryFolder { folder in
            let place = try await Self.deployment(in: folder.appending(path: "with"), with: Self.canary)
            let without = try await Self.deployment(in: folder.appending(path: "without"), with: nil)
            let before = try await place.run(["privacy", "verify", Self.canary])
            #expect(before.status == 65 && before.output.contains("values of"))

            let export = try await place.run(["privacy", "export", Self.canary])
            #expect(export.status == 0, "\(export.errors)")
            let records = try export.output.split(separator: "\n").map { try Loop.json(String($0)) }
            let places = Dictionary(grouping: records) { $0["place"] as? String ?? "" }.mapValues(\.count)
            #expect(places == ["events": 9, "models": 1])
            #expect(
                records.filter { $0["place"] as? String == "events" }
                    .allSatisfy { ($0["record"] as? [String: Any])?["user_id"] as? String == Self.canary })

            // The model in service is masked until it is replaced.
            let pending = try await place.run(["privacy", "erase", Self.canary, "--format", "json"])
            #expect(pending.status == 75, "\(pending.errors)")
            let asked = try #require(try Loop.json(pending.output)["erasure"] as? [String: Any])
            #expect(asked["state"] as? String == "pending" && asked["user"] == nil)
            let list = try await MarqueeProcess.run(
                [
                    "recommend", "--models", place.models, "--store", place.data, "--state", place.state, "--user",
                    Self.canary, "--format", "json",
                ], in: folder)
            #expect(try Loop.json(list.output)["user_state"] as? String == "erased", "\(list.errors)")

            let done = try await place.run(["privacy", "erase", "--retrain", "--format", "json"])
            #expect(done.status == 0, "\(done.errors)")
            let answer = try Loop.json(done.output)
            let receipt = try #require(answer["erasure"] as? [String: Any])
            #expect(receipt["state"] as? String == "complete" && receipt["id"] as? String == asked["id"] as? String)
            let steps = try #require(receipt["steps"] as? [[String: Any]])
            let events = try #require(steps.first { $0["store"] as? String == "events" })
            #expect(events["found"] as? Int == 9 && events["removed"] as? Int == 9)

            // Signed, and the signature is that of the file.
            let file = "\(place.state)/privacy/receipts/\(receipt["id"] as? String ?? "").json"
            let key = try Data(contentsOf: URL(filePath: "\(place.state)/privacy/receipt.key"))
            let hexadecimal = key.map { String(format: "%02x", $0) }.joined()
            let (status, signature) = try await runCommand(
                "/usr/bin/openssl", ["dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:\(hexadecimal)", file])
            #expect(status == 0 && signature.contains(answer["hmac_sha256"] as? String ?? "-"))

            let after = try await place.run(["privacy", "verify", Self.canary])
            #expect(after.status == 0, "\(after.output)\(after.errors)")
            for part in ["data", "models", "state"] {
                #expect(try place.mentions(Self.canary, below: part) == [])
            }
            #expect(try rows(place) == rows(without))
            #expect(try Self.factors(place) == Self.factors(without))
            let verified = try await MarqueeProcess.run(["store", "verify", "\(place.data)/events"], in: folder)
            #expect(verified.status == 0, "\(verified.output)")
            let audit = try await MarqueeProcess.run(
                ["privacy", "audit", "--verify", "--state", place.state], in: folder)
            #expect(audit.status == 0)
        }
    }

    @Test func anUnknownPersonGetsAnEmptyReceiptAndNothingChanges() async throws {
        try await withTemporaryFolder { folder in
            let place = try await Self.deployment(in: folder, with: nil)
            let version = try EventStore(folder: place.data).open(.events).snapshot().version
            let result = try await place.run(["privacy", "erase", "nobody at all", "--format", "json"])
            #expect(result.status == 0, "\(result.errors)")
            let receipt = try #require(try Loop.json(result.output)["erasure"] as? [String: Any])
            let steps = try #require(receipt["steps"] as? [[String: Any]])
            #expect(steps.allSatisfy { $0["found"] as? Int == 0 && $0["removed"] as? Int == 0 })
            #expect(try EventStore(folder: place.data).open(.events).snapshot().version == version)
            #expect(try Self.factors(place).count == 1)
        }
    }

    /// Identifiers that need quoting, that are short, that begin another, and that are no ASCII.
    @Test(arguments: ["7", #"a"b\c"#, "user-1", "-- ü 日本\u{0301}", "user-1\u{0}x"])
    func anyIdentifierIsErasedAndNoOther(_ person: String) async throws {
        try await withTemporaryFolder { folder in
            let store = EventStore(folder: folder.appending(path: "data").path)
            let table = try store.openOrCreate(.events)
            let people = [person, "user-12", person + "0", "71", "77"]
            for day in 0..<3 {
                let events = people.enumerated().map { number, user in
                    Event(
                        eventID: "e\(day)-\(number)", userID: user, itemID: "7", kind: .like, value: 1,
                        at: Timestamp(seconds: 1_790_000_000 + Int64(day) * 86_400), source: "test")
                }
                _ = try table.append([EventTable.batch(events, ingestedAt: .now)])
            }
            let events = try #require(PersonalTable.all(of: store).first)
            #expect(try await events.find(person) == 3)
            #expect(try await !events.verify(person).isEmpty)
            let erasure = try await events.erase(person)
            #expect(erasure.standing == .done && erasure.removed == 3)
            #expect(try await events.verify(person) == [])
            for other in people.dropFirst() { #expect(try await events.find(other) == 3, "\(other)") }
            #expect(try await events.erase(person).removed == 0)
        }
    }
}
