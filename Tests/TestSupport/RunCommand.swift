import Foundation

/// Runs a program to its end without holding a thread of the cooperative pool.
/// - Parameter environment: beside this process' own.
/// - Returns: its exit status, or 128 and the signal that ended it, as a shell has it; and both outputs.
public func runCommand(
    _ path: String, _ arguments: [String], environment: [String: String] = [:]
) async throws -> (status: Int32, output: String) {
    let file = FileManager.default.temporaryDirectory.appending(path: "marquee-command-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    let process = try ChildProcess(
        path, arguments, output: file, errors: file,
        environment: ProcessInfo.processInfo.environment.merging(environment) { $1 })
    let status: Int32 =
        switch try await process.end() {
        case .exited(let status): status
        case .killed(let signal): 128 + signal
        case nil: preconditionFailure("no deadline was given")
        }
    return (status, try String(contentsOf: file, encoding: .utf8))
}

/// Runs Python code in the virtual environment (`make venv`) to its end.
///
/// deltalake, pyarrow, Polars and DuckDB keep native threads that may be at work while the interpreter takes itself down;
/// then C++ ends the process by `std::terminate` (status 134) although all went well. So the process ends right after the
/// last line, without taking anything down. What the code raises ends it with another status as ever.
/// - Precondition: ``Checkout/python`` is there.
public func runPython(
    _ code: String, _ arguments: [String], environment: [String: String] = [:]
) async throws -> (status: Int32, output: String) {
    guard let python = Checkout.python else { preconditionFailure("needs the Python environment (make venv)") }
    let end = "\nimport os, sys\nsys.stdout.flush()\nsys.stderr.flush()\nos._exit(0)\n"
    return try await runCommand(python.path, ["-c", code + end] + arguments, environment: environment)
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
