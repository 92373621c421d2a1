import Domain
import Foundation
import TestSupport
import Testing

@testable import Trainer

@Suite("Drift")
struct DriftTests {
    /// What is planted into the newest window.
    enum Plant: String, CaseIterable {
        case nothing
        case fewer, more
        case kinds
        /// A third of the events go to other films than before.
        case films
        case newUsers = "new-users"
        case newFilms = "new-films"

        /// The figure that must tell of it.
        var figure: String? {
            switch self {
            case .nothing: nil
            case .fewer, .more: "volume"
            case .films: "popularity"
            default: rawValue
            }
        }
    }

    /// Events of some hundred users on some hundred films over 20 days, with the rhythm of day and week that audiences have;
    /// the newest day may be another.
    private func log(_ plant: Plant, seed: UInt64, days: Int = 20, perDay: Int = 400) throws -> InteractionLog {
        var random = SeededGenerator(seed: seed)
        // Others than before: a version that a model was made of is not trained on again.
        let version = Int64(seed) * 100 + Int64(Plant.allCases.firstIndex(of: plant) ?? 0)
        let log = try InteractionLog(source: "planted", version: version, clock: Timestamp(seconds: 1_800_000_000))
        let end: Int64 = 1_790_000_000
        for day in 0..<days {
            let isNewest = day == days - 1
            // Two days in seven have half as much again; and no day is quite like another.
            var mean = Double(perDay) * (day % 7 > 4 ? 1.5 : 1) * (0.9 + 0.2 * random.uniform())
            if isNewest, plant == .fewer { mean *= 0.2 }
            if isNewest, plant == .more { mean *= 5 }
            let count = Int(mean)
            for number in 0..<count {
                let at = end - Int64(days - 1 - day) * 86_400 - Int64(number) * 86_400 / Int64(count)
                var film = "film \(Int(300 * pow(random.uniform(), 2)))"
                var user = "user \(random.below(400 + 20 * day))"
                var kind = [EventKind.view, .view, .view, .like, .review][random.below(5)]
                if isNewest {
                    switch plant {
                    case .films where random.below(3) == 0: film = "film \(250 + random.below(30))"
                    case .newUsers where random.below(3) == 0: user = "stranger \(number)"
                    case .newFilms where random.below(4) == 0: film = "premiere \(random.below(20))"
                    case .kinds: kind = .view
                    default: break
                    }
                }
                try log.append(
                    userID: user, itemID: film, kind: kind, value: kind == .review ? 4 : 1, at: Timestamp(seconds: at))
            }
        }
        return log
    }

    @Test("planted drift is found by the figure that means it", arguments: Plant.allCases.filter { $0 != .nothing })
    func planted(_ plant: Plant) throws {
        for seed in 1...5 as ClosedRange<UInt64> {
            let report = try DriftDetector(log(plant, seed: seed)).report()
            let figure = try #require(plant.figure)
            #expect(report.drifted.map(\.name).contains(figure), "seed \(seed): \(report)")
            #expect(report.windowSeconds == 86_400 && report.pastWindows == 12 && report.unknown == nil)
            // Only what no change of tastes explains casts doubt on the events.
            #expect((report.broken != nil) == (plant == .fewer || plant == .kinds), "\(report)")
        }
    }

    /// All figures together are to leave their bounds once in a hundred looks. Short: 200 seeds in debug builds, too.
    @Test("without drift there are few false alarms over 200 seeds")
    func falseAlarms() throws {
        var alarms: [String: Int] = [:]
        var logs = 0
        for seed in 1...200 as ClosedRange<UInt64> {
            let report = try DriftDetector(log(.nothing, seed: seed, perDay: 250)).report()
            #expect(report.unknown == nil)
            if !report.drifted.isEmpty { logs += 1 }
            for statistic in report.drifted { alarms[statistic.name, default: 0] += 1 }
        }
        print("drift: \(logs) false alarms over 200 seeds \(alarms)")
        // 2 are to be expected; 8 or more come by chance once in a thousand.
        #expect(logs < 8, "\(alarms)")
    }

    @Test("with too little history nothing is said, and why")
    func unknown() throws {
        let short = try DriftDetector(log(.fewer, seed: 1, days: 10)).report()
        #expect(short.statistics.isEmpty && short.unknown?.contains("span") == true && short.drifted.isEmpty)
        let few = try DriftDetector(log(.fewer, seed: 1, perDay: 50)).report()
        #expect(few.unknown?.contains("200 are the least") == true, "\(few)")
        let one = try InteractionLog(source: "one", version: 0)
        try one.append(userID: "u", itemID: "i", kind: .like, value: 1, at: Timestamp(seconds: 1_700_000_000))
        #expect(try DriftDetector(one).report().unknown != nil)
    }

