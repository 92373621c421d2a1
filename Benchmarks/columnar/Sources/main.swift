// Times Columnar on one thread and prints JSON. bench.py drives it beside its peers.
//
//     bench-columnar write IN OUT      read IN whole, then time writing it to OUT (zstd 1, as ParquetOptions has it)
//     bench-columnar scan FILE a,b,c   time reading three columns into arrays
//     bench-columnar log FOLDER N      make a table of N commits without a checkpoint, time each commit
//     bench-columnar floor FOLDER N    what the disk needs for N times what a commit makes durable
//     bench-columnar checkpoint FOLDER write a checkpoint of the newest version
//     bench-columnar load FOLDER       time loading the newest version (log.py drives these four)
//     bench-columnar vectors FOLDER ROWS EVERY   make a table in three files, of every EVERYth row deleted by vectors; 0: none
//     bench-columnar scan-table FOLDER a,b,c     time scanning three columns of it (snapshot.py drives these two and load)
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
case "write": try FileBenchmark.write(arguments[2], to: arguments[3])
case "scan": try FileBenchmark.scan(arguments[2], arguments[3].split(separator: ",").map(String.init))
case "log": try LogBenchmark.make(arguments[2], commits: Int(arguments[3]) ?? 1000)
case "floor": try LogBenchmark.floor(arguments[2], commits: Int(arguments[3]) ?? 1000)
case "checkpoint": try DeltaTable.open(at: arguments[2]).writeCheckpoint()
case "load": try LogBenchmark.load(arguments[2])
case "vectors":
    try VectorBenchmark.make(arguments[2], rows: Int(arguments[3]) ?? 1 << 20, every: Int(arguments[4]) ?? 0)
case "scan-table": try VectorBenchmark.scan(arguments[2], arguments[3].split(separator: ",").map(String.init))
default:
    FileHandle.standardError.write(
        Data("usage: bench-columnar write|scan|log|floor|checkpoint|load|vectors|scan-table …\n".utf8))
    exit(64)
}
