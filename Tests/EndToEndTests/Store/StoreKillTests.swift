import Columnar
import Domain
import EventIngest
import Foundation
import Store
import TestSupport
import Testing

/// Two importers, an optimiser and a deleter at work on one table, all killed at random instants, again and again: the
/// table stays readable, what was seen of a commit stays, and of each commit all is there or nothing.
@Suite struct StoreKillTests {
    private static let rounds = Effort.rounds(75, nightly: 500)
    private static let ratingsPerUser = 6
    private static let usersPerImport = 3

    /// What is known of the users whose ratings were imported: one import's users come together, and go one by one.
    private struct Ledger {
        /// Users of each import.
        var imports: [[String]] = []
        var seen: Set<String> = []
        var condemned: Set<String> = []
        var gone: Set<String> = []

        /// Compares the ratings by user with all that was ever seen.
        mutating func check(_ counts: [String: Int]) {
            for (user, count) in counts {
                #expect(count == ratingsPerUser, "user \(user) has \(count) ratings: half a commit")
                #expect(!gone.contains(user), "user \(user) was deleted and is there again")
            }
            for users in imports {
                let present = users.filter { counts[$0] != nil }
                let missing = users.filter { counts[$0] == nil }
                for user in missing {
                    #expect(!seen.contains(user) || condemned.contains(user), "user \(user) is lost")
                    if seen.contains(user) { gone.insert(user) }
                }
                if !present.isEmpty {
                    for user in missing where !condemned.contains(user) {
                        Issue.record("user \(user) is missing from an import that is there")
                    }
                    seen.formUnion(present)
                }
            }
        }
    }

    private func folder(of round: Int, _ slot: Int, in folder: URL, _ ledger: inout Ledger) throws -> String {
        let path = folder.appending(path: "import-\(round)-\(slot)")
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
        let users = (0..<Self.usersPerImport).map { "\(round * 100 + slot * 10 + $0 + 1)" }
        ledger.imports.append(users)
        var ratings = "userId,movieId,rating,timestamp\n"
        for user in users {
            for i in 0..<Self.ratingsPerUser { ratings += "\(user),\(i + 1),4.0,\(964_982_703 + i % 2 * 86_400)\n" }
        }
        try Data(ratings.utf8).write(to: path.appending(path: "ratings.csv"))
        try Data("movieId,title,genres\n".utf8).write(to: path.appending(path: "movies.csv"))
        return path.path
    }

    /// Ratings by user, from a table opened anew.
    private func counts(_ events: String) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        var scan = try DeltaTable.open(at: events).snapshot().scan(columns: ["user_id"])
        while let batch = try scan.next() {
            guard let users = batch.columns[0].byteStrings else { continue }
            for row in 0..<users.count { counts[users.string(at: row) ?? "", default: 0] += 1 }
        }
        return counts
    }

    @Test func twoHundredKillsLoseNothing() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appending(path: "store").path
            let events = "\(store)/\(TableContract.events.name)"
            var ledger = Ledger()
            var random = SeededGenerator(seed: UInt64.random(in: 0..<1_000_000))
            // One import to its end: the tables are there, and its duration says when to kill.
            let started = ContinuousClock.now
            try await Loop.run(
                ["import", "movielens", self.folder(of: 0, 0, in: folder, &ledger), "--store", store], in: folder)
            var usual = ContinuousClock.now - started
            try ledger.check(counts(events))
            var kills = 0
            for round in 1...Self.rounds {
                var victims = try (0..<2).map { slot in
                    ["import", "movielens", try self.folder(of: round, slot, in: folder, &ledger), "--store", store]
                }
                victims.append(["store", "optimize", events])
                let candidates = ledger.seen.subtracting(ledger.gone).sorted()
                if !candidates.isEmpty {
                    let user = candidates[random.below(candidates.count)]
                    ledger.condemned.insert(user)
                    victims.append(["store", "delete", events, "--where", "user_id = '\(user)'"])
                }
                let delays = victims.map { _ in usual * (0.2 + 1.3 * random.uniform()) }
                let ends = try await withThrowingTaskGroup(of: MarqueeProcess.Result.self) { group in
                    for (words, delay) in zip(victims, delays) {
                        group.addTask {
                            let process = try MarqueeProcess(words, in: folder)
                            try await Task.sleep(for: delay)
                            process.signal(SIGKILL)
                            return try await process.result()
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                kills += ends.count { $0.wasKilled }
                // Late enough for commits to be under way, early enough to hit most.
                usual = usual * (ends.allSatisfy(\.wasKilled) ? 1.2 : 0.9)
                for end in ends where !end.wasKilled { #expect(end.status == 0, "\(end.errors)") }
                try ledger.check(counts(events))
            }
            // Or the kills proved nothing.
            #expect(
                kills >= Self.rounds * 8 / 3 && ledger.seen.count > 3 && !ledger.gone.isEmpty,
                "\(kills) kills, \(ledger)")
            let table = try DeltaTable.open(at: events)
            #expect(try table.verify().problems == [])
            _ = try table.optimize()
            _ = try table.vacuum(retention: 0)
            try ledger.check(counts(events))
            #expect(try table.verify().problems == [])
            print("\(kills) kills, \(ledger.seen.count) users stored, \(ledger.gone.count) deleted")
        }
    }
}
