import Foundation

/// Runs a program to its end without holding a thread of the cooperative pool, and returns what it printed on both
/// outputs.
///
/// Not Foundation's `Process`: it watches a descriptor that a server left behind by a script keeps open, and so would
/// wait for the server. For the same reason the output goes through a file and not a pipe, and nothing else of this
/// process is handed down.
public func runCommand(_ path: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
    let file = FileManager.default.temporaryDirectory.appending(path: "marquee-command-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, file.path, O_CREAT | O_WRONLY, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // Closing what is not open does no harm.
    for descriptor: Int32 in 3..<256 { posix_spawn_file_actions_addclose(&actions, descriptor) }
    var words = ([path] + arguments).map { strdup($0) } + [nil]
    let environment = ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for word in words + environment { free(word) } }
    var pid: pid_t = 0
    let result = posix_spawn(&pid, path, &actions, nil, &words, environment)
    guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: result) ?? .ENOENT) }

    let status = await withCheckedContinuation { continuation in
        Thread { [pid] in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            // The exit status, or 128 and the signal, as a shell has it.
            continuation.resume(returning: status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F)
        }.start()
    }
    return (status, try String(contentsOf: file, encoding: .utf8))
}

/// A real server of those beside the checkout (`../shared/servers`), gone when the test ends.
public struct RealServer: Sendable {
    /// What its start script printed after `name=`.
    public let address: String
    private let data: URL

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Whether the server can be started here.
    public static func isPresent(_ name: String) -> Bool { Checkout.shared("servers/\(name)/start") != nil }

    /// Starts `name` (`kafka`, `elasticsearch`), hands it to `body`, and stops it, whatever happens.
    public static func with<R>(
        _ name: String, _ options: [String] = [], _ body: (RealServer) async throws -> R
    ) async throws -> R {
        guard let start = Checkout.shared("servers/\(name)/start") else {
            throw Failure(description: "there is no server \(name)")
        }
        return try await withTemporaryFolder { folder in
            let (_, output) = try await runCommand("/bin/bash", [start.path, "--data", folder.path] + options)
            guard let line = output.split(separator: "\n").last(where: { $0.contains("=") }),
                let equals = line.firstIndex(of: "=")
            else { throw Failure(description: "\(name) did not start: \(output)") }
            let server = RealServer(address: String(line[line.index(after: equals)...]), data: folder)
            do {
                let result = try await body(server)
                await server.kill()
                return result
            } catch {
                await server.kill()
                throw error
            }
        }
    }

    /// Ends it as a crash would. Harmless when it is down already.
    public func kill() async {
        guard let stop = Checkout.shared("servers/stop") else { return }
        _ = try? await runCommand("/bin/bash", [stop.path, data.path, "-9"])
    }
}
