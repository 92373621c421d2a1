import Domain

/// A table at one version: what replaying the log up to it gives.
struct LogState: Sendable {
    var version: Int64
    var timestamp: Timestamp
    /// Tells the commit file of ``version`` from one of a table that took this one's place.
    var commitFile: StoredName?
    private(set) var versions: ProtocolAction?
    private(set) var metaData: MetaData?
    private(set) var transactions: [String: SetTransaction] = [:]
    private(set) var files: [String: Add] = [:]
    private(set) var tombstones: [String: Remove] = [:]

    /// The state before the first commit.
    static let empty = LogState(version: -1, timestamp: Timestamp(microseconds: .min))

    private init(version: Int64, timestamp: Timestamp) {
        self.version = version
        self.timestamp = timestamp
    }

    /// Replays one commit, or one part of a checkpoint.
    mutating func apply(_ actions: [Action]) {
        var applications: Set<String> = []
        if actions.count > files.capacity { files.reserveCapacity(actions.count) }
        for action in actions {
            switch action {
            case .versions(let action): versions = action
            case .metaData(let action): metaData = action
            case .add(let action):
                if !tombstones.isEmpty { tombstones[action.path] = nil }
                files[action.path] = action
            case .remove(let action):
                files[action.path] = nil
                tombstones[action.path] = action
            case .transaction(let action):
                // A commit has one per application; of two, other readers take the first.
                if applications.insert(action.appID).inserted { transactions[action.appID] = action }
            case .commitInfo: break
            }
        }
    }

    /// Whether the commit of ``version`` tells its own time.
    var statesTimes: Bool { metaData?.inCommitTimestampsSince.map { $0 <= version } ?? false }

    /// Forgets the files that were removed so long ago that nobody may need them, as a checkpoint does.
    mutating func forgetTombstones(until horizon: Int64) {
        tombstones = tombstones.filter { ($0.value.deletionTimestamp ?? 0) > horizon }
    }

    /// Checks that a table came out that can be read.
    func checked(table: String) throws -> (ProtocolAction, MetaData) {
        guard let versions else {
            throw ColumnarError.malformed(file: "\(table)/_delta_log", reason: "it has no protocol action")
        }
        guard let metaData else {
            throw ColumnarError.malformed(file: "\(table)/_delta_log", reason: "it has no metaData action")
        }
        try versions.checkReadable(metaData, table: table)
        return (versions, metaData)
    }
}
