import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Tables with the features of newer protocols, by turns of Spark with Delta Lake and us. One session writes them all.
@Suite(.serialized)
struct FeatureTableTests {
    /// Delta Lake 3.3.3.
    @Test(
        .enabled(if: SparkRuntime.isPresent(.three), "needs Java, the Delta jars for Spark and the Python environment"))
    func spark3AndWeReadEachOthersRows() async throws { try await takeTurns(with: .three) }

    /// Delta Lake 4.4.0.
    @Test(.enabled(if: SparkRuntime.isPresent(.four), "needs Java, the Delta jars for Spark and scripts/venv spark4"))
    func spark4AndWeReadEachOthersRows() async throws { try await takeTurns(with: .four) }

    private func takeTurns(with version: SparkRuntime.Version) async throws {
        try await withTemporaryFolder { folder in
            let session = try await SparkSession("features.py", folder, version)
            do {
                try await session.wait(for: folder.appending(path: "first-done"), patience: .seconds(900))
                try readAll(folder, count: version == .four ? 18 : 17)
                if version == .four { try leaveVariantsOut(folder) }
                try refuse(folder)
                let names = try goOn(folder)
                try Data(names.joined(separator: "\n").utf8).write(to: folder.appending(path: "second.part"))
                try FileManager.default.moveItem(
                    at: folder.appending(path: "second.part"), to: folder.appending(path: "second"))
                let end = try await session.end()
                #expect(end.status == 0, "\(end.output.suffix(4000))")
                for name in names {
                    let table = try DeltaTable.open(at: folder.appending(path: name).path)
                    try JSONRows.expect(
                        table.snapshot().batches(), are: folder.appending(path: "\(name)-again.jsonl"),
                        "\(name) after us")
                }
            } catch {
                try Data().write(to: folder.appending(path: "stop"))
                _ = try await session.end()
                throw error
            }
        }
    }

    private func table(_ name: String, in folder: URL) throws -> DeltaTable {
        try DeltaTable.open(at: folder.appending(path: name).path)
    }

    /// Each table as Spark reads it, from its commits and, where there is a checkpoint, from that alone.
    private func readAll(_ folder: URL, count: Int) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".jsonl") }.map { String($0.dropLast(6)) }.sorted()
        #expect(names.count == count)
        for name in names {
            do {
                let table = try table(name, in: folder)
                let rows = folder.appending(path: "\(name).jsonl")
                try JSONRows.expect(table.snapshot().batches(), are: rows, "Spark's \(name)")
                #expect(try table.verify().problems == [], "\(name)")
                let count = try String(contentsOf: rows, encoding: .utf8).split(separator: "\n").count
                #expect(try table.snapshot().rowCount == Int64(count), "\(name)")
                try readFromCheckpoint(name, rows, in: folder)
            } catch {
                Issue.record("\(name): \(error)")
            }
        }
        let renamed = try table("mapped-name", in: folder).snapshot()
        #expect(renamed.schema.names == ["id", "name", "place", "tags", "counts", "section", "day", "gone"])
        #expect(renamed.files.allSatisfy { $0.partitionValues.keys.first == "section" })
        let condition = try Columnar.Predicate(
            "section = 'p9' and day = '2026-02-02' and id > 100", schema: renamed.schema)
        var scan = try renamed.scan(columns: ["id"], where: condition)
        #expect(scan.fileCount == 1)
        #expect(try scan.next()?.columns[0].int64s?.values == [101, 102])
        #expect(try table("clustered", in: folder).newestState().domains.keys.contains("delta.clustering"))
    }

    private func readFromCheckpoint(_ name: String, _ rows: URL, in folder: URL) throws {
        let copy = folder.appending(path: "copy")
        defer { try? FileManager.default.removeItem(at: copy) }
        try FileManager.default.copyItem(at: folder.appending(path: name), to: copy)
        let storage = LocalStorage(copy.path)
        let reader = LogReader(storage: storage)
        guard let checkpoint = try reader.listing().checkpoints.last else { return }
        let whole = try reader.load()
        for version in 0..<checkpoint.version { try storage.delete(LogName.commit(version)) }
        let state = try reader.load()
        #expect(state.files == whole.files, "\(name)")
        #expect(state.domains == whole.domains, "\(name)")
        let byCheckpoint = try Snapshot(storage: storage, state: state)
        #expect(byCheckpoint.rowCount == (try Snapshot(storage: storage, state: whole).rowCount), "\(name)")
        try JSONRows.expect(DeltaTable.open(at: copy.path).snapshot().batches(), are: rows, "\(name) by its checkpoint")
        let sidecars = try storage.list(LogName.sidecars, from: "")
        #expect(sidecars.isEmpty == !name.hasPrefix("checkpoint"), "\(name)")
        guard let sidecar = sidecars.first(where: { !$0.name.hasPrefix(".") }) else { return }
        try storage.delete("\(LogName.sidecars)/\(sidecar.name)")
        let error = #expect(throws: StorageError.self) { try DeltaTable.open(at: copy.path) }
        #expect(error?.message.contains(sidecar.name) == true)
    }

    /// A column of variants is named and left out; the others are read, and nothing is written.
    private func leaveVariantsOut(_ folder: URL) throws {
        let table = try table("variants", in: folder)
        let snapshot = try table.snapshot()
        #expect(snapshot.schema.names == ["id", "name"])
        #expect(snapshot.unsupportedColumns["value"]?.contains("variant") == true)
        let refusal = #expect(throws: ColumnarError.self) { try table.append(snapshot.batches()) }
        #expect(refusal?.code == "format-unsupported", "\(refusal?.message ?? "")")
    }

    /// What we cannot uphold.
    private func refuse(_ folder: URL) throws {
        let tables = ["tracked": "rowTracking", "changes": "change data feed", "defaults": "CURRENT_DEFAULT"]
        for (name, words) in tables {
            let table = try table(name, in: folder)
            let rows = try table.snapshot().batches()
            let error = #expect(throws: ColumnarError.self, "\(name)") { try table.append(rows) }
            #expect(error?.message.contains(words) == true, "\(name): \(error?.message ?? "")")
        }
    }

    /// Appends to tables, deletes from them and merges their files.
    private func goOn(_ folder: URL) throws -> [String] {
        let names = [
            "vectors", "vectors-parted", "mapped-name", "mapped-id", "mapped-later", "mapped-vectors",
            "checkpoint-json",
            "checkpoint-parquet", "timed", "clustered", "widened",
        ]
        for name in names {
            let table = try table(name, in: folder)
            let rows = try table.snapshot().batches()
            _ = try table.append(rows)
            #expect(try table.snapshot().rowCount == Int64(rows.reduce(0) { $0 + $1.rowCount } * 2), "\(name)")
            _ = try table.delete(where: .compare(column: "id", .equal, .int(2)))
            if name != "clustered" { _ = try table.optimize() }
            try table.writeCheckpoint()
            #expect(try table.verify().problems == [], "\(name)")
        }
        let times = try table("timed", in: folder).history().map(\.timestamp)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 > $1 })
        return names
    }
}
