import Foundation
import TestSupport
import Testing

/// docs/interoperability.md is true of the engines that are installed here.
@Suite(.enabled(if: Checkout.python != nil, "there is no .venv (make venv)"), .timeLimit(.minutes(5)))
struct InteroperabilityProbeTests {
    /// All that need no server; a probe whose package is missing says so and is left out.
    @Test func otherEnginesTreatOurFilesAsThePageSays() async throws {
        try await withTemporaryFolder { folder in
            let (data, _) = try await Loop.trained(in: folder)
            let python = try #require(Checkout.python)
            let probe = Checkout.root.appending(path: "Tests/Independent/interoperability/probe.py").path
            let (status, output) = try await runCommand(
                "/usr/bin/timeout", ["120", python.path, probe, "--store", data])
            #expect(status == 0, "\(output)")
            for line in output.split(separator: "\n") where line.contains("skipped: pip install") { print(line) }
        }
    }
}
