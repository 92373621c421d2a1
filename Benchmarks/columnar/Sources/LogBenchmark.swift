import Columnar
import Foundation

/// Times the log of a Delta table.
enum LogBenchmark {
    private static let schema = Schema([Field("id", .int64), Field("name", .string)])

    static func make(_ folder: String, commits: Int) throws {
        let table = try DeltaTable.create(
            at: folder, schema: schema, configuration: ["delta.checkpointInterval": "1000000000"])
        let batch = try RecordBatch(
            schema: schema, columns: [.int64(PrimitiveColumn([1, 2])), .string(BytesColumn(["a", "b"]))])
        let start = cpuSeconds()
        let times = try (0..<commits).map { _ in try seconds { _ = try table.append([batch]) } }
        report(figures(times).merging(["cpu_ms": (cpuSeconds() - start) / Double(commits) * 1000]) { $1 })
    }

    /// What a commit of one file must make durable: the file, its name, the commit, its name.
    static func floor(_ folder: String, commits: Int) throws {
        try FileManager.default.createDirectory(atPath: "\(folder)/log", withIntermediateDirectories: true)
        let bytes = [UInt8](repeating: 7, count: 900)
        let times = (0..<commits).map { number in
            seconds {
                write(bytes, to: "\(folder)/data-\(number)")
                sync(folder)
                write(bytes, to: "\(folder)/log/temporary")
                link("\(folder)/log/temporary", "\(folder)/log/\(number)")
                sync("\(folder)/log")
                unlink("\(folder)/log/temporary")
            }
        }
        report(figures(times))
    }

    /// The best of three: the peer is warm too after its first load.
    static func load(_ folder: String) throws {
        var best = ["seconds": Double.infinity, "cpu": .infinity]
        for _ in 0..<3 {
            let start = cpuSeconds()
            let time = try seconds { best["files"] = Double(try DeltaTable.open(at: folder).snapshot().fileCount) }
            best["seconds"] = min(best["seconds"] ?? time, time)
            best["cpu"] = min(best["cpu"] ?? .infinity, cpuSeconds() - start)
        }
        report(best)
    }

    private static func figures(_ times: [Double]) -> [String: Double] {
        let sorted = times.sorted()
        return [
            "median_ms": sorted[sorted.count / 2] * 1000, "p99_ms": sorted[sorted.count * 99 / 100] * 1000,
        ]
    }

    private static func write(_ bytes: [UInt8], to path: String) {
        let file = Foundation.open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        _ = bytes.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
        fsync(file)
        close(file)
    }

    private static func sync(_ folder: String) {
        let descriptor = Foundation.open(folder, O_RDONLY | O_DIRECTORY)
        fsync(descriptor)
        close(descriptor)
    }
}
