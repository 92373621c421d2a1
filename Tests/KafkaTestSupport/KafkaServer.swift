public import EventIngest
public import Foundation
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
            defer { try? server.stop(crash: true) }
            try server.start()
            return try await body(server)
        }
    }

    /// Starts it, again on the same port and data if it ran before. Blocks for some seconds.
    public func start() throws {
        let output = try run("kafka/start", ["--data", folder.path] + options)
        guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("bootstrap.servers=") }) else {
            throw Failure(message: "kafka/start said: \(output)")
        }
        servers.withLock { $0 = String(line.dropFirst("bootstrap.servers=".count)) }
    }

    /// Ends it; as a crash would, if asked.
    public func stop(crash: Bool = false) throws {
        _ = try run("stop", [folder.path] + (crash ? ["-9"] : []))
    }

    /// Process ids of the brokers, in order.
    public var processes: [Int32] {
        let text = (try? String(contentsOf: folder.appending(path: "pids"), encoding: .utf8)) ?? ""
        return text.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
    }

    /// One of Kafka's own tools.
    @discardableResult
    public func tool(_ arguments: [String]) throws -> String { try run("kafka/run", arguments) }

    /// Foundation's `Process` waits until everything has ended that inherited its descriptors, and the server the script
    /// leaves running does; so the script is spawned by hand.
    private func run(_ script: String, _ arguments: [String]) throws -> String {
        guard let url = Checkout.shared("servers/\(script)") else { throw Failure(message: "no \(script)") }
        // A file, not a pipe: what is left running would hold a pipe open.
        let log = folder.appending(path: "script-\(UUID().uuidString)").path
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let words = ["/bin/bash", url.path] + arguments
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] =
            ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + environment { free(text) } }
        var process: pid_t = 0
        guard posix_spawn(&process, "/bin/bash", &actions, nil, &argv, &environment) == 0 else {
            throw Failure(message: "cannot start \(script)")
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
        let output = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        guard status == 0 else { throw Failure(message: "\(script) ended with status \(status): \(output)") }
        return output
    }
}
