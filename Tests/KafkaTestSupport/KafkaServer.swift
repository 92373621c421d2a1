import Domain
import EventIngest
public import Foundation
public import Kafka
import Synchronization
import TestSupport

/// A real Apache Kafka, started from the shared servers beside the repository.
public final class KafkaServer: Sendable {
    public static let isAvailable = Checkout.shared("servers/kafka/start") != nil

    public let folder: URL
    private let options: [String]
    private let servers = Mutex("")

    public struct Failure: Error { public var message: String }

    private init(folder: URL, options: [String]) {
        self.folder = folder
        self.options = options
    }

    public var bootstrapServers: String { servers.withLock { $0 } }
    public var properties: KafkaProperties { KafkaProperties(bootstrapServers: bootstrapServers) }

    /// Runs `body` with a server that is gone, with its data, afterwards.
    public static func with<R>(_ options: [String] = [], _ body: (KafkaServer) async throws -> R) async throws -> R {
        try await withTemporaryFolder { folder in
            let server = KafkaServer(folder: folder, options: options)
            do {
                try await server.start()
                let result = try await body(server)
                try? await server.stop(crash: true)
                return result
            } catch {
                try? await server.stop(crash: true)
                throw error
            }
        }
    }

    /// Starts it, again on the same port and data if it ran before. Takes some seconds.
    public func start() async throws {
        let output = try await startedPatiently()
        guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("bootstrap.servers=") }) else {
            throw Failure(message: "kafka/start said: \(output)")
        }
        servers.withLock { $0 = String(line.dropFirst("bootstrap.servers=".count)) }
    }

    /// The script gives a server a minute, which is not enough where many run.
    private func startedPatiently() async throws -> String {
        for _ in 0..<2 {
            if let output = try? await run("kafka/start", ["--data", folder.path] + options) { return output }
            try? await stop(crash: true)
        }
        return try await run("kafka/start", ["--data", folder.path] + options)
    }

    /// Makes the topics of events and films, and waits until they are there.
    public func createTopics(partitions: Int = 2) async throws {
        let consumer = try KafkaConsumer(properties: properties, group: "setup")
        try consumer.create(topics: Topics.events + [Topics.movies], partitions: partitions)
        try await eventually("the topics are there") {
            (try? consumer.partitions(of: Topics.events).count) == Topics.events.count * partitions
        }
    }

    /// Ends it; as a crash would, if asked.
    public func stop(crash: Bool = false) async throws {
        _ = try await run("stop", [folder.path] + (crash ? ["-9"] : []))
    }

    /// Sends a signal to one broker, the first being 1, and all its processes: `SIGKILL`, `SIGSTOP`, `SIGCONT`.
    public func signal(broker: Int, _ number: Int32) {
        let text = (try? String(contentsOf: folder.appending(path: "pids"), encoding: .utf8)) ?? ""
        let leaders = text.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
        if leaders.indices.contains(broker - 1) { kill(-leaders[broker - 1], number) }
    }

    /// How often the brokers' logs have a text.
    public func count(ofLogged text: String) -> Int {
        let brokers = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return brokers.reduce(0) { sum, broker in
            let file = folder.appending(path: "\(broker)/log")
            guard let log = try? String(contentsOf: file, encoding: .utf8) else { return sum }
            return sum + log.split(separator: "\n").count { $0.contains(text) }
        }
    }

    /// One of Kafka's own tools.
    @discardableResult
    public func tool(_ arguments: [String]) async throws -> String { try await run("kafka/run", arguments) }

    private func run(_ script: String, _ arguments: [String]) async throws -> String {
        guard let url = Checkout.shared("servers/\(script)") else { throw Failure(message: "no \(script)") }
        let (status, output) = try await runCommand("/bin/bash", [url.path] + arguments)
        guard status == 0 else { throw Failure(message: "\(script) ended with status \(status): \(output)") }
        return output
    }
}
