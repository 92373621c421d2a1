import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Trainer

@Suite struct GateTests {
    private func train(
        _ registry: ModelRegistry, _ log: InteractionLog, _ change: (inout TrainingConfiguration) -> Void = { _ in }
    ) throws -> Manifest {
        var configuration = smallConfiguration()
        change(&configuration)
        return try TrainingRun(configuration: configuration, registry: registry).run(log)
    }

    /// A model that is shown to be worse is refused, whatever else; the policies overrule that, and say so.
    @Test func aWorseCandidateIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let good = try train(registry, plantedLog(users: 200))
            #expect(good.gate.outcome == .promoted && good.gate.finding == .first)
            let bad = try train(registry, plantedLog(users: 200)) {
                $0.parameters.rank = 1
                $0.parameters.lambda = 1000
            }
            #expect(bad.gate.outcome == .refused)
            #expect(bad.gate.finding == .worse || bad.gate.finding == .belowBaseline)
            #expect(bad.gate.incumbent == good.id)
            #expect(try #require(bad.gate.relativeDifference).value < -0.01)
            #expect(try registry.current() == good.id)
            #expect(try registry.list().count == 2)
            let forced = try train(registry, plantedLog(users: 200)) {
                $0.parameters.rank = 1
                $0.policy = .always
            }
            #expect(try registry.current() == forced.id)
            let back = try train(registry, plantedLog(users: 200)) { $0.parameters.rank = 9 }
            #expect(back.gate.outcome == .promoted && back.gate.finding == .better)
            #expect(try #require(back.gate.relativeDifference).value > 0)
            let never = try train(registry, plantedLog(users: 200)) {
                $0.policy = .never
                $0.parameters.rank = 7
            }
            #expect(never.gate.outcome == .kept)
            #expect(try registry.current() == back.id)
        }
    }

    /// Another seed is another model of the same worth.
    @Test func aChangeOfTheSizeOfTheNoiseIsHeld() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let first = try train(registry, plantedLog(users: 200))
            let second = try train(registry, plantedLog(users: 200)) { $0.parameters.seed = 2 }
            #expect(second.gate.outcome == .kept, "\(second.gate)")
            #expect(second.gate.finding == .noDifference || second.gate.finding == .tooFewUsers)
            #expect(try registry.current() == first.id)
        }
    }

    @Test func theSameSettingsOnNewerDataArePromoted() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let first = try train(registry, plantedLog(users: 200))
            let second = try train(registry, plantedLog(users: 201, version: 4))
            #expect(second.gate.outcome == .promoted && second.gate.incumbent == first.id, "\(second.gate)")
            #expect(second.gate.finding == .newerData)
            #expect(try registry.current() == second.id)
        }
    }

    /// What came since the model in service was trained is new to it: the same settings are measured on that.
    @Test func theSameSettingsAreMeasuredOnEventsThatAreNewToBoth() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let whole = try plantedLog(users: 300, items: 200, version: 4, perUser: 30)
            let early = try InteractionLog(source: "planted", version: 3)
            let span = whole.last.microseconds - whole.first.microseconds
            // Newer than the split at nine tenths, so that it has seen held-out events.
            let end = whole.first.microseconds + span * 92 / 100
            try early.append(whole) { $0.at < end }
            _ = try train(registry, early)
            var reports = 0
            let run = TrainingRun(configuration: smallConfiguration(), registry: registry)
            let second = try run.run(whole) { if case .evaluated = $0 { reports += 1 } }
            #expect(second.gate.reason.contains("events new to it"), "\(second.gate.reason)")
            #expect(second.gate.finding == .newerData && reports == 1)
            #expect(try #require(second.gate.relativeDifference).value.isFinite)
        }
    }

    @Test func oneRecipeAndVersionIsPublishedOnce() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let first = try train(registry, plantedLog())
            let again = try train(registry, plantedLog())
            #expect(again.id == first.id && again.gate.finding == .alreadyPublished && again.gate.outcome == .kept)
            #expect(try registry.list() == [first.id])
            #expect(try registry.history().count == 2)
            // Other settings or other data are something new.
            #expect(try train(registry, plantedLog()) { $0.parameters.seed = 5 }.id != first.id)
            #expect(try train(registry, plantedLog(users: 61)).gate.finding != .alreadyPublished)
            #expect(try registry.list().count == 3)
        }
    }

    @Test func collapsedDataIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let whole = try plantedLog(users: 200)
            let first = try train(registry, whole)
            let rest = try InteractionLog(source: "planted", version: 4)
            try rest.append(whole) { $0.user < 9 }
            let second = try train(registry, rest)
            #expect(second.gate.outcome == .refused && second.gate.finding == .collapsed)
            #expect(second.gate.reason.contains("9 users where \(first.id) had 200"))
            #expect(try registry.current() == first.id)
        }
    }

    /// Each training has more than half of the one before, and the third less than half of the first.
    @Test func dataThatShrinksSliceBySliceIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let whole = try plantedLog(users: 200)
            func slice(_ users: Int32, version: Int64) throws -> InteractionLog {
                let rest = try InteractionLog(source: "planted", version: version)
                try rest.append(whole) { $0.user < users }
                return rest
            }
            let first = try train(registry, whole)
            let second = try train(registry, slice(120, version: 4))
            #expect(second.gate.finding != .collapsed && second.gate.outcome == .promoted, "\(second.gate)")
            let third = try train(registry, slice(80, version: 5))
            #expect(third.gate.outcome == .refused && third.gate.finding == .collapsed)
            #expect(third.gate.reason.contains("80 users where \(first.id) had 200"))
            // Once somebody means it, that is what later ones are held against.
            try registry.promote(third.id)
            let fourth = try train(registry, slice(70, version: 6))
            #expect(fourth.gate.finding != .collapsed, "\(fourth.gate)")
        }
    }

    /// What was promoted while a candidate was trained stays, as it was not compared with it.
    @Test(arguments: [true, false]) func nobodyIsOvertakenUnseen(isFirst: Bool) async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            if !isFirst { _ = try train(registry, plantedLog(users: 200)) }
            let other = try train(registry, plantedLog(users: 201, version: 4)) { $0.policy = .never }
            let run = TrainingRun(configuration: smallConfiguration(), registry: registry)
            let late = try run.run(plantedLog(users: 202, version: 5)) { progress in
                if case .evaluated = progress { try registry.promote(other.id) }
            }
            #expect(late.gate.outcome == .kept && late.gate.finding == .overtaken, "\(late.gate)")
            #expect(late.gate.reason.contains("\(other.id)"))
            #expect(try registry.current() == other.id)
            let again = try run.run(plantedLog(users: 202, version: 5))
            #expect(again.gate.finding == .alreadyPublished && again.gate.reason.contains("models promote \(late.id)"))
            let after = try train(registry, plantedLog(users: 203, version: 6))
            #expect(after.gate.outcome == .promoted && after.gate.incumbent == other.id)
        }
    }

    /// As many events at the same times and of the same version, in another table: somebody has imported anew.
    @Test func anotherTableInTheSamePlaceIsTrainedOn() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            func log(_ table: String) throws -> InteractionLog {
                let log = try plantedLog(users: 200)
                log.table = table
                return log
            }
            let first = try train(registry, log("a"))
            #expect(try train(registry, log("a")).gate.finding == .alreadyPublished)
            let second = try train(registry, log("b"))
            #expect(second.id != first.id && second.gate.finding != .alreadyPublished)
            #expect(second.data.table == "b")
        }
    }

    /// Bytes that are no longer those of its digests must not stand for it in a comparison.
    @Test func aDamagedModelInServiceIsNotComparedWith() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let first = try train(registry, plantedLog(users: 200))
            let path = folder.appending(path: "\(first.id)/\(ModelFiles.factors)")
            var bytes = try Data(contentsOf: path)
            bytes[bytes.count - 5] ^= 0x40
            try bytes.write(to: path)
            let error = #expect(throws: TrainerError.self) {
                try train(registry, plantedLog(users: 200)) { $0.parameters.rank = 7 }
            }
            #expect(error?.code == "damaged-model-file", "\(String(describing: error))")
        }
    }

    /// Also without anything to compare with in service.
    @Test func aFirstModelBelowThePopularityListStaysOut() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let log = try InteractionLog(source: "popular", version: 0)
            // Everybody goes through the same films in the order of their popularity; nobody has a taste.
            var generator = SeededGenerator(seed: 4)
            for step in 0..<6000 {
                let film = Int(Double(60) * pow(generator.uniform(), 3))
                try log.append(
                    userID: "user \(step % 300)", itemID: "film \(film)", kind: .like, value: 1,
                    at: Timestamp(seconds: 1_700_000_000 + Int64(step)))
            }
            let manifest = try train(registry, log) {
                $0.parameters.rank = 30
                $0.parameters.alpha0 = 0.0001
                $0.parameters.lambda = 0.0001
            }
            #expect(manifest.gate.outcome == .refused && manifest.gate.finding == .belowBaseline, "\(manifest.gate)")
            #expect(try registry.current() == nil)
        }
    }

    @Test func aRollbackPinsUntilSomebodyUnpins() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let first = try train(registry, plantedLog(users: 200))
            let second = try train(registry, plantedLog(users: 201, version: 4))
            #expect(try registry.current() == second.id)
            #expect(try registry.rollback() == first.id)
            #expect(try registry.pin()?.model == first.id)
            let third = try train(registry, plantedLog(users: 202, version: 5))
            #expect(third.gate.outcome == .kept && third.gate.finding == .pinned && third.gate.reason.contains("unpin"))
            #expect(
                try train(registry, plantedLog(users: 203, version: 6)) { $0.policy = .always }.gate.finding == .pinned)
            #expect(try registry.current() == first.id)
            #expect(try registry.manifest(of: third.id).gate == third.gate)
            #expect(try registry.unpin())
            #expect(try !registry.unpin())
            let fourth = try train(registry, plantedLog(users: 204, version: 7))
            #expect(try fourth.gate.outcome == .promoted && registry.current() == fourth.id)
            // A promotion by hand ends it, too.
            try registry.rollback()
            try registry.promote(second.id)
            #expect(try registry.pin() == nil)
            #expect(try registry.history().map(\.action).contains(.unpinned))
        }
    }

    @Test func tooFewUsersAreAVerdictOfTheirOwn() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            _ = try train(registry, plantedLog(users: 24))
            var tried: [Split] = []
            var configuration = smallConfiguration()
            configuration.parameters.seed = 2
            let manifest = try TrainingRun(configuration: configuration, registry: registry).run(plantedLog(users: 24))
            {
                if case .widened(_, let split, _) = $0 { tried.append(split) }
            }
            #expect(tried == [.time(0.8), .time(0.7), .time(0.6), .time(0.5)])
            #expect(manifest.gate.outcome == .kept && manifest.gate.finding == .tooFewUsers)
            #expect(manifest.gate.reason.contains("held-out users"))
            #expect(try #require(manifest.gate.users) < 50)
        }
    }

    /// No time lies between training and test then; the last item of each user is held out instead.
    @Test func eventsOfOneMomentAreMeasuredByTheLastItem() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let log = try InteractionLog(source: "moment", version: 0)
            let planted = try plantedLog(users: 200)
            try planted.forEachChunk { chunk in
                for record in chunk {
                    try log.append(
                        userID: planted.users.id(at: Int(record.user)), itemID: planted.items.id(at: Int(record.item)),
                        kind: record.kind, value: record.value, at: planted.first)
                }
            }
            let manifest = try train(registry, log)
            #expect(manifest.evaluation?.split == "last" && manifest.gate.finding == .first)
            // Held to the split that was asked for, it says what is wrong and what to do.
            var reason = ""
            var configuration = smallConfiguration(rank: 7)
            configuration.widensWindow = false
            _ = try TrainingRun(configuration: configuration, registry: registry).run(log) {
                if case .notEvaluated(let text) = $0 { reason = text }
            }
            #expect(reason.contains("none of the 2400 events (all at 2023-11-14T22:13:20Z)"), "\(reason)")
            #expect(reason.contains("--split last"))
        }
    }

    /// An incumbent that saw none of the held-out events is measured as published, unknown users folded in.
    @Test func anOlderIncumbentIsMeasuredAsServed() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let whole = try plantedLog()
            let early = try InteractionLog(source: "early", version: 1)
            try whole.forEachChunk { chunk in
                for record in chunk where record.at < (whole.first.microseconds + whole.last.microseconds) / 2 {
                    let user = whole.users.ids[Int(record.user)]
                    guard user != "user 1" && user != "user 2" else { continue }
                    try early.append(
                        userID: user, itemID: whole.items.ids[Int(record.item)], kind: record.kind,
                        value: record.value, at: Timestamp(microseconds: record.at))
                }
            }
            let first = try train(registry, early) { $0.policy = .always }
            var names: [String] = []
            var held = smallConfiguration()
            held.widensWindow = false
            let second = try TrainingRun(configuration: held, registry: registry).run(whole) {
                if case .measured(let name, _, _) = $0 { names.append(name) }
            }
            #expect(second.gate.reason.contains("as published"))
            #expect(names == ["model", "popular", "recently popular", "item-kNN", "in service: \(first.id)"])
            // As its own candidate it would be the same model: measured on the published factors of the early data.
            let model = try registry.open(first.id)
            let report = try ModelEvaluation(configuration: smallConfiguration()).run(model, on: whole)
            #expect(report.describes.contains("published factors"))
            #expect(try #require(report.value("ndcg", at: 10)).value > 0.1)
            let refitted = try ModelEvaluation(configuration: smallConfiguration()).run(
                registry.open(second.id), on: whole)
            #expect(refitted.describes.contains("fitted to the training part"))
        }
    }

    @Test func tooFewEventsTrainWithoutFigures() async throws {
        try await withTemporaryFolder { folder in
            let log = try InteractionLog(source: "tiny", version: 0)
            for (user, item) in [("a", "x"), ("a", "y"), ("b", "x"), ("b", "z")] {
                try log.append(userID: user, itemID: item, kind: .like, value: 1, at: Timestamp(seconds: 0))
            }
            let registry = ModelRegistry(folder: folder.path)
            var reason = ""
            let configuration = smallConfiguration(rank: 2)
            let manifest = try TrainingRun(configuration: configuration, registry: registry).run(log) {
                if case .notEvaluated(let text) = $0 { reason = text }
            }
            #expect(!reason.isEmpty && manifest.evaluation == nil)
            // Nothing is known of it, so it takes a hand to put it into service.
            #expect(manifest.gate.outcome == .kept && manifest.gate.finding == .notEvaluated)
            #expect(try registry.current() == nil)
            #expect(try registry.open(manifest.id).itemCount == 3)
        }
    }

    @Test func aStoppedRunPublishesNothing() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.appending(path: "models").path)
            #expect(throws: CancellationError.self) {
                try TrainingRun(configuration: smallConfiguration(), registry: registry).run(plantedLog()) {
                    if case .epoch(.published, let report, _) = $0, report.epoch == 3 { throw CancellationError() }
                }
            }
            #expect(!FileManager.default.fileExists(atPath: registry.folder))
        }
    }

    @Test func reproducesTheBytesWithAnyNumberOfThreads() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let manifest = try train(registry, plantedLog())
            for threads in [1, 3] {
                #expect(
                    try Reproduction.run(of: manifest, on: plantedLog(), in: registry, threads: threads).isIdentical)
            }
            #expect(throws: TrainerError.self) {
                try Reproduction.run(of: manifest, on: plantedLog(users: 30), in: registry)
            }
            var altered = manifest
            altered.parameters.seed += 1
            altered.seed += 1
            altered.configurationSHA256 = try altered.recipe.digest()
            #expect(try !Reproduction.run(of: altered, on: plantedLog(), in: registry).isIdentical)
        }
    }

    @Test func differencesAreListed() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let a = try registry.open(train(registry, plantedLog()).id)
            let b = try registry.open(train(registry, plantedLog()) { $0.parameters.rank = 4 }.id)
            let difference = try ModelDifference(a, b)
            let changed = difference.lines.filter(\.differs).map(\.name)
            #expect(changed.contains("rank") && changed.contains("factors") && !changed.contains("seed"))
            #expect(difference.comparedUsers > 0)
            let overlap = try #require(difference.overlap)
            #expect(overlap > 0 && overlap <= 1)
            #expect(try ModelDifference(a, a).overlap == 1)
        }
    }
}
