import Columnar
import Domain
import Foundation
import TestSupport
import Testing

/// Tables by delta-rs with columns and partitions that our own do not have.
@Suite(.enabled(if: Checkout.python != nil, "needs the Python environment (make venv)"))
struct ForeignTableTests {
    private func withTables(_ body: (URL) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let python = try #require(Checkout.python)
            let script = Checkout.root.appending(path: "Tests/Independent/delta/foreign.py").path
            let result = try await runCommand(python.path, [script, folder.path])
            try #require(result.status == 0, "\(result.output)")
            try await body(folder)
        }
    }

    /// The values of a column by the row's id.
    private func values(_ column: String, _ snapshot: Snapshot) throws -> [Value] {
        var rows: [(Value, Value)] = []
        for batch in try snapshot.batches() {
            let index = try #require(batch.schema.index(of: column))
            for row in 0..<batch.rowCount {
                rows.append((batch.value(row: row, column: 0), batch.value(row: row, column: index)))
            }
        }
        return rows.sorted { "\($0.0)" < "\($1.0)" }.map(\.1)
    }

    private func edit(_ table: URL, _ old: String, _ new: String) throws {
        let log = table.appending(path: "_delta_log/00000000000000000000.json")
        let text = try String(contentsOf: log, encoding: .utf8)
        #expect(text.contains(old))
        try text.replacingOccurrences(of: old, with: new).write(to: log, atomically: false, encoding: .utf8)
    }

    @Test func decimalsAreReadExactly() async throws {
        try await withTables { folder in
            let table = try DeltaTable.open(at: folder.appending(path: "money").path)
            let snapshot = try table.snapshot()
            #expect(snapshot.schema["price"]?.type == .decimal(precision: 10, scale: 2))
            #expect(snapshot.rowCount == 4)
            #expect(try values("price", table.snapshot(version: 0)).map { "\($0)" }.count == 3)
            let prices = try values("price", table.snapshot(version: 0))
            #expect(prices[0] == .decimal(DecimalNumber(unscaled: 125, scale: 2)) && prices[1] == .null)
            #expect(prices[2] == .decimal(DecimalNumber(unscaled: -5, scale: 2)))
            guard case .list(let list) = try values("prices", table.snapshot(version: 0))[0] else {
                Issue.record("no list")
                return
            }
            let long = try #require(DecimalNumber("99999999999999999999.0000000001"))
            #expect(list == [.decimal(long), .null])
            let cheap = try Columnar.Predicate("price < 0", schema: snapshot.schema)
            #expect(try DeltaFixture.ids(snapshot, where: cheap) == [3])
            let exact = try Columnar.Predicate("price = 1.25", schema: snapshot.schema)
            #expect(try DeltaFixture.ids(snapshot, where: exact) == [1, 1])
            #expect(try table.verify().problems == [] && table.verify().unseen == [])
            #expect(try table.history().count == 2)
            let refusal = #expect(throws: ColumnarError.self) { try table.optimize() }
            #expect(refusal?.code == "format-unsupported" && "\(refusal?.message ?? "")".contains("decimal(10,2)"))
        }
    }

    @Test(arguments: ["variant", "void", "decimal(50,2)", "interval day", "geometry(OGC:CRS84)"])
    func aColumnOfAnUnknownTypeLeavesTheOthersReadable(type: String) async throws {
        try await withTables { folder in
            try edit(folder.appending(path: "money"), "decimal(10,2)", type)
            let table = try DeltaTable.open(at: folder.appending(path: "money").path)
            let snapshot = try table.snapshot()
            #expect(snapshot.schema.names == ["id", "prices"])
            #expect(snapshot.unsupportedColumns["price"]?.contains(type) == true)
            #expect(snapshot.rowCount == 4)
            #expect(try DeltaFixture.ids(snapshot) == [1, 1, 2, 3])
            #expect(try table.history().count == 2)
            let refusal = #expect(throws: ColumnarError.self) { try snapshot.scan(columns: ["price"]) }
            #expect(refusal?.code == "format-unsupported")
            let report = try table.verify()
            #expect(report.problems == [] && report.rows == 4)
            #expect(report.unseen.map(\.name) == ["price"] && report.unseen[0].files == 2)
            #expect(report.unseen[0].unpacked == report.unseen[0].pages && report.unseen[0].pages > 0)
            #expect(throws: ColumnarError.self) {
                try table.delete(where: .compare(column: "id", .equal, .int(1)))
            }
        }
    }

    /// Of each what its writer itself reads from it, and a table of ours that Polars has gone on with.
    @Test func tablesOfPolarsAndFilesOfDuckDBAreRead() async throws {
        try await withTemporaryFolder { folder in
            let ours = try DeltaFixture.table(at: folder.appending(path: "ours"))
            _ = try ours.append([DeltaFixture.batch(0..<40)])
            let script = Checkout.root.appending(path: "Tests/Independent/delta/writers.py").path
            let python = try #require(Checkout.python).path
            let result = try await runCommand(python, [script, folder.path, ours.path])
            try #require(result.status == 0, "\(result.output)")
            try prunesByTypedStatistics(folder.appending(path: "typed"))
            for name in ["polars", "polars-lazy", "typed", "duckdb", "ours"] {
                let table = try DeltaTable.open(at: folder.appending(path: name).path)
                let rows = folder.appending(path: "\(name).jsonl")
                try JSONRows.expect(table.snapshot().batches(), are: rows, name)
                #expect(try table.verify().problems == [] && table.snapshot().unsupportedColumns == [:], "\(name)")
                // And we go on with it.
                let batches = try table.snapshot().batches()
                _ = try table.append(batches)
                #expect(try table.snapshot().rowCount == Int64(2 * batches.reduce(0) { $0 + $1.rowCount }), "\(name)")
            }
        }
    }

    /// Of two files the one that a condition rules out is not opened: it need not even be there.
    private func prunesByTypedStatistics(_ folder: URL) throws {
        // What the commits say of the files is in the checkpoint alone.
        for version in 0...1 {
            try FileManager.default.removeItem(
                at: folder.appending(path: "_delta_log/0000000000000000000\(version).json"))
        }
        let snapshot = try DeltaTable.open(at: folder.path).snapshot()
        #expect(snapshot.files.map(\.rowCount) == [50, 50])
        func ids(_ condition: String) throws -> [Int64] {
            try DeltaFixture.ids(snapshot, where: Columnar.Predicate(condition, schema: snapshot.schema))
        }
        // The bounds of times are cut to milliseconds.
        #expect(try ids("at = '2026-11-21T08:00:00.000002Z'") == [1])
        var kept: Set<[Bool]> = []
        for file in snapshot.files {
            let (place, away) = (folder.appending(path: file.path), folder.appending(path: "away"))
            try FileManager.default.moveItem(at: place, to: away)
            let first = ["id = 3", "day = '2026-01-04'", "value < 0.2", "small = 7"].map { (try? ids($0)) != nil }
            let second = ["id = 97", "day = '2026-04-08'", "value > 24.6", "name = 'name 98 ü'"].map {
                (try? ids($0)) != nil
            }
            #expect(Set(first).count == 1 && Set(second).count == 1, "\(first) \(second)")
            kept.insert([first[0], second[0]])
            try FileManager.default.moveItem(at: away, to: place)
        }
        #expect(kept == [[true, false], [false, true]])
    }

    @Test(arguments: ["mapped-name", "mapped-id", "vectors", "changes"])
    func tablesOfNewerProtocolsAreReadAndGoOn(_ name: String) async throws {
        try await withTables { folder in
            let table = try DeltaTable.open(at: folder.appending(path: name).path)
            let snapshot = try table.snapshot()
            #expect(snapshot.schema.names == ["id", "name", "place", "p"])
            #expect(try DeltaFixture.ids(snapshot) == [1, 3])
            #expect(try values("name", snapshot) == [.string("a"), .string("c")])
            #expect(try values("p", snapshot) == [.string("u"), .null])
            let member = Value.Member(name: "x", value: .int(1))
            #expect(try values("place", snapshot)[0] == .structure([member]))
            #expect(try table.verify().problems == [])
            let rows = try snapshot.batches()
            guard name != "changes" else {
                #expect(throws: ColumnarError.self) { try table.append(rows) }
                return
            }
            _ = try table.append(rows)
            _ = try table.delete(where: .compare(column: "id", .equal, .int(3)))
            _ = try table.optimize()
            try table.writeCheckpoint()
            #expect(try DeltaFixture.ids(table.snapshot()) == [1, 1])
            let script = """
                import deltalake, pyarrow, sys
                delta = deltalake.DeltaTable(sys.argv[1])
                found = deltalake.QueryBuilder().register("t", delta).execute("select id, name, place, p from t")
                rows = pyarrow.table(found).to_pylist()
                assert rows == [{"id": 1, "name": "a", "place": {"x": 1}, "p": "u"}] * 2, rows
                """
            let result = try await runPython(script, [table.path])
            #expect(result.status == 0, "\(result.output)")
        }
    }

    @Test func partitionsOfEveryTypeAreRead() async throws {
        func local(_ text: String) -> Value { .localTimestamp(Timestamp(text)!) }
        func instant(_ text: String) -> Value { .timestamp(Timestamp(text)!) }
        let expected: [String: [Value]] = [
            "local": [local("2026-11-21T08:00:00Z"), local("2026-11-21T08:00:00.5Z")],
            "instant": [instant("2026-11-21T08:00:00Z"), instant("2026-11-21T08:00:00.000005Z")],
            "decimal": [DecimalNumber("1.25")!, DecimalNumber("20.50")!].map { .decimal($0) },
            "double": [.double(0.5), .double(.infinity)], "binary": [.binary([1, 255]), .binary(Array("ab".utf8))],
            "byte": [.int(1), .int(-1)],
            "day": [.date(CalendarDate("0001-01-01")!), .date(CalendarDate("2026-01-01")!)],
        ]
        try await withTables { folder in
            for (name, two) in expected {
                let table = try DeltaTable.open(at: folder.appending(path: "by-\(name)").path)
                let snapshot = try table.snapshot()
                #expect(try values("p", snapshot) == two + [.null], "\(name)")
                for (id, value) in two.enumerated() {
                    let predicate = Columnar.Predicate.compare(column: "p", .equal, value)
                    #expect(try DeltaFixture.ids(snapshot, where: predicate) == [Int64(id)], "\(name)")
                }
                #expect(try DeltaFixture.ids(snapshot, where: .isNull(column: "p")) == [2], "\(name)")
                #expect(try table.verify().problems == [] && table.verify().unseen == [], "\(name)")
            }
            let table = try DeltaTable.open(at: folder.appending(path: "by-local").path)
            let early = try Columnar.Predicate("p <= '2026-11-21 08:00:00'", schema: table.snapshot().schema)
            #expect(try DeltaFixture.ids(table.snapshot(), where: early) == [0])
            // What we add to it, delta-rs reads.
            let batch = try RecordBatch(
                schema: table.snapshot().schema,
                columns: [
                    .int64(PrimitiveColumn([7])), .localTimestamp(PrimitiveColumn([1_767_268_800_123_456])),
                ])
            _ = try table.append([batch])
            let script = """
                import deltalake, sys
                rows = deltalake.DeltaTable(sys.argv[1]).to_pyarrow_table().to_pylist()
                assert [str(r["p"]) for r in rows if r["id"] == 7] == ["2026-01-01 12:00:00.123456"], rows
                """
            let result = try await runPython(script, [table.path])
            #expect(result.status == 0, "\(result.output)")
            let doubles = try DeltaTable.open(at: folder.appending(path: "by-double").path)
            #expect(throws: ColumnarError.self) { try doubles.append(doubles.snapshot().batches()) }
        }
    }

    /// As Spark, Hive, Java and Python write one instant; by the protocol, text without a zone is of UTC.
    @Test(arguments: [
        "2026-11-21 08:00:00", "2026-11-21T08:00:00", "2026-11-21 08:00", "2026-11-21 08:00:00.0",
        "2026-11-21T08:00:00.000000000Z", "2026-11-21 08:00:00Z", "2026-11-21 08:00:00 UTC", "2026-11-21T17:00:00+0900",
        "2026-11-21 17:00:00+09:00", "2026-11-21 17:00:00.000000+09", "2026-11-21 17:00:00 +0900",
        "2026-11-21T04:30:00.000-0330", "+2026-11-21 08:00:00",
    ])
    func partitionValuesOfInstantsAreReadInEveryForm(text: String) async throws {
        try await withTables { folder in
            let path = folder.appending(path: "by-instant")
            try edit(path, "\"p\":\"2026-11-21 08:00:00.000000\"", "\"p\":\"\(text)\"")
            let snapshot = try DeltaTable.open(at: path.path).snapshot()
            let instant = Columnar.Predicate.compare(
                column: "p", .equal, .timestamp(Timestamp("2026-11-21T08:00:00Z")!))
            #expect(try DeltaFixture.ids(snapshot, where: instant) == [0])
        }
    }

    @Test(arguments: [
        "2026-11-21 08:00:00 Asia/Tokyo", "yesterday", "2026-11-21 08:00:00+0900x", "2026-02-30 00:00:00",
    ])
    func strangePartitionValuesAreNamedAndNotCalledDamage(text: String) async throws {
        try await withTables { folder in
            let path = folder.appending(path: "by-instant")
            try edit(path, "\"p\":\"2026-11-21 08:00:00.000000\"", "\"p\":\"\(text)\"")
            let table = try DeltaTable.open(at: path.path)
            #expect(try DeltaFixture.ids(table.snapshot()) == [0, 1, 2])
            let refusal = #expect(throws: ColumnarError.self) { try table.snapshot().batches() }
            #expect(refusal?.code == "format-unsupported" && refusal?.message.contains("'\(text)'") == true)
            let report = try table.verify()
            #expect(report.problems == [] && report.unseen.map(\.name) == ["p"] && report.rows == 3)
        }
    }
}
