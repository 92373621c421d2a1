import Foundation
import HTTPClient
import Operations
import TestSupport
import Testing

/// Keys and the audit log as an operator has them: commands beside running servers, crashes, full disks.
@Suite("Keys by the command line", .timeLimit(.minutes(5)))
struct KeysCommandTests {
    @Test("a key is made, listed and revoked; its secret is shown once")
    func commands() async throws {
        try await withTemporaryFolder { folder in
            let secret =
                try await Loop.run(
                    ["keys", "create", "site", "--scopes", "events,read", "--rate", "50/s", "--expires", "90d"],
                    in: folder
                ).split(separator: "\n").first.map(String.init) ?? ""
            #expect(secret.hasPrefix("mq_") && secret.count == 64)
            let made = try Loop.json(
                try await Loop.run(["keys", "create", "boss", "--scopes", "admin", "--format", "json"], in: folder))
            #expect((made["secret"] as? String)?.count == 64 && made["scopes"] as? [String] == ["admin"])
            try await Loop.run(["keys", "revoke", "boss", "--reason", "left"], in: folder)
            let table = try await Loop.run(["keys", "list"], in: folder)
            #expect(table.contains("site") && table.contains("read,events") && table.contains("50.0/s"))
            #expect(!table.contains(secret.suffix(52)))
            #expect(table.split(separator: "\n").allSatisfy { $0.count <= 80 })
            let list = try #require(
                try JSONSerialization.jsonObject(
                    with: Data(try await Loop.run(["keys", "list", "--format", "json"], in: folder).utf8))
                    as? [[String: Any]])
            #expect(list.map { $0["state"] as? String } == ["valid", "revoked"])
            let audit = try await Loop.run(["privacy", "audit", "--format", "jsonl"], in: folder)
            let entries = try audit.split(separator: "\n").map { try Loop.json(String($0)) }
            #expect(entries.map { $0["action"] as? String } == ["key.revoke", "key.create", "key.create"])
            #expect(
                entries[0]["reason"] as? String == "left" && (entries[0]["who"] as? String)?.hasPrefix("cli:") == true)
            #expect(try await Loop.run(["privacy", "audit"], in: folder).contains("key.revoke"))
            #expect(try await Loop.run(["privacy", "audit", "--verify"], in: folder).hasPrefix("3 entries"))
            for (words, text) in [
                (["keys", "create", "x", "--scopes", "read,write"], "must be one or more of read, events"),
                (["keys", "create", "x", "--scopes", ""], "must be one or more of"),
                (["keys", "create", "a b", "--scopes", "read"], "cannot be the name of a key"),
                (["keys", "create", "site", "--scopes", "read"], "There is, or was, a key"),
                (["keys", "create", "x", "--scopes", "read", "--expires", "2020-01-01"], "a time to come"),
                (["keys", "create", "x", "--scopes", "read", "--rate", "0"], "above 0"),
                (["keys", "revoke", "boss"], "was revoked before"),
            ] { try await Loop.refused(words, in: folder, status: 64, saying: [text]) }
            try await Loop.refused(["keys", "revoke", "none"], in: folder, status: 65, saying: ["no key 'none'"])
        }
    }

    @Test("a file that is no database, and a log that was altered, are told apart and refused")
    func damaged() async throws {
        try await withTemporaryFolder { folder in
            let state = folder.appending(path: "state")
            try await Loop.run(["keys", "create", "a", "--scopes", "read"], in: folder)
            let file = state.appending(path: "marquee.sqlite")
            // Past the triggers, as somebody with another program would.
            try StateDatabase(folder: state.path).write {
                try $0.execute("DROP TRIGGER audit_is_never_changed; UPDATE audit SET who = 'nobody'")
            }
            try await Loop.refused(
                ["privacy", "audit", "--verify"], in: folder, status: 65, saying: ["Entry 1 of the audit log"])
            for name in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + name) }
            try Data(repeating: 7, count: 10_000).write(to: file)
            for words in [["keys", "list"], ["privacy", "audit"], ["keys", "create", "b", "--scopes", "read"]] {
                try await Loop.refused(words, in: folder, status: 65, saying: ["is damaged", ".recover"])
            }
        }
    }

    @Test("after a kill at any moment the file is whole, and each key has its entry in the log")
    func kills() async throws {
        try await withTemporaryFolder { folder in
            var generator = SystemRandomNumberGenerator()
            for round in 0..<Effort.rounds(12, nightly: 300) {
                let writer = try MarqueeProcess(["keys", "create", "k\(round)", "--scopes", "read"], in: folder)
                try await Task.sleep(for: .microseconds(Int.random(in: 1000...90_000, using: &generator)))
                writer.signal(SIGKILL)
                _ = try await writer.result()
            }
            try await Loop.run(["keys", "create", "last", "--scopes", "read"], in: folder)
            let keys = try await Loop.run(["keys", "list", "--format", "jsonl"], in: folder)
            let names = try keys.split(separator: "\n").map { try Loop.json(String($0))["name"] as? String }
            let audit = try await Loop.run(["privacy", "audit", "--format", "jsonl", "-n", "1000"], in: folder)
            let entries = try audit.split(separator: "\n").map { try Loop.json(String($0))["target"] as? String }
            #expect(names == entries.reversed())
            try await Loop.run(["privacy", "audit", "--verify"], in: folder)
        }
    }

    @Test("processes that write at once take turns: no key and no entry is lost")
    func together() async throws {
        try await withTemporaryFolder { folder in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<12 {
                    group.addTask {
                        try await Loop.run(["keys", "create", "k\(number)", "--scopes", "read"], in: folder)
                    }
                }
                try await group.waitForAll()
            }
            let names = try await Loop.run(["keys", "list", "--format", "jsonl"], in: folder)
            #expect(names.split(separator: "\n").count == 12)
            #expect(try await Loop.run(["privacy", "audit", "--verify"], in: folder).hasPrefix("12 entries"))
        }
    }

    @Test("where there is no room to write, nothing is changed and the reason is told")
    func full() async throws {
        try await withTemporaryFolder { folder in
            let state = folder.appending(path: "state").path
            try await Loop.run(["keys", "create", "first", "--scopes", "read"], in: folder)
            // Blocks of 512 bytes: the file is there, and cannot grow; nor can the log beside it.
            let script =
                "ulimit -f 8; MARQUEE_STATE='\(state)' exec '\(MarqueeProcess.program.path)' keys create second --scopes read"
            let (status, output) = try await runCommand("/bin/sh", ["-c", script])
            #expect(status == 69, "\(output)")
            #expect(output.contains("There is no room to write") && !output.contains("mq_"), "\(output)")
            let names = try await Loop.run(["keys", "list", "--format", "jsonl"], in: folder)
            #expect(names.split(separator: "\n").count == 1)
            try await Loop.run(["keys", "create", "second", "--scopes", "read"], in: folder)
            #expect(try await Loop.run(["privacy", "audit", "--verify"], in: folder).hasPrefix("2 entries"))
        }
    }
}
