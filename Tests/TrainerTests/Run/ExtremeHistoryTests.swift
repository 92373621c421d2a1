import Domain
import Linalg
import TestSupport
import Testing

@testable import Trainer

/// Histories of no event, of one and of very many, in a large space of identifiers: from the log to factors.
@Suite struct ExtremeHistoryTests {
    /// One user has all events with one item, one has an event with every item, most have one event, some none that counts.
    @Test func aLogOfExtremesBecomesFactors() throws {
        let users = Effort.rounds(20_000, nightly: 10_000_000)
        let many = Effort.rounds(10_000, nightly: 1_000_000)
        let log = try InteractionLog(source: "extremes")
        func view(_ user: String, _ item: Int, at second: Int) throws {
            try log.append(
                userID: user, itemID: "item \(item)", kind: .view, value: 1, at: Timestamp(seconds: Int64(second)))
        }
        for event in 0..<many {
            try view("loyal", 0, at: event)
            try view("curious", event, at: event)
        }
        // What is left out below: its users are in the log, and not in the set.
        for user in 0..<users { try view("user \(user)", user % 100, at: user % 10 == 0 ? many : 7) }

        let set = try TrainingSet.build(from: log, weights: .init()) { $0.at < Int64(many) * 1_000_000 }
        #expect(log.users.count == users + 2 && set.userCount == users - users / 10 + 2)
        #expect(set.itemCount == many && set.eventCount == users - users / 10 + 2 * many)
        let rows = set.interactions
        #expect(rows.count == users - users / 10 + many + 1)
        let loyal = Int(try #require(set.users.index(of: "loyal")))
        let curious = Int(try #require(set.users.index(of: "curious")))
        #expect(set.users.index(of: "user 10") == nil)
        #expect(rows.count(ofRow: loyal) == 1, "events of one pair are one interaction")
        #expect(rows.values[rows.entries(ofRow: loyal).lowerBound] == ConfidenceWeights().ceiling)
        #expect(rows.count(ofRow: curious) == many)
        #expect(set.popularity[0] >= 2 && set.popularity[many - 1] == 1)

        for solver in ALSParameters.Solver.allCases {
            let factors = try ALS.fit(
                interactions: rows, parameters: .init(rank: 4, epochs: 2, solver: solver, block: 16))
            #expect(factors.userFactors.firstNonFinite() == nil && factors.itemFactors.firstNonFinite() == nil)
            #expect(factors.userFactors.row(curious).contains { $0 != 0 })
            #expect(factors.userFactors.row(loyal).contains { $0 != 0 })
        }
    }
}
