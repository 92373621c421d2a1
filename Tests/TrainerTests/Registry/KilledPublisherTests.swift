import Foundation
import TestSupport
import Testing

@testable import Trainer

@Suite struct KilledPublisherTests {
    /// A process that publishes and promotes without end is killed at a random moment, again and again. Each time
    /// every visible model is whole, and the pointer names one of them.
    @Test func aKilledPublisherNeverLeavesHalfAModelVisible() async throws {
        let folder = Self.folder(of: getpid())
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let registry = ModelRegistry(folder: folder.path)
        for _ in 0..<10 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                let registry = ModelRegistry(folder: KilledPublisherTests.folder(of: getppid()).path)
                // Half of the time it dies within the first publication.
                let microseconds = UInt32.random(in: 1000...60_000)
                Thread.detachNewThread {
                    usleep(microseconds)
                    kill(getpid(), SIGKILL)
                }
                var configuration = smallConfiguration(rank: 4, epochs: 1)
                configuration.policy = .always
                configuration.bootstrapResamples = 10
                let log = try plantedLog(users: 20, items: 16)
                while true {
                    configuration.parameters.seed &+= 1
                    try TrainingRun(configuration: configuration, registry: registry).run(log)
                }
            }
            for id in try registry.list() { try registry.verify(id) }
            if let current = try registry.current() { _ = try registry.open(current, verifying: true) }
        }
        // The next publisher finds its way, and clears what the dead left.
        let manifest = try TrainingRun(configuration: smallConfiguration(), registry: registry).run(plantedLog())
        #expect(try registry.list().contains(manifest.id))
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(!left.contains { $0.hasPrefix(".staging-") })
    }

    /// The killed process finds the folder by its parent's number.
    static func folder(of process: pid_t) -> URL {
        FileManager.default.temporaryDirectory.appending(path: "marquee-killed-publisher-\(process)")
    }
}
