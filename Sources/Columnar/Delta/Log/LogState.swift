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

/// The file names of the log.
enum LogName {
    static let folder = "_delta_log"
    static let lastCheckpoint = "_delta_log/_last_checkpoint"

    static func digits(_ version: Int64) -> String {
        let digits = String(version)
        return String(repeating: "0", count: max(0, 20 - digits.count)) + digits
    }

    static func commit(_ version: Int64) -> String { "\(folder)/\(digits(version)).json" }
    static func checkpoint(_ version: Int64) -> String { "\(folder)/\(digits(version)).checkpoint.parquet" }

    enum Kind: Hashable {
        case commit(Int64)
        /// One of `parts` files, counted from 1.
        case checkpoint(Int64, part: Int, parts: Int)
    }

    /// What a name in the log's folder stands for; nil for strangers.
    static func parse(_ name: String) -> Kind? {
        let pieces = name.split(separator: ".", omittingEmptySubsequences: false)
        guard pieces.count >= 2, pieces[0].utf8.count == 20, let version = Int64(pieces[0]), version >= 0 else {
            return nil
        }
        if pieces.count == 2, pieces[1] == "json" { return .commit(version) }
        guard pieces.count >= 3, pieces[1] == "checkpoint", pieces[pieces.count - 1] == "parquet" else { return nil }
        if pieces.count == 3 { return .checkpoint(version, part: 1, parts: 1) }
        guard pieces.count == 5, pieces[2].utf8.count == 10, pieces[3].utf8.count == 10, let part = Int(pieces[2]),
            let parts = Int(pieces[3]), part >= 1, part <= parts
        else { return nil }
        return .checkpoint(version, part: part, parts: parts)
    }
}
