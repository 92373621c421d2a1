import Foundation
import Synchronization
import TestSupport
import Testing

/// A script of Tests/Independent/delta that works with Spark, running.
final class SparkSession: Sendable {
    private let result = Mutex<(status: Int32, output: String)?>(nil)

    init(_ script: String, _ folder: URL, _ version: SparkRuntime.Version = .three) async throws {
        let spark = try await SparkRuntime(version)
        let script = Checkout.root.appending(path: "Tests/Independent/delta/\(script)").path
        let words = [script, folder.path, spark.jars]
        Task { [self] in
            let end = (try? await runCommand(spark.python.path, words)) ?? (status: -1, output: "it did not start")
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
