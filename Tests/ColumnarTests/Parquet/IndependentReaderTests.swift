import Columnar
import Domain
import Foundation
import TestSupport
import Testing

/// Runs a script of Tests/Independent/columnar and gives its output; its complaints fail the test.
func runPython(_ script: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = Checkout.python
    process.arguments = [Checkout.root.appending(path: "Tests/Independent/columnar/\(script)").path] + arguments
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(String(decoding: complaint, as: UTF8.self))")
    return String(decoding: text, as: UTF8.self)
}

@Suite(.enabled(if: Checkout.python != nil, "no Python with the independent readers (make venv)"))
struct IndependentReaderTests {
    @Test(arguments: [
        ("zstd", true, false), ("snappy", true, false), ("gzip", true, true), ("lz4", false, false),
        ("none", false, true),
    ])
    func othersReadOurFiles(codec: String, dictionaries: Bool, special: Bool) async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            var options = ParquetOptions()
            options.compression = try #require(Compression(rawValue: codec))
            options.dictionaries = dictionaries
            options.rowGroupRows = 3000
            options.pageRows = 900
            if special {
                options.deltaColumns = ["id", "at", "small"]
                options.byteStreamSplitColumns = ["f", "d"]
            }
            let batches = try (0..<3).map { try SampleRows.batch(count: 1500, from: $0 * 1500) }
            let writer = try ParquetWriter(path: path, schema: SampleRows.schema, options: options)
            for batch in batches { try writer.write(batch) }
            _ = try writer.finish()
            let lines = try runPython("check_parquet.py", [path]).split(separator: "\n")
            let rows = batches.flatMap(\.rows)
            #expect(lines.count == rows.count)
            for (line, row) in zip(lines, rows) {
                let object = try #require(
                    try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                for (name, value) in zip(SampleRows.schema.names, row) {
                    #expect(matches(object[name], value), "\(name) of \(row[0]): \(value)")
                }
            }
        }
    }

    /// delta-rs appends to, deletes from, compacts and checkpoints a table of ours, and we go on with it.
    @Test func othersWorkOnOurTables() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "t").path
            let table = try DeltaTable.create(at: path, schema: DeltaTableTests.schema, partitionedBy: ["day"])
            for k in 0..<5 { _ = try table.append([try DeltaTableTests.batch(k * 10..<k * 10 + 10)]) }
            let answer = try #require(
                try JSONSerialization.jsonObject(with: Data(try runPython("work_on_table.py", [path]).utf8))
                    as? [String: Any])
            let ids = try #require(answer["ids"] as? [Int64])
            for reader in [table, try DeltaTable.open(at: path)] {
                let snapshot = try reader.snapshot()
                #expect(snapshot.version == answer["version"] as? Int64)
                #expect(snapshot.transactions["rs"] == 7)
                #expect(try DeltaTableTests.ids(snapshot) == ids)
                #expect(try reader.verify().problems == [])
                #expect(try DeltaTableTests.ids(try reader.snapshot(version: 5)).count == 50)
            }
            _ = try table.append([try DeltaTableTests.batch(5000..<5010)])
            #expect(try DeltaTableTests.ids(try DeltaTable.open(at: path).snapshot()).count == ids.count + 10)
        }
    }

    @Test func othersReadOurTables() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "t").path
            let table = try DeltaTable.create(
                at: path, schema: DeltaTableTests.schema, partitionedBy: ["source", "day"])
            for (k, source) in ["a/b c", "ü=%", nil, "plain", "x", "y", "z", "p", "q", "r", "s", "t"].enumerated() {
                _ = try table.append(
                    [try DeltaTableTests.batch(k * 10..<k * 10 + 10, source: source)],
                    transactions: [.init(appID: "k", version: Int64(k))])
            }
            let answer = try #require(
                try JSONSerialization.jsonObject(with: Data(try runPython("check_table.py", [path]).utf8))
                    as? [String: Any])
            #expect(answer["version"] as? Int == 12)
            #expect(answer["rows"] as? Int == 120 && answer["polars_rows"] as? Int == 120)
            #expect(answer["id_sum"] as? Int == 7140 && answer["polars_id_sum"] as? Int == 7140)
            #expect(answer["filtered"] as? Int == 15)
            #expect(answer["transaction"] as? Int == 11)
            #expect(answer["old_rows"] as? Int == 10)
            let sources = ["None", "a/b c", "p", "plain", "q", "r", "s", "t", "x", "y", "z", "ü=%"]
            #expect(answer["sources"] as? [String] == sources)
            #expect(answer["polars_sources"] as? [String] == sources)
        }
    }
}

/// Whether a value is what Python wrote of it as JSON.
func matches(_ json: Any?, _ value: Value) -> Bool {
    let json = json is NSNull ? nil : json
    switch value {
    case .null: return json == nil
    case .bool(let v): return json as? Bool == v
    case .int(let v): return (json as? NSNumber)?.int64Value == v
    case .float(let v): return (json as? NSNumber).map { isClose($0.doubleValue, Double(v)) } ?? false
    case .double(let v): return (json as? NSNumber).map { isClose($0.doubleValue, v) } ?? false
    case .string(let v): return json as? String == v
    case .binary(let v): return json as? String == v.map { String(format: "%02x", $0) }.joined()
    case .date(let v): return json as? String == v.description
    case .timestamp(let v), .localTimestamp(let v): return (json as? NSNumber)?.int64Value == v.microseconds
    case .decimal(let v): return json as? String == v.description
    case .list(let v):
        guard let list = json as? [Any] else { return false }
        return list.count == v.count && zip(list, v).allSatisfy { matches($0, $1) }
    case .map(let v):
        guard let list = json as? [[Any]] else { return false }
        return list.count == v.count
            && zip(list, v).allSatisfy { matches($0[0], $1.key) && matches($0[1], $1.value) }
    case .structure(let v):
        guard let object = json as? [String: Any] else { return false }
        return v.allSatisfy { matches(object[$0.name], $0.value) }
    }
}
