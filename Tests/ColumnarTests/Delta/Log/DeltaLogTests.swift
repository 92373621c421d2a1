import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Logs as others leave them: damaged, cleaned up, from newer engines, hostile.
struct DeltaLogTests {
    private func log(_ folder: URL, _ name: String) -> URL { folder.appending(path: "_delta_log/\(name)") }

    private func grown(_ folder: URL, commits: Int = 12) throws -> DeltaTable {
        let table = try DeltaFixture.table(at: folder, partitionedBy: [])
        for i in 0..<commits {
            _ = try table.append(
                [DeltaFixture.batch(i..<i + 1)], transactions: [Transaction(appID: "a", version: Int64(i))])
        }
        return table
    }

    @Test func aCheckpointCarriesEverything() async throws {
        try await withTemporaryFolder { folder in
            _ = try grown(folder)
            let byCommits = try DeltaTable.open(at: folder.path).snapshot()
            for version in 0..<10 {
                try FileManager.default.removeItem(at: log(folder, LogName.digits(Int64(version)) + ".json"))
            }
            let table = try DeltaTable.open(at: folder.path)
            let byCheckpoint = try table.snapshot()
            #expect(byCheckpoint.files == byCommits.files)
            #expect(byCheckpoint.transactions == ["a": 11])
            #expect(byCheckpoint.state.metaData == byCommits.state.metaData)
            #expect(try DeltaFixture.ids(byCheckpoint) == (0..<12).map { Int64($0) })
            #expect(throws: ColumnarError.noSuchVersion(table: folder.path, version: 9, earliest: 10, latest: 12)) {
                try table.snapshot(version: 9)
            }
            _ = try table.append([DeltaFixture.batch(12..<13)])
            #expect(try table.snapshot().version == 13)
        }
    }

    @Test(arguments: ["", "{\"version\":", "{\"version\":7,\"size\":3}", "{\"version\":-1}"])
    func theHintIsOnlyAHint(_ text: String) async throws {
        try await withTemporaryFolder { folder in
            _ = try grown(folder)
            try Data(text.utf8).write(to: log(folder, "_last_checkpoint"))
            #expect(try DeltaTable.open(at: folder.path).snapshot().rowCount == 12)
        }
    }

    @Test func aDamagedCheckpointIsPassedOver() async throws {
        try await withTemporaryFolder { folder in
            _ = try grown(folder)
            let checkpoint = log(folder, LogName.digits(10) + ".checkpoint.parquet")
            let bytes = try Data(contentsOf: checkpoint)
            try bytes.prefix(bytes.count / 2).write(to: checkpoint)
            #expect(try DeltaTable.open(at: folder.path).snapshot().rowCount == 12)
            try FileManager.default.removeItem(at: log(folder, LogName.digits(0) + ".json"))
            #expect(throws: ColumnarError.self) { try DeltaTable.open(at: folder.path) }
        }
    }

    @Test func aCheckpointMayHaveSeveralParts() async throws {
        try await withTemporaryFolder { folder in
            _ = try grown(folder)
            let whole = log(folder, LogName.digits(10) + ".checkpoint.parquet")
            let file = try ParquetFile(path: whole.path)
            let batch = try file.read(rowGroup: 0)
            var parts: [URL] = []
            for part in 0..<3 {
                let name = "\(LogName.digits(10)).checkpoint.000000000\(part + 1).0000000003.parquet"
                parts.append(log(folder, name))
                let writer = try ParquetWriter(path: parts[part].path, schema: file.schema)
                try writer.write(batch.gathered((0..<Int32(batch.rowCount)).filter { Int($0) % 3 == part }))
                _ = try writer.finish()
            }
            try FileManager.default.removeItem(at: whole)
            let all = try DeltaTable.open(at: folder.path).snapshot().files
            for version in 0..<10 {
                try FileManager.default.removeItem(at: log(folder, LogName.digits(Int64(version)) + ".json"))
            }
            let snapshot = try DeltaTable.open(at: folder.path).snapshot()
            #expect(snapshot.files == all && snapshot.rowCount == 12 && snapshot.transactions == ["a": 11])
            // Two parts of three are no checkpoint.
            try FileManager.default.removeItem(at: parts[1])
            #expect(throws: ColumnarError.logGap(table: folder.path, missing: 0)) {
                try DeltaTable.open(at: folder.path)
            }
        }
    }

    /// Not only when a table is opened: by one who has it open, too, before he writes into the gap.
    /// Top level in JSON, which names a sidecar by its whole path.
    @Test func aCheckpointOfVersionTwoIsRead() async throws {
        try await withTemporaryFolder { folder in
            let whole = try grown(folder).snapshot()
            let digits = LogName.digits(10)
            let sidecar = folder.appending(path: "\(LogName.sidecars)/s 1.parquet")
            try FileManager.default.createDirectory(
                at: sidecar.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.moveItem(at: log(folder, "\(digits).checkpoint.parquet"), to: sidecar)
            let metaData = try #require(whole.state.metaData)
            let domain = DomainMetadata(domain: "d", configuration: "{}", removed: false)
            let lines =
                [
                    #"{"checkpointMetadata":{"version":10}}"#, Action.versions(ProtocolAction()).json.text,
                    Action.metaData(metaData).json.text, Action.domain(domain).json.text,
                    #"{"sidecar":{"path":"\#(folder.path)/_delta_log/_sidecars/s%201.parquet","sizeInBytes":1,"#
                        + #""modificationTime":1,"tags":{}}}"#,
                ].joined(separator: "\n")
            let name = "\(digits).checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json"
            try Data(lines.utf8).write(to: log(folder, name))
            for version in 0..<10 {
                try FileManager.default.removeItem(at: log(folder, LogName.digits(Int64(version)) + ".json"))
            }
            let table = try DeltaTable.open(at: folder.path)
            #expect(try table.snapshot().files == whole.files)
            #expect(try table.snapshot().transactions == ["a": 11])
            // What features keep is in our checkpoint too.
            try table.writeCheckpoint()
            for version in 10...12 {
                try FileManager.default.removeItem(at: log(folder, LogName.digits(Int64(version)) + ".json"))
            }
            #expect(try LogReader(storage: LocalStorage(folder.path)).load().domains == ["d": domain])
            for name in ["_last_checkpoint", LogName.digits(12) + ".checkpoint.parquet"] {
                try FileManager.default.removeItem(at: log(folder, name))
            }
            #expect(try DeltaTable.open(at: folder.path).snapshot().rowCount == 10)
            try FileManager.default.removeItem(at: sidecar)
            let error = #expect(throws: StorageError.self) { try DeltaTable.open(at: folder.path) }
            #expect(error?.message.contains("s 1.parquet") == true)
        }
    }

    @Test func aGapIsNoticedOnTheWay() async throws {
        try await withTemporaryFolder { folder in
            let old = try grown(folder, commits: 3)
            let other = try DeltaTable.open(at: folder.path)
            for i in 3..<5 { _ = try other.append([DeltaFixture.batch(i..<i + 1)]) }
            try FileManager.default.removeItem(at: log(folder, LogName.digits(4) + ".json"))
            let gap = ColumnarError.logGap(table: folder.path, missing: 4)
            #expect(throws: gap) { try old.snapshot() }
            #expect(throws: gap) { try old.append([DeltaFixture.batch(9..<10)]) }
            #expect(throws: gap) { try old.delete(where: .compare(column: "id", .equal, .int(1))) }
            #expect("\(gap)".contains("\(folder.path)/_delta_log/00000000000000000004.json"))
            #expect(!FileManager.default.fileExists(atPath: log(folder, LogName.digits(4) + ".json").path))
        }
    }

    @Test(
        arguments: [
            ("columnMapping", "catalogManaged", false), ("deletionVectors", "rowTracking", true),
            ("timestampNtz", "icebergCompatV2", true), ("v2Checkpoint", "identityColumns", nil),
            ("timestampNtz", "appendOnly", nil),
        ] as [(String, String, Bool?)])
    func featuresAreRefusedByName(_ known: String, _ other: String, _ isReadable: Bool?) async throws {
        try await withTemporaryFolder { folder in
            _ = try grown(folder, commits: 1)
            let readers = isReadable == false ? "\"\(known)\",\"\(other)\"" : "\"\(known)\""
            let line =
                #"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":[\#(readers)],"#
                + #""writerFeatures":["\#(known)","\#(other)"]}}"#
            try Data(line.utf8).write(to: log(folder, LogName.digits(2) + ".json"))
            if isReadable == false {
                let error = #expect(throws: ColumnarError.self) { try DeltaTable.open(at: folder.path) }
                #expect("\(error.map { "\($0)" } ?? "")".contains("the reader feature \(other)"))
                return
            }
            let table = try DeltaTable.open(at: folder.path)
            #expect(try table.snapshot().rowCount == 1)
            if isReadable == true {
                let error = #expect(throws: ColumnarError.self) { try table.append([DeltaFixture.batch(1..<2)]) }
                #expect("\(error.map { "\($0)" } ?? "")".contains("the writer feature \(other)"))
            } else {
                #expect(try table.append([DeltaFixture.batch(1..<2)]) == .committed(version: 3))
            }
        }
    }

    @Test func strangersInTheLogAreIgnored() async throws {
        try await withTemporaryFolder { folder in
            _ = try grown(folder, commits: 3)
            for name in [
                ".tmp-x", "00000000000000000004.json.tmp", "7.json", "00000000000000000009.crc", "notes",
                "00000000000000000000.00000000000000000002.compacted.json",
            ] {
                try Data("{".utf8).write(to: log(folder, name))
            }
            let more = Data("{\"strange\":{\"a\":1}}\n\n{\"txn\":{\"appId\":\"z\",\"version\":4,\"new\":[]}}\n".utf8)
            try more.write(to: log(folder, LogName.digits(4) + ".json"))
            try Data().write(to: log(folder, LogName.digits(5) + ".json"))
            let snapshot = try DeltaTable.open(at: folder.path).snapshot()
            #expect(snapshot.version == 5)
            #expect(snapshot.transactions == ["a": 2, "z": 4])
        }
    }

    @Test(
        arguments: [
            #"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["v9"],"writerFeatures":["v9"]}}"#,
            #"{"protocol":{"minReaderVersion":9,"minWriterVersion":9}}"#,
            #"{"add":{"path":"../../x","partitionValues":{},"size":1,"modificationTime":0,"dataChange":true}}"#,
            #"{"add":{"path":"file:///x","partitionValues":{},"size":1,"modificationTime":0,"dataChange":true}}"#,
            #"{"add":{"path":"x","partitionValues":{},"size":1,"modificationTime":0,"dataChange":true,"deletionVector":{}}}"#,
            #"{"add":{"partitionValues":{}}}"#, #"{"metaData":{"id":"x"}}"#, #"{"add":"#, "[1]", "nonsense",
        ])
    func whatIsNotUnderstoodIsRefused(_ line: String) async throws {
        try await withTemporaryFolder { folder in
            _ = try grown(folder, commits: 1)
            try Data(line.utf8).write(to: log(folder, LogName.digits(2) + ".json"))
            #expect(throws: ColumnarError.self) { try DeltaTable.open(at: folder.path) }
            #expect(try LogReader(storage: LocalStorage(folder.path)).load(version: 1).version == 1)
        }
    }

    /// Java writes `&` and letters beyond ASCII as they are where we write `%26`. Engines that compare texts would not
    /// find the file that a commit of ours removes, or would take it for one that nobody needs.
    @Test func pathsOfOthersKeepTheirText() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder, partitionedBy: ["source"])
            _ = try table.append([DeltaFixture.batch(0..<1, sources: ["ü&%"])])
            let commit = log(folder, LogName.digits(1) + ".json")
            let ours = "source=%25C3%25BC%2526%2525/"
            let theirs = "source=ü&%2525/"
            let text = try String(contentsOf: commit, encoding: .utf8)
            #expect(text.contains(ours))
            try Data(text.replacing(ours, with: theirs).utf8).write(to: commit)
            try FileManager.default.moveItem(
                at: folder.appending(path: "source=%C3%BC%26%25"), to: folder.appending(path: "source=ü&%25"))
            let fresh = try DeltaTable.open(at: folder.path)
            #expect(try fresh.verify().problems == [])
            try fresh.writeCheckpoint()
            for again in [fresh, try DeltaTable.open(at: folder.path)] {
                #expect(try again.newestState().files.values.map(\.encodedPath).allSatisfy { $0.hasPrefix(theirs) })
            }
            _ = try fresh.delete(where: .compare(column: "id", .equal, .int(0)))
            let removal = try String(contentsOf: log(folder, LogName.digits(2) + ".json"), encoding: .utf8)
            #expect(removal.contains("\"remove\":{\"path\":\"" + theirs))
        }
    }

    @Test func aMissingDataFileIsNamed() async throws {
        try await withTemporaryFolder { folder in
            let table = try grown(folder, commits: 1)
            let file = try table.snapshot().files[0].path
            try FileManager.default.removeItem(at: folder.appending(path: file))
            var scan = try table.snapshot().scan()
            #expect(throws: StorageError.missing(path: "\(folder.path)/\(file)")) { try scan.next() }
        }
    }

    @Test func anotherTableInTheSamePlaceIsNoticed() async throws {
        try await withTemporaryFolder { folder in
            let old = try grown(folder, commits: 2)
            try FileManager.default.removeItem(at: folder)
            let new = try DeltaFixture.table(at: folder)
            _ = try new.append([DeltaFixture.batch(0..<10)])
            #expect(try old.snapshot().rowCount == 10)
        }
    }

    @Test func schemasSurviveTheirText() throws {
        let schema = Schema(
            DeltaFixture.schema.fields + [
                Field("m", .map(key: .string, value: .int64, valueNullable: false)),
                Field("s", .structure([Field("x", .double, nullable: false), Field("y", .binary)])),
            ])
        let text = SchemaString.text(of: schema)
        #expect(try SchemaString.schema(text, file: "t").readable == schema)
        let other = try SchemaString.schema(text.replacing("\"double\"", with: "\"time\""), file: "t")
        #expect(other.readable.names == schema.names.filter { $0 != "s" })
        #expect(other.unsupported == ["s": "the type time in column x"])
    }

    @Test func intervalsAreReadAsSparkWritesThem() {
        #expect(MetaData.interval("interval 7 days") == 604_800_000)
        #expect(MetaData.interval("INTERVAL 1 week 2 hours") == 612_000_000)
        #expect(MetaData.interval("7") == nil)
    }
}
