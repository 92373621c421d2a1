internal import Domain
internal import Foundation
internal import Operations
internal import Synchronization

/// Answered lists on disk, so that they can be shown again after a restart: an SQLite file of its own beside the state, made
/// when the first is written, readable by its owner alone.
///
/// The oldest go first, where they are too old or the file would grow over its limit. Any number of processes may use one
/// file. All calls block.
final class AnswerFile: Sendable {
    private let folder: String
    private let maximumBytes: Int
    /// Apart, so that nobody who reads waits for a batch that is being written.
    private let writing = Mutex(Held())
    private let reading = Mutex(Held())

    /// `@unchecked Sendable`: the connection is only used under the mutex.
    private struct Held: @unchecked Sendable {
        var connection: SQLiteConnection?
    }

    /// Numbers ascend with time, so that what is oldest is found without an index.
    private static let migrations = [
        """
        CREATE TABLE answers (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, body BLOB NOT NULL
        ) STRICT;
        """
    ]
    /// Rows of one statement.
    private static let together = 100
    /// Rows that are removed together.
    private static let step: Int64 = 1000

    /// Names the file; nothing is read or made yet.
    init(folder: String, maximumBytes: Int) {
        self.folder = folder
        self.maximumBytes = maximumBytes
    }

    var path: String { folder + "/answers.sqlite" }

    /// Adds answers in one synced transaction.
    /// - Throws: `SQLiteError`; nothing of them is kept then.
    func append(_ answers: [KeptAnswers.Unwritten]) throws {
        try writing.withLock { held in
            let file = try connection(&held, makes: true)
            do {
                try file?.transaction {
                    // To prepare a statement for each of them would cost more than to run it.
                    for start in stride(from: 0, to: answers.count, by: Self.together) {
                        let some = answers[start..<min(start + Self.together, answers.count)]
                        let places = repeatElement("(?, ?, ?)", count: some.count).joined(separator: ", ")
                        try file?.run(
                            "INSERT OR IGNORE INTO answers (id, at, body) VALUES \(places)",
                            some.flatMap {
                                [.text($0.id), .integer($0.kept.at.microseconds), .blob($0.kept.body)]
                            })
                    }
                }
            } catch {
                // Another file may have taken its name: it is opened anew.
                held.connection = nil
                throw error
            }
        }
    }

    /// The answer of an identifier, or nil if there is none.
    func answer(_ id: String) throws -> KeptAnswers.Kept? {
        try reading.withLock { held in
            guard let file = try connection(&held, makes: false) else { return nil }
            do {
                return try file.rows("SELECT at, body FROM answers WHERE id = ?", [.text(id)]).first.map {
                    KeptAnswers.Kept(body: try $0.blob(1), at: Timestamp(microseconds: try $0.integer(0)))
                }
            } catch {
                held.connection = nil
                throw error
            }
        }
    }

    /// Removes what is older than `time`, and of the rest the oldest while the file is over its limit.
    /// - Returns: how many were removed before their time, for want of room.
    func prune(before time: Timestamp) throws -> Int {
        try writing.withLock { held in
            guard let file = try connection(&held, makes: false) else { return 0 }
            var early = 0
            while true {
                let oldest = try file.rows(
                    "SELECT number, at FROM answers ORDER BY number LIMIT ?", [.integer(Self.step)])
                let over = try oldest.prefix(while: { try $0.integer(1) < time.microseconds }).count
                let count = try bytes(file) > maximumBytes ? oldest.count : over
                guard count > 0 else { return early }
                try file.run("DELETE FROM answers WHERE number <= ?", [.integer(try oldest[count - 1].integer(0))])
                early += count - over
                if count < Self.step { return early }
            }
        }
    }

    /// Of the pages in use; those of removed answers are used again.
    private func bytes(_ file: SQLiteConnection) throws -> Int {
        func number(_ name: String) throws -> Int { Int(try file.rows("PRAGMA \(name)").first?.integer(0) ?? 0) }
        return try (number("page_count") - number("freelist_count")) * number("page_size")
    }

    private func connection(_ held: inout Held, makes: Bool) throws -> SQLiteConnection? {
        let isThere = FileManager.default.fileExists(atPath: path)
        if let connection = held.connection, isThere { return connection }
        held.connection = nil
        guard isThere || makes else { return nil }
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw SQLiteError.cannotOpen(path: path, reason: "its folder cannot be made")
        }
        let connection = try SQLiteConnection(path: path, migrations: Self.migrations)
        held.connection = connection
        return connection
    }
}
