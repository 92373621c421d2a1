import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Operations

@Suite("A SQLite file")
struct SQLiteConnectionTests {
    private static let notes = ["CREATE TABLE notes (n INTEGER PRIMARY KEY, text TEXT, bytes BLOB, x REAL) STRICT"]

    private static func path(_ folder: URL) -> String { folder.appending(path: "a.sqlite").path }

    @Test("values come back as they were bound, empty ones and NUL characters too")
    func values() async throws {
        try await withTemporaryFolder { folder in
            let file = try SQLiteConnection(path: Self.path(folder), migrations: Self.notes)
            let texts = ["", "a\0b", "It's \"q\"; DROP TABLE notes", String(repeating: "é", count: 70_000)]
            for (n, text) in texts.enumerated() {
                try file.run(
                    "INSERT INTO notes VALUES (?, ?, ?, ?)",
                    [.integer(Int64(n)), .text(text), .blob(Array(text.utf8)), .real(Double(n) / 3)])
            }
            try file.run("INSERT INTO notes VALUES (?, ?, ?, ?)", [9, .null, .blob([]), .null])
            let rows = try file.rows("SELECT n, text, bytes, x FROM notes ORDER BY n")
            #expect(rows.count == 5)
            for (n, text) in texts.enumerated() {
                #expect(try rows[n].text(1) == text && rows[n].blob(2) == Array(text.utf8))
                #expect(try rows[n].integer(0) == Int64(n) && rows[n].real(3) == Double(n) / 3)
            }
            #expect(try rows[4].isNull(1) && rows[4].blob(2).isEmpty)
            #expect(throws: SQLiteError.wrongColumn(path: file.path, column: 1, expected: "whole number")) {
                try rows[0].integer(1)
            }
            #expect(try file.run("UPDATE notes SET x = 1 WHERE n > ?", [1]) == 3)
        }
    }

    @Test("a transaction that throws leaves nothing behind, and the next one is free to begin")
    func rollback() async throws {
        struct Changed: Error {}
        try await withTemporaryFolder { folder in
            let file = try SQLiteConnection(path: Self.path(folder), migrations: Self.notes)
            func insert(_ n: SQLiteValue) throws { try file.run("INSERT INTO notes (n) VALUES (?)", [n]) }
            func change() throws {
                try insert(1)
                throw Changed()
            }
            func insertAnother() throws { try insert(2) }
            // Functions with names: of closures here Swift 6.3.1 takes one for the other.
            #expect(throws: Changed.self) { try file.transaction(change) }
            try file.transaction(insertAnother)
            #expect(try file.rows("SELECT n FROM notes").map { try $0.integer(0) } == [2])
            #expect(throws: SQLiteError.self) { try file.run("INSERT INTO notes (n) VALUES (2)") }
            #expect(throws: SQLiteError.self) { try file.run("INSERT INTO note (n) VALUES (2)") }
        }
    }

    @Test("migrations run once, in order; a file from a later version is left as it is")
    func migrations() async throws {
        try await withTemporaryFolder { folder in
            let path = Self.path(folder)
            let more = Self.notes + ["ALTER TABLE notes ADD COLUMN y INTEGER; CREATE INDEX i ON notes (y)"]
            try SQLiteConnection(path: path, migrations: Self.notes).execute("INSERT INTO notes (n) VALUES (7)")
            let second = try SQLiteConnection(path: path, migrations: more)
            #expect(try second.rows("SELECT n, y FROM notes").count == 1)
            #expect(try SQLiteConnection(path: path, migrations: more).rows("PRAGMA user_version")[0].integer(0) == 2)
            #expect(throws: SQLiteError.newerSchema(path: path, version: 2, known: 1)) {
                try SQLiteConnection(path: path, migrations: Self.notes)
            }
            // One that fails half-way is not there at all.
            let bad = more + ["CREATE TABLE t (a); CREATE TABLE notes (a)"]
            #expect(throws: SQLiteError.self) { try SQLiteConnection(path: path, migrations: bad) }
            #expect(try second.rows("SELECT 1 FROM sqlite_schema WHERE name = 't'").isEmpty)
        }
    }

    @Test("who waits too long for another writer is told so, and readers do not wait")
    func busy() async throws {
        try await withTemporaryFolder { folder in
            let path = Self.path(folder)
            let first = try SQLiteConnection(path: path, migrations: Self.notes)
            let second = try SQLiteConnection(path: path, migrations: Self.notes, busySeconds: 0.05)
            let before = try second.dataVersion()
            try first.transaction {
                try first.run("INSERT INTO notes (n) VALUES (1)")
                #expect(try second.rows("SELECT n FROM notes").isEmpty)
                #expect(throws: SQLiteError.busy(path: path)) { try second.transaction {} }
            }
            #expect(try second.rows("SELECT n FROM notes").count == 1)
            #expect(try second.dataVersion() != before)
        }
    }

    @Test("a file that another writes while it has no log yet is waited for", .enabled(if: Checkout.python != nil))
    func waitsForTheLog() async throws {
        try await withTemporaryFolder { folder in
            let (path, held) = (Self.path(folder), folder.appending(path: "held").path)
            // SQLite refuses the change of the journal at once here, whatever the busy timeout.
            let script = """
                import sqlite3, sys, time
                file = sqlite3.connect(sys.argv[1], isolation_level=None)
                file.execute("BEGIN IMMEDIATE")
                open(sys.argv[2], "w").close()
                time.sleep(1)
                file.execute("COMMIT")
                """
            let other = Task { try await runPython(script, [path, held]) }
            try await eventually("it is held") { FileManager.default.fileExists(atPath: held) }
            let file = try SQLiteConnection(path: path, migrations: Self.notes, busySeconds: 60)
            #expect(try file.rows("PRAGMA journal_mode").first?.text(0) == "wal")
            #expect(try await other.value.status == 0)
            try FileManager.default.removeItem(atPath: held)
        }
    }

    @Test("those who make a file at the same time all get it, and what each writes is there")
    func together() async throws {
        try await withTemporaryFolder { folder in
            for round in 0..<20 {
                let path = folder.appending(path: "\(round).sqlite").path
                // Threads of their own: those of the pool are fewer than the connections that wait for each other.
                let failures = Mutex<[String]>([])
                let threads = (0..<12).map { n in
                    Thread {
                        do {
                            let file = try SQLiteConnection(path: path, migrations: Self.notes, busySeconds: 60)
                            try file.run("INSERT INTO notes (n) VALUES (?)", [.integer(Int64(n))])
                        } catch {
                            failures.withLock { $0.append("\(error)") }
                        }
                    }
                }
                for thread in threads { thread.start() }
                try await eventually("all have ended") { threads.allSatisfy(\.isFinished) }
                #expect(failures.withLock { $0 } == [])
                let file = try SQLiteConnection(path: path, migrations: Self.notes)
                #expect(try file.rows("SELECT count(*) FROM notes").first?.integer(0) == 12)
            }
        }
    }

    @Test("what is no SQLite file, or a damaged one, is named as such and not touched")
    func damaged() async throws {
        try await withTemporaryFolder { folder in
            let path = Self.path(folder)
            let text = Data(String(repeating: "no database, but a letter\n", count: 200).utf8)
            try text.write(to: URL(filePath: path))
            #expect(throws: SQLiteError.damaged(path: path, reason: "file is not a database")) {
                try SQLiteConnection(path: path, migrations: Self.notes)
            }
            #expect(try Data(contentsOf: URL(filePath: path)) == text)

            let other = folder.appending(path: "b.sqlite").path
            do {
                let file = try SQLiteConnection(path: other, migrations: Self.notes)
                for n in 0..<500 {
                    try file.run(
                        "INSERT INTO notes (n, text) VALUES (?, 'some text to fill pages')", [.integer(Int64(n))])
                }
            }
            var bytes = try Data(contentsOf: URL(filePath: other))
            bytes.replaceSubrange(4096..<bytes.count, with: Data(repeating: 0xA5, count: bytes.count - 4096))
            try bytes.write(to: URL(filePath: other))
            do {
                _ = try SQLiteConnection(path: other, migrations: Self.notes).rows("SELECT * FROM notes")
                Issue.record("a damaged file was read")
            } catch let error as SQLiteError {
                #expect(error.code == "state-damaged", "\(error)")
            }
            #expect(throws: SQLiteError.self) {
                try SQLiteConnection(path: folder.appending(path: "no/such/folder.sqlite").path, migrations: Self.notes)
            }
        }
    }

    /// A process has its locks on a file only until it closes any descriptor of it: then another process, which closes the
    /// last connection that it can see, would remove the log that this one goes on writing.
    @Test(
        "a second connection of this process leaves the locks of the first alone", .enabled(if: Checkout.python != nil))
    func locks() async throws {
        try await withTemporaryFolder { folder in
            let path = Self.path(folder)
            let first = try SQLiteConnection(path: path, migrations: Self.notes)
            try first.run("INSERT INTO notes (n) VALUES (1)")
            let second = try SQLiteConnection(path: path, migrations: Self.notes)
            let count = """
                import sqlite3, sys
                file = sqlite3.connect(sys.argv[1])
                print(file.execute("SELECT count(*) FROM notes").fetchone()[0])
                file.close()
                """
            for number in 1...3 {
                let (status, output) = try await runPython(count, [path])
                #expect(status == 0 && output == "\(number)\n")
                #expect(FileManager.default.fileExists(atPath: path + "-wal"))
                try (number == 1 ? first : second).run(
                    "INSERT INTO notes (n) VALUES (?)", [.integer(Int64(number + 1))])
            }
        }
    }

    @Test("the file is its owner's alone")
    func rights() async throws {
        try await withTemporaryFolder { folder in
            let path = Self.path(folder)
            let file = try SQLiteConnection(path: path, migrations: Self.notes)
            try file.execute("INSERT INTO notes (n) VALUES (1)")
            for name in [path, path + "-wal", path + "-shm"] {
                let rights = try FileManager.default.attributesOfItem(atPath: name)[.posixPermissions] as? Int
                #expect(rights == 0o600, "\(name)")
            }
        }
    }
}
