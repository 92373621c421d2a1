import Domain
import Foundation
import Linalg
import Trainer

// As marquee does.
if getenv(BLASCore.variable) == nil, let core = BLASCore.better,
    let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
{
    setenv(BLASCore.variable, core, 1)
    execv(program, CommandLine.unsafeArgv)
}

// One measurement a call, as JSON lines on stdout; bench.py interleaves them with the peers'.
let arguments = Arguments(CommandLine.arguments)
do {
    switch arguments.command {
    case "generate": try generate(arguments)
    case "start": try start(arguments)
    case "train": try train(arguments)
    case "topk": try topK(arguments)
    case "foldin": try foldIn(arguments)
    case "explicit": try explicit(arguments)
    case "peaks": try peaks(arguments)
    default:
        print(
            "usage: bench-als generate|start|train|topk|foldin|explicit|peaks [--name value]… "
                + "(see Benchmarks/als/README.md)")
    }
} catch {
    FileHandle.standardError.write(Data("bench-als: \(error)\n".utf8))
    exit(1)
}

/// --set 20m|1m --out FOLDER; or a shape of one's own: --users 60000 --items 100000 --activity 100
func generate(_ arguments: Arguments) throws {
    var generator = arguments.string("set") == "1m" ? Generator.oneMillion : .movieLens20M
    generator.users = arguments.integer("users", generator.users)
    generator.items = arguments.integer("items", generator.items)
    generator.meanActivity = arguments.string("activity").flatMap { Double($0) } ?? generator.meanActivity
    let rows = try generator.interactions()
    try ProblemFolder(url: URL(filePath: arguments.string("out") ?? "set")).write(rows)
    report(["users": rows.rows, "items": rows.columns, "entries": rows.count])
}

/// --data FOLDER --rank 64 --out FOLDER: start factors that every system begins from
func start(_ arguments: Arguments) throws {
    let rows = try ProblemFolder(url: URL(filePath: arguments.string("data") ?? "set")).read()
    let factors = try ALSFactors(
        users: rows.rows, items: rows.columns, rank: arguments.integer("rank", 64), seed: 1)
    try ProblemFolder(url: URL(filePath: arguments.string("out") ?? "start")).write(factors)
}

/// --data FOLDER --start FOLDER --rank 64 --epochs 5 --solver cg --preconditioner none --steps 3 --precision float32 --threads 2 --out FOLDER-for-the-factors
func train(_ arguments: Arguments) throws {
    let folder = ProblemFolder(url: URL(filePath: arguments.string("data") ?? "set"))
    let rows = try folder.read()
    // What implicit minimises, so that equal losses mean equal models.
    var parameters = ALSParameters(
        rank: arguments.integer("rank", 64), epochs: arguments.integer("epochs", 5),
        alpha0: arguments.float("alpha0", 1), lambda: arguments.float("lambda", 10), nu: arguments.float("nu", 0),
        weighting: ALSParameters.Weighting(rawValue: arguments.string("weighting") ?? "replacing") ?? .replacing,
        solver: ALSParameters.Solver(rawValue: arguments.string("solver") ?? "cg") ?? .cg)
    parameters.steps = arguments.string("steps").flatMap { Int($0) }
    parameters.preconditioner =
        arguments.string("preconditioner").flatMap { .init(rawValue: $0) } ?? parameters.preconditioner
    parameters.precision = arguments.string("precision").flatMap { .init(rawValue: $0) } ?? parameters.precision
    parameters.threads = arguments.string("threads").flatMap { Int($0) }
    let confidence = arguments.float("confidence", 10)
    let interactions = try SparseRows(
        rows: rows.rows, columns: rows.columns, rowStarts: rows.rowStarts, columnIndices: rows.columnIndices,
        values: rows.values.map { $0 * confidence })
    var warmStart: ALSFactors?
    if let start = arguments.string("start") {
        warmStart = try ProblemFolder(url: URL(filePath: start)).readFactors(
            users: rows.rows, items: rows.columns, rank: parameters.rank)
    }
    let (cpu, begin) = (Clock.cpu, Clock.wall)
    var epochs: [ALS.EpochReport] = []
    let factors = try ALS.fit(interactions: interactions, parameters: parameters, warmStart: warmStart) {
        epochs.append($0)
    }
    // An epoch may be reported during the next. So processor time is shared out by the clock, all threads always being at
    // work, and what came before the first epoch is what the epochs did not take.
    let wall = Clock.wall - begin
    let share = (Clock.cpu - cpu) / wall
    var end = epochs.reduce(wall) { $0 - $1.seconds }
    for epoch in epochs {
        end += epoch.seconds
        report([
            "system": "marquee", "solver": parameters.solver.rawValue, "rank": parameters.rank,
            "epoch": epoch.epoch, "seconds": epoch.seconds, "cpu_seconds": share * epoch.seconds, "loss": epoch.loss,
            "total_seconds": end, "user_steps": epoch.steps.users, "item_steps": epoch.steps.items,
        ])
    }
    if let out = arguments.string("out") { try ProblemFolder(url: URL(filePath: out)).write(factors) }
    report(["system": "marquee", "peak_bytes": Clock.peakBytes, "kernels": Kernels.best.name])
}

