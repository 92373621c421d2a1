import Columnar

/// Times Parquet files, on the calling thread alone.
enum FileBenchmark {
    /// Reads `source` whole, then times writing it to `target` as ``ParquetOptions`` has it: zstd 1.
    static func write(_ source: String, to target: String) throws {
        let file = try ParquetFile(path: source)
        let batches = try (0..<file.rowGroupCount).map { try file.read(rowGroup: $0) }
        var size: Int64 = 0
        let start = cpuSeconds()
        let time = try seconds {
            let writer = try ParquetWriter(path: target, schema: file.schema)
            for batch in batches { try writer.write(batch) }
            size = try writer.finish().size
        }
        report(["seconds": time, "cpu": cpuSeconds() - start, "bytes": Double(size)])
    }

    /// Times reading some columns into flat arrays; all of them are kept, as a training set is.
    static func scan(_ path: String, _ columns: [String]) throws {
        var batches: [RecordBatch] = []
        let start = cpuSeconds()
        let time = try seconds {
            let file = try ParquetFile(path: path)
            for group in 0..<file.rowGroupCount { batches.append(try file.read(columns: columns, rowGroup: group)) }
        }
        let rows = batches.reduce(0) { $0 + $1.rowCount }
        report(["seconds": time, "cpu": cpuSeconds() - start, "rows": Double(rows)])
    }
}
