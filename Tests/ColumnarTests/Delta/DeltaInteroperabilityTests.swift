import Columnar
import Domain
import Foundation
import TestSupport
import Testing

/// Our tables in the hands of deltalake and Polars, and theirs in ours.
@Suite(.enabled(if: Checkout.python != nil, "needs the Python environment (make venv)"))
struct DeltaInteroperabilityTests {
    private func run(_ script: String, _ arguments: [String]) async throws {
        let python = try #require(Checkout.python)
        let file = Checkout.root.appending(path: "Tests/Independent/delta/\(script)").path
        let result = try await runCommand(python.path, [file] + arguments)
        try #require(result.status == 0, "\(script) \(arguments): \(result.output)")
    }

    /// A table of 25 commits, 4 rows each, past two checkpoints.
    private func table(at folder: URL) throws -> DeltaTable {
        let table = try DeltaFixture.table(at: folder)
        for i in 0..<25 {
            _ = try table.append(
                [DeltaFixture.batch(i * 4..<i * 4 + 4, sources: DeltaFixture.strangeSources)],
                transactions: [Transaction(appID: "kafka:events:0", version: Int64(i))])
        }
        return table
    }

    @Test func theyReadOurs() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "table")
            _ = try table(at: path)
            let rows = folder.appending(path: "rows.jsonl")
            try JSONRows.write([DeltaFixture.batch(0..<100, sources: DeltaFixture.strangeSources)], to: rows)
            try await run("read_ours.py", [path.path, rows.path])
            // Once more from the checkpoints alone.
            for version in 0..<20 {
                let digits = String(repeating: "0", count: version < 10 ? 19 : 18) + "\(version)"
                if version != 10 {
                    try FileManager.default.removeItem(at: path.appending(path: "_delta_log/\(digits).json"))
                }
            }
            let script = """
                import deltalake, polars, sys
                t = deltalake.DeltaTable(sys.argv[1])
                assert t.version() == 25 and t.to_pyarrow_table().num_rows == 100
                assert t.transaction_version("kafka:events:0") == 24
                assert polars.read_delta(sys.argv[1]).height == 100
                """
            let result = try await runPython(script, [path.path])
            #expect(result.status == 0, "\(result.output)")
        }
    }

    @Test func weGoOnAfterThem() async throws {
        try await withTemporaryFolder { folder in
            let ours = try table(at: folder)
            try await run("write_on.py", [folder.path, "append"])
            var snapshot = try ours.snapshot()
            #expect(snapshot.rowCount == 103)
            #expect(snapshot.transactions == ["kafka:events:0": 24, "theirs": 7])
            let added = try DeltaFixture.rows(snapshot, where: .compare(column: "id", .greaterOrEqual, .int(1000)))
            #expect(added.count == 3)
            #expect(added[0].contains("q/r s") && added[1].hasSuffix("null"))

            try await run("write_on.py", [folder.path, "delete"])
            #expect(try DeltaFixture.ids(ours.snapshot()) == (10..<100).map { Int64($0) } + [1000, 1001, 1002])
            _ = try ours.append([DeltaFixture.batch(100..<110)])
            try await run("write_on.py", [folder.path, "optimize"])
            try await run("write_on.py", [folder.path, "checkpoint"])
            let expected = (10..<110).map { Int64($0) } + [1000, 1001, 1002]
            #expect(try DeltaFixture.ids(ours.snapshot()) == expected)
            // From their checkpoint alone.
            let version = try ours.snapshot().version
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path + "/_delta_log")
            where name.hasSuffix(".json") && !name.hasPrefix(String(repeating: "0", count: 18) + "\(version)") {
                try FileManager.default.removeItem(atPath: folder.path + "/_delta_log/\(name)")
            }
            snapshot = try DeltaTable.open(at: folder.path).snapshot()
            #expect(snapshot.version == version)
            #expect(try DeltaFixture.ids(snapshot) == expected)
            #expect(snapshot.transactions == ["kafka:events:0": 24, "theirs": 7])

            try await run("write_on.py", [folder.path, "evolve"])
            try await run("write_on.py", [folder.path, "vacuum"])
            snapshot = try ours.snapshot()
            #expect(snapshot.schema.names.last == "extra")
            #expect(try DeltaFixture.rows(snapshot).allSatisfy { $0.hasSuffix("null") })
            #expect(try ours.append([DeltaFixture.batch(200..<201)]) == .committed(version: snapshot.version + 1))
            #expect(try DeltaFixture.ids(ours.snapshot()) == (expected + [200]).sorted())

            _ = try ours.addColumns([Field("late", .list(.string, elementNullable: true))])
            _ = try ours.append([DeltaFixture.batch(300..<302)])
            let count = expected.count + 3
            let script = """
                import deltalake, polars, sys
                table = deltalake.DeltaTable(sys.argv[1]).to_pyarrow_table()
                assert table.column_names[-2:] == ["extra", "late"] and table["late"].null_count == \(count), table
                assert table.num_rows == \(count) and polars.read_delta(sys.argv[1])["late"].null_count() == \(count)
                """
            let result = try await runPython(script, [folder.path])
            #expect(result.status == 0, "\(result.output)")
        }
    }
}
