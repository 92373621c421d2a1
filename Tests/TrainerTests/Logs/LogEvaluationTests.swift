import Columnar
import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Trainer

@Suite struct LogEvaluationTests {
    private static let start: Int64 = 1_700_000_000

    private func records(_ fill: (inout ImpressionRecords) -> Void) -> ImpressionRecords {
        var records = ImpressionRecords()
        fill(&records)
        records.settle()
        return records
    }

    private func add(
        _ records: inout ImpressionRecords, _ list: String, _ user: String?, _ item: String, _ position: Int32,
        after seconds: Int64 = 0, propensity: Double? = 1, scenario: String = "home", isAnswer: Bool = true
    ) {
        records.append(
            list: list, user: user, item: item, position: position, model: "m", scenario: scenario,
            propensity: propensity, at: (Self.start + seconds) * 1_000_000, isAnswer: isAnswer)
    }

    /// An event counts once: for the last impression before it, if that is not too long ago.
    @Test func eventsCountForTheLastImpression() throws {
        let shown = records {
            add(&$0, "a", "u", "x", 1)
            add(&$0, "b", "u", "x", 1, after: 100)
            add(&$0, "b", "u", "y", 2, after: 100)
            add(&$0, "c", "v", "x", 1, after: 200)
            add(&$0, "d", nil, "x", 1)
        }
        let log = try InteractionLog(source: "events")
        func event(_ user: String, _ item: String, _ kind: EventKind, _ value: Float, _ seconds: Int64) throws {
            try log.append(
                userID: user, itemID: item, kind: kind, value: value, at: Timestamp(seconds: Self.start + seconds))
        }
        try event("u", "x", .view, 0.5, 150)
        try event("u", "x", .view, 0.9, 160)
        try event("u", "x", .like, 1, 170)
        try event("u", "y", .like, 1, 50)
        try event("v", "x", .view, 1, 200 + 3601)
        try event("w", "x", .view, 1, 210)
        let outcomes = try LogEvaluation(clickWindow: 3600).join(shown, log)
        #expect(outcomes.map(\.isClicked) == [false, true, false, false, false])
        #expect(abs((outcomes[1].watched ?? 0) - 0.9) < 1e-6 && outcomes[0].watched == nil)
        let report = try LogEvaluation(clickWindow: 3600).report(shown, outcomes, log, nil)
        #expect(report.total.impressions == 5 && report.total.lists == 4)
        #expect(abs((report.total.clickRate?.value ?? 0) - 0.2) < 1e-12)
        #expect(report.positions.map(\.name) == ["1", "2"] && report.scenarios.map(\.name) == ["home"])
        #expect(report.offPolicy == nil && report.verdict.contains("of the shown items were clicked"))
        #expect(try JSON.decode(LogReport.self, from: report.json()) == report)
    }

    /// What a client reported of a list counts, with the chances that the server wrote down.
    @Test func reportedListsCountAsReported() {
        let shown = records {
            add(&$0, "a", "u", "x", 1, propensity: 0.5)
            add(&$0, "a", "u", "y", 2, propensity: 0.25)
            add(&$0, "a", "u", "x", 1, after: 3, propensity: nil, scenario: "", isAnswer: false)
            add(&$0, "a", "u", "x", 1, after: 4, propensity: nil, scenario: "", isAnswer: false)
            add(&$0, "b", "u", "z", 1, propensity: 0.125)
        }
        #expect(shown.records.count == 2)
        #expect(shown.records.map(\.propensity) == [0.5, 0.125])
        #expect(shown.records.map { shown.name($0.scenario) } == ["home", "home"])
    }

    /// A log of lists drawn at random among all films, of users who take what their taste is: the model that has learned the
    /// tastes is shown to do better than the log, and its own lists have the value that IPS says.
    @Test func aModelIsJudgedByALogOfChance() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let planted = try plantedLog(users: 250, items: 80)
            var configuration = smallConfiguration()
            configuration.learnsBlend = false
            configuration.widensWindow = false
            _ = try TrainingRun(configuration: configuration, registry: registry).run(planted)
            let model = try registry.openCurrent()
            var generator = SeededGenerator(seed: 4)
            let events = try InteractionLog(source: "events")
            try events.append(planted) { _ in true }
            let later = planted.last.microseconds / 1_000_000 + 60 - Self.start
            var list = 0
            let shown = records { records in
                for user in 0..<250 {
                    for _ in 0..<5 {
                        list += 1
                        let at = later + Int64(list) * 10
                        for position in 1...5 {
                            let film = generator.below(80)
                            add(
                                &records, "l\(list)", "user \(user)", "film \(film)", Int32(position), after: at,
                                propensity: 1.0 / 80)
                            let chance = film % 4 == user % 4 ? 0.6 : 0.1
                            if generator.uniform() < chance {
                                try? events.append(
                                    userID: "user \(user)", itemID: "film \(film)", kind: .view, value: 0.7,
                                    at: Timestamp(seconds: Self.start + at + 5))
                            }
                        }
                    }
                }
            }
            let evaluation = LogEvaluation(clickWindow: 8)
            let report = try evaluation.report(shown, evaluation.join(shown, events), events, model)
            let found = try #require(report.offPolicy)
            #expect(report.target == model.id)
            #expect(abs(found.logged.value - (0.6 + 3 * 0.1) / 4) < 0.03)
            #expect(try #require(found.doublyRobust.low) > found.logged.value)
            #expect(report.page.plots.count == 3 && report.page.html().contains("doubly robust"))
        }
    }

    /// A store without impressions is told so.
    @Test func noImpressionsIsSaid() async throws {
        try await withTemporaryFolder { folder in
            let store = try StoredRow.store([StoredRow.planted(count: 100)], in: folder)
            #expect(throws: TrainerError.self) { try LogEvaluation().run(store, model: nil) }
        }
    }
}
