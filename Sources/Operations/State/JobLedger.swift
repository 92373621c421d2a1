internal import Foundation

/// What the jobs of a deployment have done and mean to do, as documents that only their owner reads: a state for each job,
/// and its newest runs.
///
/// A request that carries a key makes one run, however often it comes. All calls block.
public struct JobLedger: Sendable {
    private let state: StateDatabase
    /// Runs of a job that are remembered.
    public static let remembered = 200

    /// The jobs of a state; nothing is opened yet.
    public init(_ state: StateDatabase) { self.state = state }

    /// The state of a job; nil if it has none yet.
    public func document(of job: String) throws -> String? {
        try state.read { file -> String? in
            try file.rows("SELECT document FROM job_states WHERE job = ?", [.text(job)]).first?.text(0)
        } ?? nil
    }

    /// Changes the state of a job, whoever else does.
    @discardableResult
    public func update(_ job: String, _ change: (String?) throws -> String) throws -> String {
        try state.write { file in
            let before = try file.rows("SELECT document FROM job_states WHERE job = ?", [.text(job)]).first?.text(0)
            let after = try change(before)
            try file.run("INSERT OR REPLACE INTO job_states (job, document) VALUES (?, ?)", [.text(job), .text(after)])
            return after
        }
    }

    /// One run of a job.
    public struct Run: Sendable {
        public var id: String
        public var isOver: Bool
        /// The digest of the request that asked for it.
        public var request: SHA256Digest?
        public var document: String

        public init(id: String, isOver: Bool = false, request: SHA256Digest? = nil, document: String) {
            self.id = id
            self.isOver = isOver
            self.request = request
            self.document = document
        }
    }

    /// Writes a new run down, unless there is one of that key already.
    /// - Returns: the run that was there.
    public func begin(_ run: Run, of job: String, key: String? = nil) throws -> Run? {
        try state.write { file in
            if let key, let known = try Self.runs(file, "job = ? AND key = ?", [.text(job), .text(key)]).first {
                return known
            }
            try file.run(
                """
                INSERT INTO job_runs (id, job, number, is_over, key, request, document)
                VALUES (?, ?, (SELECT COALESCE(MAX(number), 0) + 1 FROM job_runs), ?, ?, ?, ?)
                """,
                [
                    .text(run.id), .text(job), .integer(run.isOver ? 1 : 0), SQLiteValue(key),
                    run.request.map { .blob($0.bytes) } ?? .null, .text(run.document),
                ])
            try file.run(
                """
                DELETE FROM job_runs WHERE job = ?1 AND is_over = 1 AND id NOT IN
                    (SELECT id FROM job_runs WHERE job = ?1 ORDER BY number DESC LIMIT \(Self.remembered))
                """, [.text(job)])
            return nil
        }
    }

    /// Takes a run back that could not begin, so that its key may be used again.
    public func withdraw(_ id: String) throws {
        _ = try state.write { try $0.run("DELETE FROM job_runs WHERE id = ?", [.text(id)]) }
    }

    /// Replaces what is known of a run.
    public func note(_ run: Run) throws {
        _ = try state.write { file in
            try file.run(
                "UPDATE job_runs SET is_over = ?, document = ? WHERE id = ?",
                [.integer(run.isOver ? 1 : 0), .text(run.document), .text(run.id)])
        }
    }

    /// The run of that key, or nil.
    public func run(of job: String, key: String) throws -> Run? {
        try state.read { try Self.runs($0, "job = ? AND key = ?", [.text(job), .text(key)]).first } ?? nil
    }

    /// The newest runs of a job, newest first.
    public func runs(of job: String, limit: Int = remembered) throws -> [Run] {
        try state.read { try Self.runs($0, "job = ? ORDER BY number DESC LIMIT \(max(limit, 0))", [.text(job)]) } ?? []
    }

    private static func runs(_ file: SQLiteConnection, _ which: String, _ values: [SQLiteValue]) throws -> [Run] {
        try file.rows("SELECT id, is_over, request, document FROM job_runs WHERE \(which)", values).map { row in
            Run(
                id: try row.text(0), isOver: try row.integer(1) != 0,
                request: row.isNull(2) ? nil : SHA256Digest(bytes: try row.blob(2)), document: try row.text(3))
        }
    }
}
