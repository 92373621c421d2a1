import Columnar
import Domain
import EventIngest
import Foundation
import Operations
import Store
import TestSupport
import Testing

/// Rows that are too old go, by whole days and table by table; legal holds keep theirs, and hold erasures up.
@Suite(.serialized, .timeLimit(.minutes(10))) struct RetentionTests {
    private static let day: Int64 = 86_400

    /// A store whose events and dead letters are of the last thirty days, one of each user a day.
    private static func deployment(_ users: [String], in folder: URL) throws -> (ErasureTests.Place, EventStore) {
        let place = ErasureTests.Place(folder: folder)
        let store = EventStore(folder: place.data)
        let today = Timestamp.now.seconds / day * day
        for age in 0..<Int64(30) {
            let at = Timestamp(seconds: today - age * day + 10)
            let events = users.map { user in
                Event(
                    eventID: "\(user)-\(age)", userID: user, itemID: "m\(age % 7)", kind: .like, value: 1, at: at,
                    source: "test")
            }
            _ = try store.openOrCreate(.events).append([EventTable.batch(events, ingestedAt: .now)])
        }
        _ = try store.openOrCreate(.deadLetters).append([
            try RecordBatch(
                schema: TableContract.deadLetters.schema,
                columns: [
                    .string(BytesColumn(users.map { _ in "movie-likes" })),
                    .int32(PrimitiveColumn(users.map { _ in Int32(0) })),
                    .int64(PrimitiveColumn(users.indices.map(Int64.init))),
                    .timestamp(PrimitiveColumn(users.map { _ in (today - 20 * day) * 1_000_000 })),
                    .string(BytesColumn(users.map { _ in "bad" })),
                    .binary(BytesColumn(users.map { #"{"user_id":"\#($0)"}"# })),
                    .binary(BytesColumn(users.map { _ in "k" })),
                ])
        ])
        return (place, store)
    }

    private static func counts(_ store: EventStore) throws -> [Int64?] {
        try [TableContract.events, .deadLetters].map { try store.openIfPresent($0)?.snapshot().rowCount }
    }

    private func retain(_ place: ErasureTests.Place, _ words: [String]) async throws -> [String: [String: Any]] {
        let result = try await MarqueeProcess.run(
            ["privacy", "retain", "--store", place.data, "--state", place.state, "--format", "json"] + words,
            in: place.folder)
        #expect(result.status == 0, "\(result.errors)")
        let outcomes = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]] ?? []
        return Dictionary(uniqueKeysWithValues: outcomes.map { ($0["table"] as? String ?? "", $0) })
    }

    @Test func whatIsTooOldGoesAndWhatIsHeldStays() async throws {
        try await withTemporaryFolder { folder in
            let (place, store) = try Self.deployment(["anna", "bob", "held"], in: folder)
            let hold = ["privacy", "hold", "held", "--reason", "case 4711", "--state", place.state]
            #expect(try await MarqueeProcess.run(hold, in: folder).output.hasPrefix("held: nothing of them is removed"))
            #expect(try await MarqueeProcess.run(hold, in: folder).output == "held already\n")
            for (words, text) in [
                (["held", "--reason", "case 4712"], "another reason: 'case 4711'"),
                (["--release"], "USER beside --release"),
                (["--reason", "x"], "USER beside --reason"), ([""], "1 to 256 bytes"),
            ] {
                try await Loop.refused(
                    ["privacy", "hold", "--state", place.state] + words, in: folder, status: 64, saying: [text])
            }

            // Of thirty days the newest eleven stay: ten whole ones, and the one that is not over.
            let would = try await retain(place, ["--retain", "10d", "--dry-run"])
            #expect(try Self.counts(store) == [90, 3])
            #expect(would["events"]?["rows"] as? Int == 38 && would["events"]?["held"] as? Int == 19)
            #expect(would["dead_letters"]?["rows"] as? Int == 2 && would["dead_letters"]?["held"] as? Int == 1)
            #expect(would["impressions"]?["rows"] as? Int == 0)
            let did = try await retain(place, ["--retain", "events=10d"])
            #expect(did.keys.sorted() == ["events"] && did["events"]?["rows"] as? Int == 38)
            #expect(did["events"]?["held"] as? Int == 19)
            #expect(try Self.counts(store) == [52, 3])
            let again = try await retain(place, ["--retain", "events=10d,dead_letters=10d"])
            #expect(again["events"]?["rows"] as? Int == 0 && again["dead_letters"]?["rows"] as? Int == 2)
            #expect(try Self.counts(store) == [52, 1])
            let verified = try await MarqueeProcess.run(["store", "verify", "\(place.data)/events"], in: folder)
            #expect(verified.status == 0, "\(verified.output)")
            // The log outlives the rows and has no value of theirs.
            let log = try await MarqueeProcess.run(["store", "log", "\(place.data)/events"], in: folder)
            #expect(log.output.contains("DELETE") && !log.output.contains("held"))

            let release = ["privacy", "hold", "held", "--release", "--state", place.state]
            #expect(try await MarqueeProcess.run(release, in: folder).output == "released\n")
            #expect(try await MarqueeProcess.run(release, in: folder).output == "there was no hold\n")
            #expect(try await retain(place, ["--retain", "10d"])["events"]?["rows"] as? Int == 19)
            #expect(try Self.counts(store) == [33, 0])
            let audit = try await MarqueeProcess.run(
                ["privacy", "audit", "--state", place.state, "--format", "jsonl"], in: folder)
            for word in ["privacy.hold", "privacy.release", "privacy.retain"] { #expect(audit.output.contains(word)) }
        }
    }

    @Test func anErasureOfSomebodyHeldWaitsAndSaysSo() async throws {
        try await withTemporaryFolder { folder in
            let place = try await ErasureTests.deployment(in: folder, with: ErasureTests.canary)
            let hold = ["privacy", "hold", ErasureTests.canary, "--state", place.state]
            #expect(try await MarqueeProcess.run(hold, in: folder).status == 0)
            let asked = try await place.run(["privacy", "erase", ErasureTests.canary, "--retrain", "--format", "json"])
            #expect(asked.status == 75, "\(asked.errors)")
            let record = try #require(try Loop.json(asked.output)["erasure"] as? [String: Any])
            #expect(record["held_since"] is String)
            let steps = try #require(record["steps"] as? [[String: Any]])
            #expect(steps.allSatisfy { ($0["reason"] as? String)?.contains("legal hold") == true })
            #expect(try EventStore(folder: place.data).open(.events).snapshot().rowCount == 729)
            #expect(try ErasureTests.factors(place).count == 1)
            let list = try await MarqueeProcess.run(
                ["recommend", "--models", place.models, "--state", place.state, "--format", "json"]
                    + ["--user", ErasureTests.canary], in: folder)
            #expect(try Loop.json(list.output)["user_state"] as? String == "erased", "\(list.errors)")
            let shown = try await place.run(["privacy", "erase"])
            #expect(shown.status == 75 && shown.output.contains("privacy hold USER --release"))

            #expect(try await MarqueeProcess.run(hold + ["--release"], in: folder).status == 0)
            let done = try await place.run(["privacy", "erase", "--retrain", "--format", "json"])
            #expect(done.status == 0, "\(done.output)\(done.errors)")
            let receipt = try #require(try Loop.json(done.output)["erasure"] as? [String: Any])
            #expect(receipt["state"] as? String == "complete" && receipt["held_since"] == nil)
            let verified = try await place.run(["privacy", "verify", ErasureTests.canary])
            #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
            for part in ["data", "models", "state"] {
                #expect(try place.mentions(ErasureTests.canary, below: part) == [])
            }
        }
    }

    /// Killed at any moment, the next run goes on: the rows are those that one run alone leaves.
    @Test func retentionThatIsKilledLeavesWhatOneRunLeaves() async throws {
        try await withTemporaryFolder { folder in
            let (place, store) = try Self.deployment(["anna", "bob", "held"], in: folder)
            let hold = ["privacy", "hold", "held", "--state", place.state]
            #expect(try await MarqueeProcess.run(hold, in: folder).status == 0)
            let aside = folder.appending(path: "once").path
            try FileManager.default.copyItem(atPath: place.data, toPath: aside)
            let words = ["privacy", "retain", "--retain", "10d", "--state", place.state, "--store"]
            var random = SeededGenerator(seed: UInt64.random(in: 0..<1_000_000))
            for round in 0..<Effort.rounds(8, nightly: 60) {
                let process = try MarqueeProcess(words + [place.data], in: folder)
                try await Task.sleep(for: .milliseconds(20 + 25 * round % 400 + random.below(25)))
                process.signal(SIGKILL)
                _ = try await process.result()
                let verified = try await MarqueeProcess.run(["store", "verify", "\(place.data)/events"], in: folder)
                #expect(verified.status == 0, "\(verified.output)")
            }
            for data in [place.data, aside] {
                let result = try await MarqueeProcess.run(words + [data], in: folder)
                #expect(result.status == 0, "\(result.errors)")
            }
            let once = EventStore(folder: aside)
            for table in [TableContract.events, .deadLetters] {
                let rows = try [store, once].map { try Self.rows($0, table) }
                #expect(rows[0] == rows[1] && !rows[0].isEmpty)
            }
            #expect(try Self.counts(store) == [52, 1])
        }
    }

    /// The rows of a table, each as a text.
    private static func rows(_ store: EventStore, _ table: TableContract) throws -> [String] {
        var found: [String] = []
        let always = Predicate.not(.isNull(column: table.schema.names[0]))
        var rows = try store.open(table).snapshot().rows(RowMatch(always))
        while let batch = try rows.next() {
            found += (0..<batch.rowCount).map { row in
                batch.columns.indices.map { "\(batch.value(row: row, column: $0))" }.joined(separator: ",")
            }
        }
        return found.sorted()
    }

    /// Either the hold keeps all of the person, or it is refused and nothing is left of them.
    @Test func aHoldBesideAnErasureKeepsAllOrIsRefused() async throws {
        let rounds = Effort.rounds(6, nightly: 60)
        var outcomes: [String] = []
        for round in 0..<rounds {
            try await withTemporaryFolder { folder in
                let (place, store) = try Self.deployment(["anna", "bob"], in: folder)
                try FileManager.default.createDirectory(atPath: place.models, withIntermediateDirectories: true)
                let erasing = try MarqueeProcess(["privacy", "erase", "anna"] + place.places, in: folder)
                try await Task.sleep(for: .milliseconds(60 * round))
                let hold = try await MarqueeProcess.run(
                    ["privacy", "hold", "anna", "--state", place.state], in: folder)
                if round.isMultiple(of: 2) { erasing.signal(SIGKILL) }
                let erased = try await erasing.result()
                let again = try await place.run(["privacy", "erase", "anna"])
                let left = try Self.rows(store, .events).filter { $0.contains("anna-") }.count
                outcomes.append("\(hold.status): \(left)")
                if hold.status == 0 {
                    // All, or it came when all was over.
                    #expect(left == 30 || (left == 0 && erased.status == 0), "\(left) \(erased.errors)")
                    #expect(again.status == 75)
                } else {
                    #expect(hold.status == 69 && hold.errors.contains("removing has begun"), "\(hold.errors)")
                    #expect(left == 0 && again.status == 0, "\(again.errors)")
                }
            }
        }
        print("holds beside erasures: \(outcomes)")
    }

    @Test(arguments: [
        "400", "0d", "-1d", "infd", "1e300d", "nand", "events", "events=1d,events=2d", "films=1d", "events=1d,", "",
    ])
    func whatIsNoAgeIsRefused(_ age: String) async throws {
        try await withTemporaryFolder { folder in
            let result = try await MarqueeProcess.run(
                ["privacy", "retain", "--store", folder.path, "--retain", age], in: folder)
            #expect(result.status == 64 && result.errors.contains("retain"), "\(result.errors)")
        }
    }
}
