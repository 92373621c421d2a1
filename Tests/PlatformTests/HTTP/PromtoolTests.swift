import Foundation
import HTTPServer
import Operations
import TestSupport
import Testing

@testable import Platform

/// Prometheus' own opinion of what `/metrics` says.
@Suite struct PromtoolTests {
    static let promtool = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    @Test(.enabled(if: promtool != nil, "promtool is not installed (Debian's package prometheus)"))
    func promtoolAcceptsTheMetrics() async throws {
        let promtool = try #require(Self.promtool)
        // Of each kind, with what has to be escaped.
        Metrics.shared.counter("marquee_test_odd_total", help: "A \\ and a\nline.", labels: ["l": "a\"b\\c\nd"])
            .increment()
        Metrics.shared.histogram("marquee_test_odd_seconds", help: "Waiting.").observe(0.2)
        Metrics.shared.gauge("marquee_test_odd", help: "Now.").set(-.infinity)
        let http = HTTPService(HTTPServerConfiguration(port: 0), grace: .seconds(1))
        try http.open()
        let running = Task { try await http.run() }
        let fetch = Fetch()
        let address = "http://127.0.0.1:\(http.port)"
        _ = try await fetch("\(address)/version")
        let metrics = try await fetch("\(address)/metrics")
        running.cancel()
        _ = await running.result
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "metrics").path
            try metrics.body.write(toFile: file, atomically: true, encoding: .utf8)
            let (status, output) = try await runCommand(
                "/bin/sh", ["-c", "exec '\(promtool)' check metrics < '\(file)'"])
            #expect(status == 0, "\(output)")
        }
    }
}