/// Exact top-k on one thread, by the codes and by the floats alone in turns, and reading the floats once.
/// --factors FOLDER --rank 64 --queries 1,64 --count 10 --seen 0 --by user|item; random factors without a folder,
/// --items 100000 of them
func topK(_ arguments: Arguments) throws {
    let rank = arguments.integer("rank", 64)
    let count = arguments.integer("count", 10)
    let factors =
        if let folder = arguments.string("factors") {
            try ProblemFolder(url: URL(filePath: folder)).readFactors(rank: rank)
        } else {
            try ALSFactors(users: 256, items: arguments.integer("items", 100_000), rank: rank, seed: 3)
        }
    // Likeness asks with an item's direction among all directions.
    let isByItem = arguments.string("by") == "item"
    // The model's factors are lent by its file, the directions are not.
    let itemFactors = isByItem ? try factors.itemFactors.scaledRows() : try factors.itemFactors.lent()
    let items = itemFactors.rows
    let start = Clock.wall
    let floats = try PackedItems(itemFactors, coding: .never)
    let middle = Clock.wall
    let packed = try PackedItems(itemFactors)
    let end = Clock.wall
    var random = SeededGenerator(seed: 5)
    let asking = isByItem ? itemFactors : factors.userFactors
    let pool = try Matrix(
        rows: 256, columns: rank,
        elements: (0..<256).flatMap { _ in asking.row(random.below(asking.rows)) })
    // Seen items are the best ones, as those of people are.
    let seen = arguments.integer("seen", 0)
    let bitmaps: [ItemBitmap?] = (0..<256).map { query in
        guard seen > 0 else { return nil }
        return ItemBitmap(itemCount: items, items: floats.topK(pool.row(query), count: seen).map(\.item))
    }
    for batch in arguments.integers("queries", [1, 64]) {
        let batches = try (0..<4).map {
            try Matrix(
                rows: batch, columns: rank, elements: Array(pool.elements[($0 * 64 * rank)...].prefix(batch * rank)))
        }
        func ask(_ items: PackedItems, _ turn: Int) -> Float {
            batch == 1
                ? items.topK(pool.row(turn % 256), count: count, excluding: bitmaps[turn % 256])[0].score
                : items.topK(
                    queries: batches[turn % 4], count: count,
                    excluding: Array(bitmaps[(turn % 4 * 64)...].prefix(batch)))[0][0].score
        }
        var times = (coded: [Double](), floats: [Double](), read: [Double]())
        let turns = items * batch > 4_000_000 ? 21 : 257
        itemFactors.withUnsafeElements { y in
            for turn in 0..<turns {
                times.coded.append(Clock.timed { sink += ask(packed, turn) })
                times.floats.append(Clock.timed { sink += ask(floats, turn) })
                times.read.append(Clock.timed { sink += Kernels.best.readAll(y) })
            }
        }
        let each = 1e6 / Double(batch)
        let (coded, plain) = (Clock.median(times.coded) * each, Clock.median(times.floats) * each)
        report([
            "system": "marquee", "kernels": Kernels.best.name, "openblas": BLASThreads.configuration, "items": items,
            "rank": rank, "batch": batch, "count": count, "seen": seen, "us_per_query": coded, "us_floats": plain,
            "times_floats": plain / coded, "mean_us_per_query": Clock.mean(times.coded) * each,
            "floor_us": Clock.median(times.read) * 1e6, "gflop_per_s_floats": 2e-3 * Double(items * rank) / plain,
            "bytes_share": Double(packed.byteCounts.codes) / Double(packed.byteCounts.floats),
            "seconds_floats": middle - start, "seconds_coded": end - middle,
        ])
    }
}

extension Matrix {
    /// The same on memory of someone else, as a model's file lends it.
    func lent() throws -> Matrix {
        final class Lender: Sendable {
            let matrix: Matrix
            init(_ matrix: Matrix) { self.matrix = matrix }
        }
        let lender = Lender(self)
        return try lender.matrix.withUnsafeElements {
            try Matrix(rows: rows, columns: columns, lending: $0.baseAddress!, keepingAlive: lender)
        }
    }

