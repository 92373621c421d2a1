import Domain
import Foundation

/// A commit that is to be made, with what decides whether another writer's commit is at odds with it.
struct PendingCommit {
    var operation: String
    var parameters: [String: String] = [:]
    var metrics: [String: String] = [:]
    /// Everything but commitInfo.
    var actions: [Action]
    /// Whether it adds rows without having looked at any.
    var isBlindAppend = false
    /// Whether it only moves rows to other files.
    var isRearrangement = false
    /// What each application's progress marker must be in the version the commit follows; nil: it must have none.
    var expecting: [String: Int64?]?

    var transactions: [SetTransaction] {
        actions.compactMap { if case .transaction(let action) = $0 { action } else { nil } }
    }

    var removedPaths: Set<String> {
        Set(actions.compactMap { if case .remove(let action) = $0 { action.path } else { nil } })
    }

    /// The commit file. commitInfo comes first, as newer readers want it; `txnId` tells our file from another's where
    /// a store leaves open who won.
    /// - Parameter state: what it follows; nil if it is a table's first.
    func bytes(readVersion: Int64?, now: Int64, after state: LogState? = nil) -> [UInt8] {
        // Always later than the version before, whatever the clock says.
        let stated = state.flatMap { state in
            state.metaData?.inCommitTimestampsSince.map { _ in max(now, state.timestamp.milliseconds + 1) }
        }
        let info = JSON.object([
            "inCommitTimestamp": stated.map { .int($0) }, "timestamp": .int(stated ?? now),
            "operation": .string(operation), "operationParameters": .object(parameters),
            "readVersion": readVersion.map { .int($0) }, "isolationLevel": .string("WriteSerializable"),
            "isBlindAppend": .bool(isBlindAppend), "operationMetrics": .object(metrics),
            "engineInfo": .string("marquee/\(Release.version)"), "txnId": .string(UUID().uuidString.lowercased()),
        ])
        var bytes: [UInt8] = []
        for action in [.commitInfo(CommitInfo(json: info))] + actions {
            action.json.append(to: &bytes)
            bytes.append(0x0A)
        }
        return bytes
    }

    /// Why a commit that another writer made meanwhile is at odds with this one; nil if it is not. Delta's rules under
    /// WriteSerializable isolation (its ConflictChecker).
    func conflict(with winner: [Action]) -> String? {
        let applications = Set(transactions.map(\.appID))
        let removed = removedPaths
        let winnerIsBlind = winner.contains { if case .commitInfo(let info) = $0 { info.isBlindAppend } else { false } }
        for action in winner {
            switch action {
            case .versions: return "changed the protocol"
            case .metaData: return "changed the schema or the configuration"
            case .transaction(let transaction) where applications.contains(transaction.appID):
                return "moved the progress of \(transaction.appID) to \(transaction.version)"
            case .remove(let remove) where removed.contains(remove.path): return "removed \(remove.path) too"
            case .add(let add) where !isBlindAppend && !isRearrangement && !winnerIsBlind && add.dataChange:
                return "added rows that this operation has not seen"
            case .transaction, .remove, .add, .commitInfo, .domain: break
            }
        }
        return nil
    }
}