    @Test("a model's scores tell when other people come")
    func scores() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            func mixed(_ share: Double, seed: UInt64) throws -> InteractionLog {
                var random = SeededGenerator(seed: seed)
                let log = try InteractionLog(source: "planted", version: 0, clock: Timestamp(seconds: 1_800_000_000))
                for day in 0..<20 {
                    for number in 0..<400 {
                        // Those of the first kind see much of few films, the others little of many.
                        let isFirst = random.uniform() < (day == 19 ? share : 0.5)
                        let user = isFirst ? "a \(random.below(100))" : "b \(random.below(100))"
                        let film = isFirst ? "film \(random.below(20))" : "film \(20 + random.below(150))"
                        try log.append(
                            userID: user, itemID: film, kind: .like, value: 1,
                            at: Timestamp(seconds: 1_780_000_000 + Int64(day) * 86_400 + Int64(number) * 216))
                    }
                }
                return log
            }
            var configuration = smallConfiguration()
            configuration.policy = .always
            let manifest = try TrainingRun(configuration: configuration, registry: registry).run(mixed(0.5, seed: 1))
            #expect(manifest.drift?.unknown == nil && manifest.drift?.statistics.count == 5)
            let model = try registry.open(manifest.id)
            let same = try DriftDetector(mixed(0.5, seed: 1)).report(model: model)
            #expect(same.statistics.last?.name == "scores" && same.drifted.isEmpty, "\(same)")
            let other = try DriftDetector(mixed(0.05, seed: 1)).report(model: model)
            #expect(other.drifted.map(\.name).contains("scores"), "\(other)")
        }
    }

    @Test("candidates on events that are in doubt are refused, and the report has the figures")
    func guards() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            func train(_ log: InteractionLog, policy: GateVerdict.Policy = .ifBetter) throws -> Manifest {
                var configuration = smallConfiguration()
                configuration.policy = policy
                return try TrainingRun(configuration: configuration, registry: registry).run(log)
            }
            let good = try train(log(.nothing, seed: 3), policy: .always)
            for plant in [Plant.fewer, .kinds] {
                let bad = try train(log(plant, seed: 3))
                #expect(bad.gate.outcome == .refused && bad.gate.finding == .suspectData, "\(bad.gate)")
                #expect(try registry.current() == good.id)
                let report = try #require(try registry.evaluationJSON(of: bad.id))
                #expect(String(decoding: report, as: UTF8.self).contains("\"id\" : \"drift\""))
                #expect(bad.drift?.drifted.isEmpty == false)
            }
            let films = try train(log(.films, seed: 3))
            #expect(films.gate.finding != .suspectData && films.drift?.drifted.isEmpty == false)
            #expect(try train(log(.fewer, seed: 4), policy: .always).gate.outcome == .promoted)
        }
    }

    @Test(
        "the statistics are those of scipy",
        .enabled(if: Checkout.python != nil, "needs the Python environment (make venv)"))
    func oracle() async throws {
        let (a, b) = ([5, 0, 3, 9, 1], [1, 2, 3, 30, 0])
        let (x, y) = ([0.5, 1, 1, 2, 7] as [Float], [1, 1.5, 2, 2, 3, 8, 9] as [Float])
        let code = """
            from scipy.spatial.distance import jensenshannon
            from scipy.stats import ks_2samp, t
            print(jensenshannon([5,0,3,9,1], [1,2,3,30,0], base=2) ** 2)
            print(ks_2samp([0.5,1,1,2,7], [1,1.5,2,2,3,8,9]).statistic)
            for p, n in [(0.99857, 11), (0.99, 7), (0.5, 3), (0.9, 1), (0.999999, 30)]: print(t.ppf(p, n))
            """
        let (status, output) = try await runPython(code, [])
        try #require(status == 0, "\(output)")
        let expected = output.split(separator: "\n").compactMap { Double($0) }
        var found = [DriftWindows.jensenShannon(a, b), DriftScores.kolmogorovSmirnov(x, y)]
        for (p, n) in [(0.99857, 11.0), (0.99, 7), (0.5, 3), (0.9, 1), (0.999999, 30)] {
            found.append(StudentT.quantile(p, degrees: n))
        }
        #expect(expected.count == found.count)
        for (one, other) in zip(found, expected) {
            #expect(abs(one - other) < 1e-8 * max(1, abs(other)), "\(found) \(expected)")
        }
        #expect(DriftWindows.jensenShannon([1, 0], [0, 1]) == 1 && DriftWindows.jensenShannon([2, 4], [1, 2]) == 0)
        #expect(DriftWindows.jensenShannon([0, 0], [0, 0]) == 0 && DriftWindows.jensenShannon([0, 0], [0, 1]) == 1)
    }
}
