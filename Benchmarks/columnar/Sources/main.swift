// Times Columnar on one thread and prints JSON. bench.py drives it beside its peers.
//
//     bench-columnar write IN OUT      read IN whole, then time writing it to OUT (zstd 1, as ParquetOptions has it)
//     bench-columnar scan FILE a,b,c   time reading three columns into arrays
//     bench-columnar log FOLDER N      make a table of N commits, time one commit and loading the newest version
import Columnar
import Foundation

/// CPU time of this process so far: what a busy machine does not distort.
func cpuSeconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let time = try clock.measure(body).components
    return Double(time.seconds) + Double(time.attoseconds) / 1e18
}

func report(_ figures: [String: Double]) {
    let members = figures.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }
    print("{\(members.joined(separator: ", "))}")
}

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "write":
    let source = try ParquetFile(path: arguments[2])
    let batches = try (0..<source.rowGroupCount).map { try source.read(rowGroup: $0) }
    var size: Int64 = 0
    let start = cpuSeconds()
    let time = try seconds {
        let writer = try ParquetWriter(path: arguments[3], schema: source.schema)
        for batch in batches { try writer.write(batch) }
        size = try writer.finish().size
    }
    report(["seconds": time, "cpu": cpuSeconds() - start, "bytes": Double(size)])
case "scan":
    let columns = arguments[3].split(separator: ",").map(String.init)
    var rows = 0
    let start = cpuSeconds()
    let time = try seconds {
        let file = try ParquetFile(path: arguments[2])
        for group in 0..<file.rowGroupCount { rows += try file.read(columns: columns, rowGroup: group).rowCount }
    }
    report(["seconds": time, "cpu": cpuSeconds() - start, "rows": Double(rows)])
case "log":
    let schema = Schema([Field("id", .int64), Field("name", .string)])
    let table = try DeltaTable.create(at: arguments[2], schema: schema)
    let commits = Int(arguments[3]) ?? 1000
    let batch = try RecordBatch(schema: schema, columns: [.int64(.init([1, 2])), .string(BytesColumn(["a", "b"]))])
    let making = try seconds { for _ in 0..<commits { _ = try table.append([batch]) } }
    let loading = try seconds { _ = try DeltaTable.open(at: arguments[2]).snapshot().fileCount }
    report(["commit_ms": making / Double(commits) * 1000, "load_seconds": loading])
default:
    FileHandle.standardError.write(Data("usage: bench-columnar write|scan|log …\n".utf8))
    exit(64)
}
