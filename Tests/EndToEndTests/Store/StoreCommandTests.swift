import Columnar
import Foundation
import TestSupport
import Testing

/// `marquee store count|cat|delete --where`, and what the commands say of tables that are not as they should be.
@Suite struct StoreCommandTests {
    private static let schema = Schema([
        Field("id", .int64, nullable: false), Field("user", .string), Field("day", .date),
    ])

    /// Days of ten rows each, one commit and file a day.
    private func table(at folder: URL, days: Int = 4, configuration: [String: String] = [:]) throws -> String {
        let path = folder.appending(path: "table").path
        let table = try DeltaTable.create(
            at: path, schema: Self.schema, partitionedBy: ["day"], configuration: configuration)
        for day in 0..<days {
            let ids = (day * 10..<day * 10 + 10).map { Int64($0) }
            let batch = try RecordBatch(
                schema: Self.schema,
                columns: [
                    .int64(PrimitiveColumn(ids)),
                    .string(BytesColumn(ids.map { $0 % 10 == 9 ? nil : "user-\($0 % 3)" })),
                    .date(PrimitiveColumn(ids.map { _ in 20_000 + Int32(day) })),
                ])
            _ = try table.append([batch])
        }
        return path
    }

    private func count(_ path: String, _ condition: String, in folder: URL) async throws -> String {
        try await Loop.run(["store", "count", path, "--where", condition], in: folder)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test func conditionsChooseRows() async throws {
        try await withTemporaryFolder { folder in
            let path = try table(at: folder)
            #expect(try await count(path, "user = 'user-1'", in: folder) == "12")
            #expect(try await count(path, "user is null or id in (1, 2, 2000)", in: folder) == "6")
            let rows = try await Loop.run(
                ["store", "cat", path, "--where", "day = '2024-10-05' and id >= 18", "--columns", "id,user"],
                in: folder)
            #expect(rows == "{\"id\":18,\"user\":\"user-0\"}\n{\"id\":19,\"user\":null}\n")
            // A file that cannot have such rows is not opened: these are not even there.
            for file in try DeltaTable.open(at: path).snapshot().files where !file.path.contains("2024-10-05") {
                try FileManager.default.removeItem(atPath: "\(path)/\(file.path)")
            }
            #expect(try await count(path, "day = '2024-10-05'", in: folder) == "10")
            #expect(try await count(path, "id >= 10 and id < 20", in: folder) == "10")
        }
    }

    @Test func aTableIsKeptTidyUntilInterrupted() async throws {
        try await withTemporaryFolder { folder in
            let path = try table(at: folder, days: 1)
            let table = try DeltaTable.open(at: path)
            let row = try RecordBatch(
                schema: Self.schema,
                columns: [
                    .int64(PrimitiveColumn([7])), .string(BytesColumn(["user-1"])),
                    .date(PrimitiveColumn([Int32(Date.now.timeIntervalSince1970 / 86_400)])),
                ])
            let tidy = try MarqueeProcess(["store", "optimize", path, "--every", "1s"], in: folder)
            // Of a day that goes on 60 small files are merged, while others write.
            for _ in 0..<70 { _ = try table.append([row]) }
            try await eventually("they are merged") { try table.snapshot().fileCount < 60 }
            #expect(try table.snapshot().rowCount == 80)
            tidy.signal(SIGINT)
            #expect(try await tidy.result().status == 0)
            let refused = try await MarqueeProcess(
                ["store", "optimize", folder.appending(path: "none").path, "--every", "1s"], in: folder
            ).result()
            #expect(refused.status != 0)
        }
    }

    @Test func rowsAreDeletedByACondition() async throws {
        try await withTemporaryFolder { folder in
            let path = try table(at: folder)
            let delete = ["store", "delete", path, "--where", "user = 'user-1' and day < '2024-10-06'"]
            let rehearsal = try await Loop.run(delete + ["--dry-run"], in: folder)
            #expect(rehearsal.hasPrefix("would delete 6 rows in 2 files"))
            #expect(try DeltaTable.open(at: path).snapshot().version == 4)
            let done = try await Loop.run(delete, in: folder)
            #expect(done.hasPrefix("version 5: deleted 6 rows, 2 files"))
            #expect(try await count(path, "user = 'user-1'", in: folder) == "6")
            #expect(try await Loop.run(delete, in: folder) == "nothing to do\n")
            let removed = try await Loop.run(["store", "vacuum", path, "--retention-hours", "0"], in: folder)
            #expect(removed.contains("removed 7 files"), "two data files and five commits: \(removed)")
            #expect(try DeltaTable.open(at: path).snapshot().rowCount == 34)
        }
    }

    @Test func whatIsWrongWithAConditionIsSaid() async throws {
        try await withTemporaryFolder { folder in
            let path = try table(at: folder, days: 1)
            for (condition, text) in [
                ("users = 'x'", "no column users"), ("user = ", "at its end"), ("id = 'x'", "is long"),
                ("user = x", "in quotes"), ("user = 'x", "not closed"), ("user = null", "user is null"),
            ] {
                for command in ["count", "cat", "delete"] {
                    try await Loop.refused(
                        ["store", command, path, "--where", condition], in: folder, status: 64, saying: [text])
                }
            }
            try await Loop.refused(["store", "delete", path], in: folder, status: 64, saying: ["--where"])
        }
    }

    @Test func anAppendOnlyTableRefusesADeletion() async throws {
        try await withTemporaryFolder { folder in
            let path = try table(at: folder, days: 1, configuration: ["delta.appendOnly": "true"])
            try await Loop.refused(
                ["store", "delete", path, "--where", "id = 1"], in: folder, status: 64,
                saying: [path, "delta.appendOnly"])
        }
    }

    @Test func damageIsNamed() async throws {
        try await withTemporaryFolder { folder in
            let path = try table(at: folder)
            try await Loop.refused(
                ["store", "cat", path, "--version", "9"], in: folder, status: 65, saying: ["version 9", "0 to 4"])
            try await Loop.refused(
                ["store", "cat", path, "--as-of", "2001-01-01"], in: folder, status: 65, saying: ["2001-01-01"])
            let file = try #require(try DeltaTable.open(at: path).snapshot().files.last).path
            try FileManager.default.moveItem(atPath: "\(path)/\(file)", toPath: folder.appending(path: "kept").path)
            for words in [["cat", path], ["delete", path, "--where", "id >= 0"], ["verify", path]] {
                try await Loop.refused(["store"] + words, in: folder, status: 65, saying: [file])
            }
            try FileManager.default.moveItem(atPath: folder.appending(path: "kept").path, toPath: "\(path)/\(file)")
            try await Loop.run(["store", "verify", path], in: folder)
            let commit = "_delta_log/00000000000000000002.json"
            try FileManager.default.removeItem(atPath: "\(path)/\(commit)")
            for words in [["cat", path], ["delete", path, "--where", "id >= 0"], ["optimize", path]] {
                try await Loop.refused(["store"] + words, in: folder, status: 65, saying: ["\(path)/\(commit)"])
            }
        }
    }

    /// A file that may not grow past a kilobyte, and where it is allowed a disk that is full.
    @Test func noRoomIsSaidAndHarmsNothing() async throws {
        try await withTemporaryFolder { folder in
            let path = try table(at: folder)
            // Four files of half a kilobyte, and a commit that names eight.
            let words = ["store", "delete", path, "--where", "user = 'user-1'"]
            let limited = try await runCommand(
                "/bin/bash",
                // Not where a demo may have left a state: its audit log would be what there is no room for.
                ["-c", "cd '\(folder.path)'; ulimit -f 1; exec \"$0\" \"$@\"", MarqueeProcess.program.path] + words)
            #expect(limited.status == 69, "\(limited.output)")
            #expect(limited.output.contains("File too large") && limited.output.contains(path), "\(limited.output)")
            try await expectWhole(path, in: folder)

            let disk = folder.appending(path: "disk")
            try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
            let mount = try await runCommand("/bin/mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk.path])
            guard mount.status == 0 else { return }
            do {
                let full = try table(at: disk)
                _ = try await runCommand("/bin/dd", ["if=/dev/zero", "of=\(disk.path)/filler", "bs=4096"])
                try await Loop.refused(
                    ["store", "delete", full, "--where", "id = 1"], in: folder, status: 69,
                    saying: [full, "No space left", "Make room"])
                try await expectWhole(full, in: folder)
                try FileManager.default.removeItem(at: disk.appending(path: "filler"))
                try await Loop.run(["store", "delete", full, "--where", "id = 1"], in: folder)
                #expect(try DeltaTable.open(at: full).snapshot().rowCount == 39)
            } catch {
                Issue.record(error)
            }
            #expect(try await runCommand("/bin/umount", [disk.path]).status == 0)
        }
    }

    /// The four commits are there, every byte of them, and nothing else.
    private func expectWhole(_ path: String, in folder: URL) async throws {
        try await Loop.run(["store", "verify", path], in: folder)
        let snapshot = try DeltaTable.open(at: path).snapshot()
        #expect(snapshot.version == 4 && snapshot.rowCount == 40)
        let names = try FileManager.default.subpathsOfDirectory(atPath: path)
        #expect(names.filter { $0.hasSuffix(".parquet") }.count == 4)
        #expect(names.filter { $0.contains(".tmp-") } == [])
    }
}
