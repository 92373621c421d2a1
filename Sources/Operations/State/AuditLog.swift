internal import Domain

/// The log of every change that was made through the API or by a command: who, what, when, why.
///
///     let audit = AuditLog(state)
///     try await audit.record(by: "dashboard", "model.promote", of: id, reason: "better", requestID: request.id) {
///         try registry.promote(id)
///     }
///
/// It is only appended to: triggers forbid anything else, and each entry carries a digest over itself and the one before,
/// so a change made past the triggers is found by ``verify()``. Who can write the file can also take away the newest
/// entries and the count of them, or chain all of it anew: keep the digest of the newest entry, which is also in the
/// process's log, where they cannot reach.
public struct AuditLog: Sendable {
    private let state: StateDatabase
    private static let log = Log("audit")

    /// The log of a state folder; nothing is opened yet.
    public init(_ state: StateDatabase) { self.state = state }

    /// Appends an entry. Blocks until it is synced.
    /// - Throws: ``SQLiteError``.
    @discardableResult
    public func append(_ change: AuditedChange) throws -> AuditEntry {
        let entry = try state.write { try Self.append(change, to: $0) }
        Self.tell(entry)
        return entry
    }

    /// Makes a change between two entries: that it begins, and whether it was done. What cannot be written down is not
    /// begun.
    /// - Throws: ``SQLiteError`` if the log cannot be written, else what `body` throws.
    public func record<R: Sendable>(
        by who: String, _ action: String, of target: String, reason: String = "", requestID: String = "",
        _ body: () throws -> R
    ) throws -> R {
        var change = AuditedChange(
            who: who, action: action, target: target, outcome: .begun, reason: reason, requestID: requestID)
        try append(change)
        do {
            let result = try body()
            change.outcome = .done
            try append(change)
            return result
        } catch {
            change.outcome = .failed
            // The first entry tells that it was begun; what went wrong matters more than a second failure.
            _ = try? append(change)
            throw error
        }
    }

    /// The same of a change that takes time, or of handing something out: it is done when `body` has ended, and not before.
    public func record<R: Sendable>(
        by who: String, _ action: String, of target: String, reason: String = "", requestID: String = "",
        whileDoing body: () async throws -> R
    ) async throws -> R {
        let begun = AuditedChange(
            who: who, action: action, target: target, outcome: .begun, reason: reason, requestID: requestID)
        func note(_ outcome: AuditedChange.Outcome) async throws {
            var change = begun
            change.outcome = outcome
            let entry = change
            try await BlockingWork.run("audit") { _ in _ = try append(entry) }
        }
        try await note(.begun)
        do {
            let result = try await body()
            try await note(.done)
            return result
        } catch {
            // The first entry tells that it was begun; what went wrong matters more than a second failure.
            try? await note(.failed)
            throw error
        }
    }

    /// The newest entries before `number`, newest first. Blocks.
    public func entries(before number: Int64 = .max, limit: Int) throws -> [AuditEntry] {
        try state.read { file in
            try file.rows(
                "SELECT \(Self.columns) FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?",
                [.integer(number), .integer(Int64(limit))]
            ).map(Self.entry)
        } ?? []
    }

    /// What ``verify()`` found.
    public enum Verdict: Sendable, Equatable {
        /// Every entry follows from the one before. `head` is the digest of the newest, nil if there is none.
        case whole(entries: Int, head: SHA256Digest?)
        /// The first entry that does not, and why.
        case broken(number: Int64, reason: String)
    }

    /// Reads the whole log and checks each link. O(entries); blocks.
    public func verify() throws -> Verdict {
        try state.read { file in
            var previous = Self.origin
            var count: Int64 = 0
            var verdict: Verdict?
            // In pieces, so that a log of any length fits into memory.
            while verdict == nil {
                let rows = try file.rows(
                    "SELECT \(Self.columns) FROM audit WHERE number > ? ORDER BY number LIMIT 1000", [.integer(count)])
                for row in rows where verdict == nil {
                    let entry = try Self.entry(row)
                    count += 1
                    if entry.number != count {
                        verdict = .broken(number: count, reason: "it is missing")
                    } else if AuditEntry.digest(
                        number: entry.number, at: entry.at, change: entry.change, behind: previous) != entry.hash
                    {
                        verdict = .broken(
                            number: count, reason: "its digest is another one: it or its place was changed")
                    }
                    previous = entry.hash.bytes
                }
                if rows.isEmpty { break }
            }
            if let verdict { return verdict }
            let counted = try file.rows("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").first?.integer(0) ?? 0
            guard counted <= count else { return .broken(number: count + 1, reason: "it is missing") }
            return .whole(entries: Int(count), head: count == 0 ? nil : SHA256Digest(bytes: previous))
        } ?? .whole(entries: 0, head: nil)
    }

    /// Appends within a transaction that does the change itself; ``tell(_:)`` comes behind it.
    @discardableResult
    static func append(_ change: AuditedChange, to file: SQLiteConnection) throws -> AuditEntry {
        let last = try file.rows("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").first
        let number = try (last?.integer(0) ?? 0) + 1
        let at = Timestamp.now
        let hash = AuditEntry.digest(
            number: number, at: at, change: change, behind: try last?.blob(1) ?? origin)
        try file.run(
            "INSERT INTO audit (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .integer(number), .integer(at.microseconds), .text(change.who), .text(change.action),
                .text(change.target), .text(change.outcome.rawValue), .text(change.reason), .text(change.requestID),
                .blob(hash.bytes),
            ])
        return AuditEntry(number: number, at: at, change: change, hash: hash)
    }

    /// The digest outside of the file is what the file can be held to. To be called when the entry is kept.
    static func tell(_ entry: AuditEntry) {
        log.info(
            "recorded",
            [
                "number": entry.number, "action": entry.change.action, "outcome": entry.change.outcome.rawValue,
                "digest": entry.hash,
            ])
    }

    private static let columns = "number, at, who, action, target, outcome, reason, request_id, hash"
    private static let origin = [UInt8](repeating: 0, count: 32)

    private static func entry(_ row: SQLiteRow) throws -> AuditEntry {
        let change = AuditedChange(
            who: try row.text(2), action: try row.text(3), target: try row.text(4),
            outcome: AuditedChange.Outcome(rawValue: try row.text(5)) ?? .failed, reason: try row.text(6),
            requestID: try row.text(7))
        return AuditEntry(
            number: try row.integer(0), at: Timestamp(microseconds: try row.integer(1)), change: change,
            hash: SHA256Digest(bytes: try row.blob(8)))
    }
}
