import Foundation
import TestSupport

/// Lucene itself, as Debian packages it (liblucene8-java), asked through Tests/Independent/catalog/Oracle.java.
enum Lucene {
    static let jars = ["lucene-core", "lucene-queries", "lucene-analyzers-common"].map {
        "/usr/share/java/\($0)-8.7.0.jar"
    }

    static var isPresent: Bool {
        (jars + ["/usr/bin/java"]).allSatisfy { FileManager.default.fileExists(atPath: $0) }
    }

    static let absence = "needs Java and Debian's liblucene8-java"

    /// Runs the oracle and returns its lines.
    static func run(_ arguments: [String]) async throws -> [String] {
        let source = Checkout.root.appending(path: "Tests/Independent/catalog/Oracle.java").path
        let (status, output) = try await runCommand(
            "/usr/bin/java", ["-cp", jars.joined(separator: ":"), source] + arguments)
        guard status == 0 else { throw OracleFailed(output: output) }
        return output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    struct OracleFailed: Error { var output: String }
}
