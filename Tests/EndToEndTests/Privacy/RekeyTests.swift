import Columnar
import Domain
import EventIngest
import Foundation
import Operations
import Store
import TestSupport
import Testing

/// Tables get another key, whenever the command is killed; nothing of the names before is left, and nobody's choice is lost.
@Suite(.serialized, .timeLimit(.minutes(10))) struct RekeyTests {
    private static let canary = ErasureTests.canary
    private static let kills = Effort.rounds(6, nightly: 40)

    private func keys(_ path: String) throws -> PseudonymKeys { try PseudonymKeyFile(path).read() }

    private func users(_ place: ErasureTests.Place) throws -> Set<String> {
        var users: Set<String> = []
        var scan = try EventStore(folder: place.data).open(.events).snapshot().scan(columns: ["user_id"])
        while let batch = try scan.next() {
            let column = try batch.column(named: "user_id").byteStrings
            for row in 0..<batch.rowCount { if let user = column?.string(at: row) { users.insert(user) } }
        }
        return users
    }

    /// A slip in the keys changes nothing: no table, no hold, no file.
    @Test func otherKeysAreRefusedBeforeAnythingIsChanged() async throws {
        try await withTemporaryFolder { folder in
            let place = try await ErasureTests.deployment(in: folder, with: Self.canary)
            func path(_ name: String) -> String { folder.appending(path: name).path }
            let rekey = ["privacy", "rekey", "--store", place.data, "--state", place.state]
            try await Loop.run(rekey + ["--new-key", path("first.key")], in: folder)
            let first = ["--pseudonymise-key", path("first.key")]
            let state = ["--state", place.state]
            try await Loop.run(["privacy", "hold", "user-3", "--reason", "case 1"] + state + first, in: folder)
            let holds = try await Loop.run(["privacy", "hold"] + state, in: folder)
            try Data((0..<32).map { UInt8($0) }).write(to: folder.appending(path: "other.key"))
            let other = ["--pseudonymise-key", path("other.key")]
            for key in [other, []] {
                try await Loop.refused(
                    rekey + key + ["--new-key", path("second.key")], in: folder, status: 64,
                    saying: ["--pseudonymise-key"])
            }
            #expect(!FileManager.default.fileExists(atPath: path("second.key")))
            #expect(try await Loop.run(["privacy", "hold"] + state, in: folder) == holds)
            // What would be written down under a name that nobody has is refused, too.
            for words in [["consent", "user-4", "--training", "off"], ["consent", "user-4"], ["hold", "user-4"]] {
                for key in [other, []] {
                    try await Loop.refused(
                        ["privacy"] + words + state + key, in: folder, status: 64, saying: ["in the state"])
                }
            }
            try await Loop.run(["privacy", "consent", "user-4", "--training", "off"] + state + first, in: folder)
            try await Loop.run(rekey + first + ["--new-key", path("second.key")], in: folder)
        }
    }

    @Test func killedAtAnyMomentTheNextRunDoesTheRest() async throws {
        try await withTemporaryFolder { folder in
            // From identifiers to a first key, and on to a second.
            let place = try await ErasureTests.deployment(in: folder, with: Self.canary)
            try await Loop.run(
                ["privacy", "consent", Self.canary, "--training", "off", "--state", place.state], in: folder)
            try await Loop.run(["privacy", "hold", "user-3", "--reason", "case 1", "--state", place.state], in: folder)
            let people = try users(place)
            #expect(people.count == 61)
            var known = people
            var current: [String] = []
            for name in ["first.key", "second.key"] {
                let path = folder.appending(path: name).path
                let before = known
                let words =
                    ["privacy", "rekey", "--store", place.data, "--state", place.state, "--new-key", path] + current
                for round in 0..<Self.kills {
                    let process = try MarqueeProcess(words, in: folder)
                    try await Task.sleep(for: .milliseconds(15 + 40 * round))
                    process.signal(SIGKILL)
                    _ = try await process.result()
                    let verified = try await MarqueeProcess.run(
                        ["store", "verify", "\(place.data)/events"], in: folder)
                    #expect(verified.status == 0, "\(verified.output)")
                }
                try await Loop.run(words, in: folder)
                let keys = try keys(path)
                known = Set(people.map { keys.pseudonym(of: $0) })
                #expect(try users(place) == known)
                #expect(try EventStore(folder: place.data).open(.events).snapshot().rowCount == 729)
                // A second time there is nothing to do.
                let again = try await Loop.run(words + ["--format", "json"], in: folder)
                #expect(again.contains("\"files\":0") || again.contains("\"files\" : 0"), "\(again)")
                current = ["--pseudonymise-key", path]
                // Of the names before nothing is left, packed or not.
                let canary = before.first { $0 == Self.canary } ?? PseudonymsBefore.of(Self.canary, keys)
                for table in PersonalTable.all(of: EventStore(folder: place.data)) {
                    let found = try await table.verify(canary)
                    #expect(found == [])
                }
                for part in ["data", "state"] { #expect(try place.mentions(canary, below: part) == []) }
                let choice = try await Loop.run(
                    ["privacy", "consent", Self.canary, "--state", place.state] + current, in: folder)
                #expect(choice.contains("training: off"), "\(choice)")
                let holds = try await Loop.run(
                    ["privacy", "hold", "--state", place.state, "--format", "jsonl"], in: folder)
                #expect(holds.contains(keys.pseudonym(of: "user-3")) && !holds.contains("user-3"), "\(holds)")
            }
            // The choice is honoured under the new name.
            try await ErasureTests.train(place, [])
            let list = try await Loop.run(
                ["recommend", "--user", "user-1", "--format", "json"] + place.places + current, in: folder)
            #expect(try Loop.json(list)["user_state"] as? String == "known")
            let left = try await Loop.run(
                ["recommend", "--user", Self.canary, "--format", "json"] + place.places + current, in: folder)
            #expect(try Loop.json(left)["user_state"] as? String == "new")
            try await Loop.refused(
                ["privacy", "export", Self.canary, "--pseudonymise-key", folder.appending(path: "first.key").path]
                    + place.places, in: folder, status: 64, saying: ["--pseudonymise-key"])
        }
    }
}

/// What somebody was called under the keys but the newest.
enum PseudonymsBefore {
    static func of(_ user: String, _ keys: PseudonymKeys) -> String { keys.earlier.last?.pseudonym(of: user) ?? user }
}
