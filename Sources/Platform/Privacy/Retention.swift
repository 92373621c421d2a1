public import Domain
internal import EventIngest
public import Operations
public import Store

/// Removes rows that are older than their table keeps them.
///
///     let outcomes = try await Retention(store, state: state).run(["events": 400 * 86_400], by: "cli:anna")
///
/// Whole days go: those that ended before the age is reached. Files lie by days, so most go without being read whole. Rows of users
/// under a legal hold stay, and messages that name one. The commit is an ordinary one, beside writers; old files go as
/// `store vacuum` takes them, when no version within the table's own retention needs them.
public struct Retention: Sendable {
    /// What was done to one table, or would be.
    public struct Outcome: Codable, Sendable, Hashable {
        public var table: String
        /// Rows of before that day go.
        public var before: Timestamp
        public var rows: Int
        /// Files that have such rows, and their bytes.
        public var files: Int
        public var bytes: Int
        /// Rows as old that a legal hold keeps.
        public var held: Int
        /// What was written anew of those files.
        public var bytesWritten: Int
        /// Files that no version needs any more, and that were removed.
        public var filesRemoved: Int

        private enum CodingKeys: String, CodingKey {
            case table, before, rows, files, bytes, held
            case bytesWritten = "bytes_written"
            case filesRemoved = "files_removed"
        }
    }

    private let tables: [PersonalTable]
    private let holds: LegalHolds
    private let leases: Leases
    private let audit: AuditLog
    private static let day: Int64 = 86_400

    /// The tables of a store that know persons; nothing is opened yet.
    public init(_ store: EventStore, state: StateDatabase) {
        tables = PersonalTable.all(of: store)
        holds = LegalHolds(state)
        leases = Leases(state)
        audit = AuditLog(state)
    }

    /// Which tables may have an age.
    public static let tables = ["events", "impressions", "dead_letters"]

    /// Removes what is too old, table by table.
    /// - Parameters:
    ///   - ages: in seconds, by table; others are left alone.
    ///   - isRehearsal: whether nothing is changed: it only says what would be.
    /// - Throws: ``PrivacyError/retentionUnderWay`` while another process is at it.
    public func run(
        _ ages: [String: Double], by who: String, reason: String = "", now: Timestamp = .now, isRehearsal: Bool = false
    ) async throws -> [Outcome] {
        let taken = try await BlockingWork.run("privacy") { _ in
            isRehearsal ? nil : try leases.take(LegalHolds.retention)
        }
        var lease: Lease?
        if case .held? = taken { throw PrivacyError.retentionUnderWay }
        if case .taken(let mine)? = taken { lease = mine }
        let beating = Task { [lease] in
            while !Task.isCancelled {
                try await Task.sleep(for: Leases.rhythm)
                _ = try? await BlockingWork.run("lease") { _ in try lease?.beat() }
            }
        }
        defer {
            beating.cancel()
            lease?.release()
        }
        var outcomes: [Outcome] = []
        for table in tables {
            guard let age = ages[table.declaration.name] else { continue }
            let days = Int64(((Double(now.seconds) - age) / Double(Self.day)).rounded(.down))
            let before = Timestamp(seconds: days * Self.day)
            outcomes.append(
                try await BlockingWork.run("privacy") { _ in
                    let held = try holds.all().map(\.user)
                    func expire() throws -> Outcome {
                        let report = try table.expire(before: before, keeping: held, isRehearsal: isRehearsal)
                        return Outcome(
                            table: table.declaration.name, before: before, rows: report.rows, files: report.files,
                            bytes: report.bytes, held: report.held, bytesWritten: report.bytesWritten,
                            filesRemoved: report.filesRemoved)
                    }
                    if isRehearsal { return try expire() }
                    return try audit.record(
                        by: who, "privacy.retain", of: "\(table.declaration.name) before \(before)", reason: reason,
                        expire)
                })
        }
        return outcomes
    }
}
