public import Foundation

/// A Spark of the Python environments, with the Delta jars beside the repository: short work in one process.
public struct SparkRuntime: Sendable {
    /// The Python that has pyspark.
    public let python: URL
    /// Paths of Delta's jars for it, with commas between them.
    public let jars: String

    /// The versions of Spark that the job and the tables are tried with.
    public enum Version: String, CaseIterable, Sendable {
        /// In `.venv` (`make venv`).
        case three = "3.5"
        /// In `.venv-spark4` (`scripts/venv spark4`).
        case four = "4.1"
    }

    private static func python(_ version: Version) -> URL? {
        guard version == .four else { return Checkout.python }
        let url = Checkout.root.appending(path: ".venv-spark4/bin/python")
        return FileManager.default.isExecutableFile(atPath: url.path) ? url : nil
    }

    /// Whether it can be started here.
    public static func isPresent(_ version: Version) -> Bool {
        let homes = ProcessInfo.processInfo.environment["JAVA_HOME"].map { ["\($0)/bin/java"] } ?? []
        return python(version) != nil && Checkout.shared("servers/delta/jars") != nil
            && (["/usr/bin/java"] + homes).contains { FileManager.default.isExecutableFile(atPath: $0) }
    }

    public struct Absent: Error {}

    public init(_ version: Version) async throws {
        guard let python = Self.python(version), let script = Checkout.shared("servers/delta/jars") else {
            throw Absent()
        }
        let list = try await runCommand("/bin/bash", [script.path, version.rawValue])
        guard list.status == 0 else { throw Absent() }
        self.python = python
        jars = list.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// `spark-submit` of the same environment.
    public var submit: URL { python.deletingLastPathComponent().appending(path: "spark-submit") }

    /// Settings for short work: the quick compiler and the simple collector halve the time.
    public var settings: [(name: String, value: String)] {
        [
            ("spark.jars", jars), ("spark.ui.enabled", "false"), ("spark.sql.shuffle.partitions", "2"),
            ("spark.driver.memory", "700m"), ("spark.databricks.delta.snapshotPartitions", "1"),
            ("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"),
        ]
    }

    /// The environment of a Python that runs a job by itself.
    public func environment(master: String = "local[2]", _ more: [(name: String, value: String)] = []) -> [String:
        String]
    {
        let words = (settings + more).map { "--conf '\($0.name)=\($0.value)'" }
        return [
            "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": python.path,
            "PYSPARK_SUBMIT_ARGS": (["--master \(master)"] + words + ["pyspark-shell"]).joined(separator: " "),
        ]
    }
}
