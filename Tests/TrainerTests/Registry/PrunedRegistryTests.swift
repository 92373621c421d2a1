import Domain
import Foundation
import TestSupport
import Testing

@testable import Trainer

/// Removing old models beside trainers that publish, promote and die.
@Suite struct PrunedRegistryTests {
    @Test func theNewestThePromotedAndTheirStartsAreKept() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            func train(_ seed: UInt64, _ policy: GateVerdict.Policy, from start: ModelID? = nil) throws -> ModelID {
                var configuration = smallConfiguration(rank: 4, epochs: 1)
                configuration.parameters.seed = seed
                configuration.policy = policy
                configuration.warmStart = try start.map { try registry.open($0) }
                return try TrainingRun(configuration: configuration, registry: registry).run(plantedLog()).id
            }
            let start = try train(1, .never)
            let promoted = try train(2, .always, from: start)
            let plain = try train(3, .never)
            let current = try train(4, .always)
            let newest = try train(5, .never)
            #expect(try registry.retain(last: 1) == [plain])
            #expect(try registry.list() == [start, promoted, current, newest])
            #expect(!FileManager.default.fileExists(atPath: folder.appending(path: plain.rawValue).path))
            for id in try registry.list() { try registry.verify(id) }
            #expect(throws: TrainerError.self) { try registry.promote(plain) }
            #expect(try registry.current() == current)
            #expect(try registry.rollback() == promoted)
        }
    }

    /// Each round two processes train with a retention of their own until they are killed, while this one prunes.
    @Test func trainersThatAreKilledBesidePruningLeaveTheRegistryWhole() async throws {
        let folder = Self.folder(of: getpid())
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let registry = ModelRegistry(folder: folder.path)
        var pruned = 0
        for _ in 0..<4 {
            async let first: Void = Self.trainUntilKilled()
            async let second: Void = Self.trainUntilKilled()
            let end = ContinuousClock.now + .milliseconds(700)
            while ContinuousClock.now < end {
                pruned += (try? registry.retain(last: 1).count) ?? 0
                // Whoever looks sees whole models, though one of them may go meanwhile.
                for id in (try? registry.list()) ?? [] {
                    do {
                        #expect(try registry.manifest(of: id).id == id)
                    } catch TrainerError.modelNotFound {}
                }
                if let current = try registry.current() { _ = try registry.open(current) }
                try await Task.sleep(for: .milliseconds(5))
            }
            _ = await (first, second)
            let listed = Set(try registry.list())
            for id in listed { try registry.verify(id) }
            for entry in try registry.history() where entry.action == .promoted {
                #expect(listed.contains(entry.model), "\(entry.model) was in service")
            }
            if let current = try registry.current() { _ = try registry.open(current, verifying: true) }
        }
        #expect(pruned > 0)
        let manifest = try TrainingRun(configuration: smallConfiguration(), registry: registry).run(plantedLog())
        #expect(try registry.list().contains(manifest.id))
    }

    private static func trainUntilKilled() async {
        await #expect(processExitsWith: .signal(SIGKILL)) {
            let registry = ModelRegistry(folder: PrunedRegistryTests.folder(of: getppid()).path)
            let microseconds = UInt32.random(in: 200_000...900_000)
            Thread.detachNewThread {
                usleep(microseconds)
                kill(getpid(), SIGKILL)
            }
            var configuration = smallConfiguration(rank: 4, epochs: 1)
            configuration.bootstrapResamples = 10
            configuration.retention = 2
            let log = try plantedLog(users: 20, items: 16)
            configuration.parameters.seed = UInt64.random(in: 1...1_000_000)
            while true {
                configuration.parameters.seed &+= 1
                configuration.policy = configuration.parameters.seed % 2 == 0 ? .always : .never
                // What was pruned by the other before it could go into service is no model any more.
                do {
                    try TrainingRun(configuration: configuration, registry: registry).run(log)
                } catch TrainerError.modelNotFound {}
            }
        }
    }

    /// The killed processes find the folder by their parent's number.
    static func folder(of process: pid_t) -> URL {
        FileManager.default.temporaryDirectory.appending(path: "marquee-pruned-registry-\(process)")
    }
}
