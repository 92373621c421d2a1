import Domain
import Foundation

/// How a commit ended. Losing a race for good is an expected outcome, not an error.
public enum CommitOutcome: Hashable, Sendable {
    case committed(version: Int64)
    /// Every transaction of the commit is in the table already, at the same or a higher version: nothing was written.
    case alreadyCommitted(version: Int64)
    /// The commit of `version` is at odds with this one; nothing was written.
    case conflict(version: Int64, reason: String)
}

/// Who did what: the first line of a commit.
struct CommitInfo {
    var operation: String
    var parameters = JSON.object([])
    var metrics = JSON.object([])
    var readVersion: Int64?
    /// Other writers need not look at what a blind append read: it read nothing.
    var isBlindAppend: Bool

    var json: JSON {
        .object([
            "timestamp": .int(SystemClock.now.milliseconds), "operation": .string(operation),
            "operationParameters": parameters, "readVersion": readVersion.map { .int($0) },
            "isolationLevel": .string("Serializable"), "isBlindAppend": .bool(isBlindAppend),
            "operationMetrics": metrics, "engineInfo": .string("Marquee/1.0.0"),
            "txnId": .string(UUID().uuidString.lowercased()),
        ])
    }
}

/// Actions on their way into the log, with what decides whether they may follow others' commits.
struct Commit {
    var info: CommitInfo
    var actions: [Action] = []
    /// Progress markers to write; also what must not have moved meanwhile.
    var transactions: [Transaction] = []
    /// Set if the new rows depend on all rows that were in the table: any rows added meanwhile conflict.
    var dependsOnAllRows = false

    static func bytes(of actions: [Action]) -> [UInt8] {
        var bytes: [UInt8] = []
        for action in actions {
            action.json.write(to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// Whether this commit may follow `winner`, which took the version meanwhile.
    /// - Returns: why not, or nil.
    func obstacle(in winner: [Action]) -> String? {
        let removed = Set(
            actions.compactMap { action in
                if case .remove(let remove) = action { remove.path } else { nil }
            })
        let appIDs = Set(transactions.map(\.appID))
        for action in winner {
            switch action {
            case .metadata: return "changed the schema or the settings of the table"
            case .protocolVersion(let version):
                if let obstacle = version.writeObstacle { return obstacle }
            case .transaction(let transaction) where appIDs.contains(transaction.appID):
                return "moved the progress of \(transaction.appID)"
            case .remove(let remove) where removed.contains(remove.path): return "removed \(remove.path)"
            case .add(let add) where dependsOnAllRows && add.dataChange: return "added rows"
            default: break
            }
        }
        return nil
    }
}

extension DeltaTable {
    private static let maximumAttempts = 200

    /// Puts a commit at the end of the log, behind all others that it does not conflict with.
    /// - Parameter state: what the commit was made from.
    func commit(_ commit: Commit, from state: TableState) throws -> CommitOutcome {
        var state = state
        for _ in 0..<Self.maximumAttempts {
            if let outcome = outcome(of: commit.transactions, in: state) { return outcome }
            var info = commit.info
            info.readVersion = state.version
            let actions =
                [.commitInfo(info.json)] + commit.transactions.map { Action.transaction($0) } + commit.actions
            let version = state.version + 1
            if try storage.putIfAbsent(LogName.commitPath(version), Commit.bytes(of: actions)) {
                state.apply(actions)
                state.version = version
                state.timestamp = SystemClock.now
                remember(state)
                try afterCommit(state)
                return .committed(version: version)
            }
            let winners = try log.list(from: version).commits.map(\.version)
            for winner in winners {
                let actions = try log.actions(of: winner)
                if let obstacle = commit.obstacle(in: actions) {
                    let after = try refresh()
                    if let outcome = outcome(of: commit.transactions, in: after),
                        case .alreadyCommitted = outcome
                    {
                        return outcome
                    }
                    return .conflict(version: winner, reason: obstacle)
                }
            }
            state = try log.update(state)
        }
        throw ColumnarError.tooManyConflicts(table: path, attempts: Self.maximumAttempts)
    }

    /// What the table's own markers say of a commit's: nil if all are new.
    func outcome(of transactions: [Transaction], in state: TableState) -> CommitOutcome? {
        guard !transactions.isEmpty else { return nil }
        let there = transactions.filter { (state.transactions[$0.appID] ?? .min) >= $0.version }
        if there.count == transactions.count { return .alreadyCommitted(version: state.version) }
        guard let first = there.first else { return nil }
        return .conflict(version: state.version, reason: "has the progress of \(first.appID), but not of the others")
    }

    /// Writes a checkpoint every so many versions. The commit stands whatever happens here: a checkpoint that fails
    /// is written with a later version.
    private func afterCommit(_ state: TableState) throws {
        let configuration = state.metadata?.configuration ?? [:]
        let interval = configuration["delta.checkpointInterval"].flatMap { Int64($0) } ?? 10
        guard interval > 0, state.version % interval == 0 else { return }
        try? checkpoint(state)
    }

    private func checkpoint(_ state: TableState) throws {
        let retention = Retention.deletedFiles(state.metadata?.configuration ?? [:])
        try Checkpoint.write(
            state, tombstonesSince: SystemClock.now.milliseconds - retention, to: storage)
    }

    /// Writes a checkpoint of the newest version now.
    public func writeCheckpoint() throws { try checkpoint(try refresh()) }
}

/// How long things are kept, from the table's configuration, in milliseconds.
enum Retention {
    static func deletedFiles(_ configuration: [String: String]) -> Int64 {
        milliseconds(configuration["delta.deletedFileRetentionDuration"]) ?? 7 * 86_400_000
    }

    static func log(_ configuration: [String: String]) -> Int64 {
        milliseconds(configuration["delta.logRetentionDuration"]) ?? 30 * 86_400_000
    }

    /// `interval 1 week`, `interval 36 hours`, as Spark writes them.
    static func milliseconds(_ text: String?) -> Int64? {
        guard let text else { return nil }
        let words = text.lowercased().split(separator: " ").filter { $0 != "interval" }
        guard words.count == 2, let count = Int64(words[0]) else { return nil }
        let unit: Int64? =
            switch words[1].hasSuffix("s") ? words[1].dropLast() : words[1] {
            case "week": 7 * 86_400_000
            case "day": 86_400_000
            case "hour": 3_600_000
            case "minute": 60_000
            case "second": 1000
            case "millisecond": 1
            default: nil
            }
        return unit.map { $0 * count }
    }
}
