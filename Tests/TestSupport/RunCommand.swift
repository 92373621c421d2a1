public import Foundation

/// Runs a program to its end without holding a thread of the cooperative pool, and returns what it printed on both
/// outputs.
///
/// The output goes through a file: a server that a script leaves behind keeps a pipe open.
public func runCommand(
    _ path: String, _ arguments: [String], directory: URL = Checkout.root, environment: [String: String] = [:]
) async throws -> (status: Int32, output: String) {
    let file = FileManager.default.temporaryDirectory.appending(path: "marquee-command-\(UUID().uuidString)")
    try Data().write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let handle = try FileHandle(forWritingTo: file)
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handle
    process.standardError = handle
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        process.terminationHandler = { _ in continuation.resume() }
        do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    try handle.close()
    return (process.terminationStatus, try String(contentsOf: file, encoding: .utf8))
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
