public import Domain
internal import Foundation
internal import Operations
public import Trainer

/// A training run of a job or over REST, as it stands at some moment: what the state keeps of it.
public struct TrainingRecord: Codable, Sendable {
    /// How a run stands.
    public enum State: String, Codable, Sendable, CaseIterable {
        case running, done, failed, cancelled
    }

    /// Why it failed.
    public struct Failure: Codable, Sendable {
        public var code: String
        public var message: String
        public var advice: String
    }

    public let id: String
    public var state = State.running
    let cause: RunPlan.Cause
    public let startedAt: Timestamp
    public var endedAt: Timestamp?
    /// What it does, such as `evaluation`.
    public var phase = "reading"
    /// Epochs done of the fit in hand, and of how many.
    public var epoch = 0
    public var epochs = 0
    /// What it has made.
    public var model: ModelID?
    public var verdict: GateVerdict?
    /// Of the table that it read.
    public var dataVersion: Int64?
    public var failure: Failure?
    /// The lease under which it runs: when nobody has that any more, its process has died.
    var lease: String

    /// What started it.
    public var causeName: String { cause.rawValue }

    init(id: String, cause: RunPlan.Cause, startedAt: Timestamp, lease: String) {
        self.id = id
        self.cause = cause
        self.startedAt = startedAt
        self.lease = lease
    }

    private static let interrupted = "interrupted"

    /// A run whose process has died.
    mutating func interrupt() {
        state = .failed
        failure = Failure(
            code: Self.interrupted, message: "The process that ran it has ended.", advice: "Nothing was published.")
    }

    /// Whether its process ended before it did, by a kill or because it was told to.
    var isCutShort: Bool { state == .cancelled || failure?.code == Self.interrupted }
}

/// The training runs of one registry, of all processes that share a state, and what its job remembers. All calls block.
struct TrainingLedger: Sendable {
    let job: String
    let leases: Leases
    private let ledger: JobLedger

    init(_ registry: ModelRegistry, _ state: StateDatabase) {
        // One name for one place, whatever folder a process was started in.
        let place = registry.folder
        job = "training of " + (place.contains("://") ? place : URL(fileURLWithPath: place).standardizedFileURL.path)
        leases = Leases(state)
        ledger = JobLedger(state)
    }

    /// Those remembered, newest first; one whose process died is shown as what it is.
    func runs(limit: Int = JobLedger.remembered) throws -> [TrainingRecord] {
        let holder = try leases.holder(of: job)?.id
        return try ledger.runs(of: job, limit: limit).compactMap { run in
            guard var record = try? Self.decode(TrainingRecord.self, run.document) else { return nil }
            if record.state == .running, record.lease != holder { record.interrupt() }
            return record
        }
    }

    /// The run that was begun under a key, and the digest of its request.
    func run(key: String) throws -> (record: TrainingRecord, request: SHA256Digest?)? {
        guard let run = try ledger.run(of: job, key: key) else { return nil }
        return try runs().first { $0.id == run.id }.map { ($0, run.request) }
    }

    /// Writes a new run down.
    /// - Returns: whether it is the first of its key.
    func begin(_ record: TrainingRecord, key: String? = nil, request: SHA256Digest? = nil) throws -> Bool {
        try ledger.begin(
            .init(id: record.id, request: request, document: Self.encode(record)), of: job, key: key) == nil
    }

    func note(_ record: TrainingRecord) throws {
        try ledger.note(.init(id: record.id, isOver: record.state != .running, document: Self.encode(record)))
    }

    var memory: JobMemory {
        get throws { try ledger.document(of: job).map { try Self.decode(JobMemory.self, $0) } ?? JobMemory() }
    }

    @discardableResult
    func update(_ change: (inout JobMemory) -> Void) throws -> JobMemory {
        let document = try ledger.update(job) { before in
            // What cannot be read is of another version: better to begin anew than never to run again.
            var memory = before.flatMap { try? Self.decode(JobMemory.self, $0) } ?? JobMemory()
            change(&memory)
            return try Self.encode(memory)
        }
        return try Self.decode(JobMemory.self, document)
    }

    private static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
