import Foundation
import TestSupport
import Testing

@testable import Trainer

/// An executor of a cluster dies while the job is at work.
@Suite struct SparkExecutorTests {
    @Test(
        .enabled(
            if: Effort.isNightly && SparkRuntime.isPresent(.three), "nightly; needs Java, the Delta jars and Python"))
    func aLostExecutorChangesNothing() async throws {
        try await withTemporaryFolder { folder in
            let mark = UUID().uuidString
            // Two executors of one core, processes of their own; the mark is in their command lines.
            let settings = [
                ("spark.executor.memory", "700m"),
                ("spark.executor.extraJavaOptions", "-XX:TieredStopAtLevel=1 -Dmark=\(mark)"),
            ]
            let job = try await SparkJob.run(
                .three, in: folder, master: "local-cluster[2,1,1024]",
                settings: settings.map { (name: $0.0, value: $0.1) }
            ) {
                let numbered = folder.appending(path: "out/scratch/all/items/_SUCCESS")
                try await eventually("the last part is numbered", patience: .seconds(500)) {
                    FileManager.default.fileExists(atPath: numbered.path)
                }
                let executor = try #require(Self.processes(with: mark).first, "there are executors")
                kill(executor, SIGKILL)
            }
            #expect(job.said.contains("Lost executor"), "Spark has noticed")
            #expect(Self.processes(with: mark).isEmpty, "none is left behind")
            try SparkJobTests().compare(job)
        }
    }

    /// Running executors whose command lines have the mark.
    private static func processes(with mark: String) -> [pid_t] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap(pid_t.init).filter { pid in
            let words = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline").map {
                String(decoding: $0, as: UTF8.self)
            }
            return words.map { $0.contains("-Dmark=\(mark)") && $0.contains("CoarseGrainedExecutorBackend\0") } ?? false
        }
    }
}
