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
    /// By ``Add/key``, which is the path unless rows of the file are deleted.
    private(set) var files = LiveFiles()
    /// By ``Remove/key``.
    private(set) var tombstones: [String: Remove] = [:]
    private(set) var domains: [String: DomainMetadata] = [:]

    /// The state before the first commit.
    static let empty = LogState(version: -1, timestamp: Timestamp(microseconds: .min))

    private init(version: Int64, timestamp: Timestamp) {
        self.version = version
        self.timestamp = timestamp
    }

    /// Replays one commit, or one part of a checkpoint.
    mutating func apply(_ actions: [Action]) {
        var applications: Set<String> = []
        for action in actions {
            switch action {
            case .versions(let action): versions = action
            case .metaData(let action): metaData = action
            case .add(let action):
                if !tombstones.isEmpty { tombstones[action.key] = nil }
                files[action.key] = action
            case .remove(let action):
                files[action.key] = nil
                tombstones[action.key] = action
            case .domain(let action): domains[action.domain] = action.removed ? nil : action
            case .transaction(let action):
                // A commit has one per application; of two, other readers take the first.
                if applications.insert(action.appID).inserted { transactions[action.appID] = action }
            case .commitInfo: break
            }
        }
    }

    /// Takes over the files of one part of a checkpoint.
    mutating func apply(_ part: StoredAdds) { files.append(part) }

    /// The live file of a path, whichever rows of it are deleted.
    func file(at path: String) -> Add? { files.file(at: path) }

    /// The names of the live files, and of the files that hold their deletion vectors.
    /// - Parameter location: of the table.
    func names(in location: String) -> Set<String> {
        var names: Set<String> = []
        names.reserveCapacity(files.count)
        for add in files.values {
            names.insert(add.path)
            if let name = add.deletionVector?.name(in: location) { names.insert(name) }
        }
        return names
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
