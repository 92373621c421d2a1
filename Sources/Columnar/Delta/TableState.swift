import Domain

/// What the actions up to one version add up to.
struct TableState: Sendable {
    var version: Int64 = -1
    /// Of the commit file of ``version``.
    var timestamp = Timestamp(microseconds: 0)
    var protocolVersion: ProtocolAction?
    var metadata: MetadataAction?
    /// Live files by their path in the log.
    var files: [String: AddAction] = [:]
    var tombstones: [String: RemoveAction] = [:]
    var transactions: [String: Int64] = [:]

    mutating func apply(_ actions: [Action]) {
        for action in actions {
            switch action {
            case .add(let add):
                files[add.path] = add
                tombstones[add.path] = nil
            case .remove(let remove):
                files[remove.path] = nil
                tombstones[remove.path] = remove
            case .metadata(let new): metadata = new
            case .protocolVersion(let new): protocolVersion = new
            case .transaction(let transaction): transactions[transaction.appID] = transaction.version
            case .commitInfo: break
            }
        }
    }
}
