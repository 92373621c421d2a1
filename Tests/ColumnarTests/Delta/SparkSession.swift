import Foundation
import Synchronization
import TestSupport
import Testing

enum Spark {
    static let isPresent =
        Checkout.python != nil && Checkout.shared("servers/delta/jars") != nil
        && (["/usr/bin/java"] + (ProcessInfo.processInfo.environment["JAVA_HOME"].map { ["\($0)/bin/java"] } ?? []))
            .contains { FileManager.default.isExecutableFile(atPath: $0) }
}

/// A script of Tests/Independent/delta that works with Spark, running.
final class SparkSession: Sendable {
    private let result = Mutex<(status: Int32, output: String)?>(nil)

    init(_ script: String, _ folder: URL) async throws {
        let python = try #require(Checkout.python).path
        let jars = try #require(Checkout.shared("servers/delta/jars")).path
        let list = try await runCommand("/bin/bash", [jars, "3.5"])
        try #require(list.status == 0, "\(list.output)")
        let script = Checkout.root.appending(path: "Tests/Independent/delta/\(script)").path
        let words = [script, folder.path, list.output.trimmingCharacters(in: .whitespacesAndNewlines)]
        Task { [self] in
            let end = (try? await runCommand(python, words)) ?? (status: -1, output: "it did not start")
            result.withLock { $0 = end }
        }
    }

    private var ended: (status: Int32, output: String)? { result.withLock { $0 } }

    /// Waits until the script has made `file`.
    func wait(for file: URL, patience: Duration = .seconds(300)) async throws {
        try await eventually("Spark made \(file.lastPathComponent)", patience: patience) {
            if let ended {
                Issue.record("Spark ended with \(ended.status): \(ended.output.suffix(4000))")
                return true
            }
            return FileManager.default.fileExists(atPath: file.path)
        }
    }

    func end() async throws -> (status: Int32, output: String) {
        try await eventually("Spark ended", patience: .seconds(300)) { ended != nil }
        return try #require(ended)
    }
}
