public import Foundation

/// The built `marquee`, run as a process of its own. Its output goes to files, so nobody has to read while it runs.
public final class MarqueeProcess: Sendable {
    private let process: ChildProcess
    private let command: String
    private let outputFile: URL
    private let errorFile: URL

    public struct Result: Sendable {
        public var status: Int32
        /// Standard output.
        public var output: String
        /// Standard error.
        public var errors: String
        /// Whether a signal ended it; then `status` is the signal's number.
        public var wasKilled: Bool
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String

        public init(description: String) { self.description = description }
    }

    /// What `MARQUEE_TEST_PROGRAM` names, as `make test` does with the release build: what is shipped, and several times as
    /// fast. Else `marquee` beside the test program: both are built by the same `swift build`.
    public static let program =
        ProcessInfo.processInfo.environment["MARQUEE_TEST_PROGRAM"].map { URL(filePath: $0) } ?? built("marquee")

    /// A program that the same `swift build` as the tests has built.
    public static func built(_ name: String) -> URL {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name)
    }

    /// Starts `marquee` with `arguments`.
    /// - Parameters:
    ///   - folder: where the output files go; several processes may share it.
    ///   - directory: the working directory; the root of the repository if nil.
    ///   - environment: added to this process's, without its `MARQUEE_*`.
    public init(
        _ arguments: [String], in folder: URL, directory: URL? = nil, environment: [String: String] = [:]
    ) throws {
        let name = UUID().uuidString
        outputFile = folder.appending(path: "\(name).out")
        errorFile = folder.appending(path: "\(name).err")
        command = "marquee " + arguments.joined(separator: " ")
        process = try ChildProcess(
            Self.program.path, arguments, output: outputFile, errors: errorFile,
            environment: ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MARQUEE_") }
                // Keys of whoever runs the tests must not lock them out.
                .merging(["MARQUEE_STATE": folder.appending(path: "state").path]) { $1 }
                .merging(environment) { $1 },
            directory: directory ?? Checkout.root)
    }

    deinit { process.signal(SIGKILL) }

    /// Runs `marquee` to its end.
    public static func run(
        _ arguments: [String], in folder: URL, directory: URL? = nil, environment: [String: String] = [:],
        patience: Duration = .seconds(300)
    ) async throws -> Result {
        try await MarqueeProcess(arguments, in: folder, directory: directory, environment: environment)
            .result(patience: patience)
    }

    public var isRunning: Bool { process.end == nil }

    /// Memory of the process that lies in RAM at this moment, in bytes; 0 if it has ended.
    public var residentBytes: Int { memory("VmRSS") }

    /// The part of it that is the process's alone: without files.
    public var ownBytes: Int { memory("RssAnon") }

    /// An entry of proc(5)'s `status`.
    private func memory(_ name: String) -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(process.identifier)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return (line.flatMap { Int($0.split(whereSeparator: \.isWhitespace).dropFirst().first ?? "") } ?? 0) * 1024
    }

    public var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }
    public var errors: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    /// Sends a signal, such as `SIGINT` or `SIGKILL`.
    public func signal(_ number: Int32) { process.signal(number) }

    /// Waits for the end. `patience` is no measurement, only a bound for a test that would otherwise hang; when it has
    /// passed, the process is killed.
    public func result(patience: Duration = .seconds(300)) async throws -> Result {
        switch try await process.end(by: .now + patience) {
        case .exited(let status): Result(status: status, output: output, errors: errors, wasKilled: false)
        case .killed(let signal): Result(status: signal, output: output, errors: errors, wasKilled: true)
        case nil:
            process.signal(SIGKILL)
            throw Failure(description: "\(command) did not end within \(patience): \(errors.suffix(2000))")
        }
    }

    /// Waits for a line of standard output that has `prefix`.
    /// - Returns: the rest of that line.
    /// - Throws: ``Failure`` if the process ends without, or `patience` passes.
    public func line(after prefix: String, patience: Duration = .seconds(300)) async throws -> String {
        let end = ContinuousClock.now + patience
        while true {
            // Asked before the output is read: what was written before the end is then seen.
            let isOver = !isRunning
            // The last piece may be half a line.
            for line in output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            where line.hasPrefix(prefix) {
                return String(line.dropFirst(prefix.count))
            }
            if isOver || ContinuousClock.now > end {
                throw Failure(
                    description: "\(command) never said '\(prefix)': \(output.suffix(2000))\(errors.suffix(2000))")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
