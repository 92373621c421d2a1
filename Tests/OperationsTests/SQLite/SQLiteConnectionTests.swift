import Foundation
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
