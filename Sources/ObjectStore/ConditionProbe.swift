internal import Synchronization

/// Whether the service heeds the conditions of writes: tried out once, before the first write that depends on one.
///
/// A service that does not know `If-None-Match` stores the object all the same and answers 200; a table on it would lose
/// commits without a word. So an object of a random name is put twice and put over, and removed.
final class ConditionProbe: Sendable {
    /// What a write depends on.
    enum Condition {
        case absent
        case unchanged
    }

    private struct Findings {
        let heedsAbsent: Bool
        let heedsUnchanged: Bool
    }

    private let client: ObjectClient
    private let prefix: String
    private let findings = Mutex<Findings?>(nil)

    init(client: ObjectClient, prefix: String) {
        self.client = client
        self.prefix = prefix
    }

    /// - Throws: ``ObjectStoreError/ignoresCondition(endpoint:header:)``, or what stands in the way of asking.
    func check(_ condition: Condition) throws {
        let found = try findings.withLock { known in
            if let known { return known }
            let found = try ask()
            known = found
            return found
        }
        let (holds, header) =
            condition == .absent ? (found.heedsAbsent, "If-None-Match") : (found.heedsUnchanged, "If-Match")
        guard holds else { throw ObjectStoreError.ignoresCondition(endpoint: client.settings.endpoint, header: header) }
    }

    private func ask() throws -> Findings {
        // Names that begin so are no data of a table.
        let key = "\(prefix)_marquee_probe_\(ObjectClient.newMark())"
        let heedsAbsent = try isRefused(key, second: .absent, first: .absent)
        let heedsUnchanged = try isRefused(key, second: .unchanged(etag: "\"00000000000000000000000000000000\""))
        try? client.delete(key)
        return Findings(heedsAbsent: heedsAbsent, heedsUnchanged: heedsUnchanged)
    }

    private func isRefused(_ key: String, second: WriteCondition, first: WriteCondition? = nil) throws -> Bool {
        do {
            if let first { _ = try client.put(key, [], if: first) }
            if case .refused = try client.put(key, [0], if: second) { return true }
            return false
        } catch ObjectStoreError.ignoresCondition {
            return false
        }
    }
}