    /// Rows of length 1; rows of zeros stay.
    func scaledRows() throws -> Matrix {
        try Matrix(
            rows: rows, columns: columns,
            elements: (0..<rows).flatMap { index in
                let row = row(index)
                let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
                return length > 0 ? row.map { $0 / length } : row
            })
    }
}

/// --items 26744 --rank 64 --events 200
func foldIn(_ arguments: Arguments) throws {
    let items = arguments.integer("items", 26_744)
    let rank = arguments.integer("rank", 64)
    let events = arguments.integer("events", 200)
    let factors = try ALSFactors(users: 1, items: items, rank: rank, seed: 3)
    let foldIn = try FoldIn(itemFactors: factors.itemFactors, parameters: ALSParameters(rank: rank))
    var random = SeededGenerator(seed: 1)
    let history = (0..<events).map { _ in Int32(random.below(items)) }
    let confidences = [Float](repeating: 1, count: events)
    let seconds = try Clock.median(201) {
        sink += try foldIn.vector(items: history, confidences: confidences)[0]
    }
    report(["system": "marquee", "events": events, "rank": rank, "us": seconds * 1e6])
}

/// --data FOLDER --test FOLDER --rank 16 --lambda 0.08 --epochs 15: held-out error of explicit ratings
func explicit(_ arguments: Arguments) throws {
    let training = try ProblemFolder(url: URL(filePath: arguments.string("data") ?? "set")).read()
    let test = try ProblemFolder(url: URL(filePath: arguments.string("test") ?? "test")).read()
    for isNonNegative in [false, true] {
        let parameters = RatingParameters(
            rank: arguments.integer("rank", 16), epochs: arguments.integer("epochs", 15),
            lambda: arguments.float("lambda", 0.08), isNonNegative: isNonNegative)
        let start = Clock.cpu
        let errors = try RatingALS.fit(ratings: training, parameters: parameters).errors(on: test)
        report([
            "system": isNonNegative ? "marquee, non-negative" : "marquee", "rank": parameters.rank,
            "lambda": arguments.string("lambda") ?? "0.08", "rmse": errors.rmse, "mae": errors.mae,
            "cpu_seconds": Clock.cpu - start,
        ])
    }
}

/// What this machine can do at best, on all cores at once by the wall clock and on one by its processor time:
/// multiply-adds in registers, OpenBLAS's sgemm, and reading memory.
func peaks(_ arguments: Arguments) throws {
    let cores = Workers.cores
    for kernels in Kernels.available {
        let start = Clock.thread
        let operations = kernels.operationsOfPeak(iterations: 20_000_000)
        report(["kernels": kernels.name, "gflop_per_s_core": operations / (Clock.thread - start) / 1e9])
    }
    let n = 1536
    let a = try ALSFactors(users: n, items: n, rank: n, seed: 5)
    let seconds = try Clock.median(5) { sink += try a.userFactors.timesTransposed(a.itemFactors)[0, 0] }
    let together = best(of: 3) {
        Workers(count: cores).run(units: cores) { _, _ in
            sink += (try? a.userFactors.timesTransposed(a.itemFactors)[0, 0]) ?? 0
        }
    }
    let products = 2 * Double(n * n * n) / 1e9
    report(["sgemm_gflop_per_s_core": products / seconds, "sgemm_gflop_per_s": products * Double(cores) / together])

    let memory = try Matrix(rows: 1 << 20, columns: 256)
    memory.withUnsafeElements { m in
        let bytes = Double(m.count * 4) / 1e9
        let alone = Clock.median(5) { sink += Kernels.best.readAll(m) }
        let part = m.count / cores
        let shared = Shared(m.baseAddress!)
        let together = best(of: 5) {
            Workers(count: cores).run(units: cores) { _, unit in
                sink += Kernels.best.readAll(
                    UnsafeBufferPointer(start: shared.pointer + unit * part, count: part))
            }
        }
        report(["read_gb_per_s_core": bytes / alone, "read_gb_per_s": bytes / together])
    }
    report(["openblas": BLASThreads.configuration, "cores": cores])
}

/// The shortest wall-clock time of `body`.
func best(of repetitions: Int, _ body: () -> Void) -> Double {
    var shortest = Double.infinity
    for _ in 0..<repetitions {
        let start = Clock.wall
        body()
        shortest = min(shortest, Clock.wall - start)
    }
    return shortest
}

/// Keeps results alive, or the optimiser would drop the work. Workers may race on it: its value means nothing.
nonisolated(unsafe) var sink: Float = 0
