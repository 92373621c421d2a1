/// The actions of a commit. Unknown ones are skipped by readers, and so they are here.
enum Action: Hashable, Sendable {
    case versions(ProtocolAction)
    case metaData(MetaData)
    case add(Add)
    case remove(Remove)
    case transaction(SetTransaction)
    case commitInfo(CommitInfo)
    case domain(DomainMetadata)
}

/// What a reader or writer must understand to touch the table.
struct ProtocolAction: Hashable, Sendable {
    var minReaderVersion: Int64 = 1
    var minWriterVersion: Int64 = 2
    /// Nil unless `minReaderVersion` is 3.
    var readerFeatures: [String]?
    /// Nil unless `minWriterVersion` is 7.
    var writerFeatures: [String]?
}

struct MetaData: Hashable, Sendable {
    var id: String
    var name: String?
    var description: String?
    var formatProvider = "parquet"
    var formatOptions: [String: String] = [:]
    /// As it was read, so that what this module does not know survives.
    var schemaString: String
    var partitionColumns: [String]
    var configuration: [String: String]
    /// Milliseconds since 1970.
    var createdTime: Int64?
}

/// A file that belongs to the table from this commit on.
struct Add: Hashable, Sendable {
    /// Relative to the table, decoded: the name on disk.
    var path: String
    /// As the log has it, and keeps it: other engines compare the text, and there are several for one name.
    var encodedPath: String
    var partitionValues: [String: String?]
    var size: Int64
    /// Milliseconds since 1970.
    var modificationTime: Int64
    /// Whether rows came or went; false where they were only rearranged.
    var dataChange: Bool
    /// JSON text.
    var stats: String?
    var tags: [String: String]?
    /// What files of newer tables have; nil of most.
    var details: FileDetails?

    /// - Parameter encodedPath: nil for a file of our own.
    init(
        path: String, encodedPath: String? = nil, partitionValues: [String: String?], size: Int64,
        modificationTime: Int64, dataChange: Bool, stats: String?, tags: [String: String]? = nil,
        details: FileDetails? = nil
    ) {
        self.path = path
        self.encodedPath = encodedPath ?? PartitionPath.encodedForLog(path)
        self.partitionValues = partitionValues
        self.size = size
        self.modificationTime = modificationTime
        self.dataChange = dataChange
        self.stats = stats
        self.tags = tags
        self.details = details
    }

    /// The rows of the file that are not the table's.
    var deletionVector: DeletionVector? { details?.deletionVector }
    /// What tells it from all other files, also from itself with other rows deleted.
    var key: String { FileDetails.key(path, details) }
}

/// What few files have in the log. A class, because a table has millions of files and most have none of it: a reference
/// takes less.
final class FileDetails: Hashable, Sendable {
    let deletionVector: DeletionVector?
    /// Of row tracking: the identifier of the first row, and the version that added them.
    let baseRowID: Int64?
    let defaultRowCommitVersion: Int64?
    let clusteringProvider: String?

    init(
        deletionVector: DeletionVector?, baseRowID: Int64? = nil, defaultRowCommitVersion: Int64? = nil,
        clusteringProvider: String? = nil
    ) {
        self.deletionVector = deletionVector
        self.baseRowID = baseRowID
        self.defaultRowCommitVersion = defaultRowCommitVersion
        self.clusteringProvider = clusteringProvider
    }

    /// Nil where there is nothing to keep.
    var orNil: FileDetails? {
        deletionVector == nil && baseRowID == nil && defaultRowCommitVersion == nil && clusteringProvider == nil
            ? nil : self
    }

    /// No path has a zero byte in it.
    static func key(_ path: String, _ details: FileDetails?) -> String { key(path, vector: details?.deletionVector) }

    static func key(_ path: String, vector: DeletionVector?) -> String {
        guard let vector else { return path }
        return "\(path)\0\(vector.id)"
    }

    static func == (a: FileDetails, b: FileDetails) -> Bool {
        a.deletionVector == b.deletionVector && a.baseRowID == b.baseRowID
            && a.defaultRowCommitVersion == b.defaultRowCommitVersion && a.clusteringProvider == b.clusteringProvider
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(deletionVector)
        hasher.combine(baseRowID)
    }
}

/// A file that no longer belongs to the table.
struct Remove: Hashable, Sendable {
    var path: String
    /// As the log had it when the file was added.
    var encodedPath: String
    /// Milliseconds since 1970.
    var deletionTimestamp: Int64?
    var dataChange: Bool
    var partitionValues: [String: String?]?
    var size: Int64?
    /// As the file had them when it was added.
    var details: FileDetails?

    init(
        path: String, encodedPath: String, deletionTimestamp: Int64?, dataChange: Bool,
        partitionValues: [String: String?]? = nil, size: Int64? = nil, details: FileDetails? = nil
    ) {
        self.path = path
        self.encodedPath = encodedPath
        self.deletionTimestamp = deletionTimestamp
        self.dataChange = dataChange
        self.partitionValues = partitionValues
        self.size = size
        self.details = details
    }

    var deletionVector: DeletionVector? { details?.deletionVector }
    /// As of the ``Add``.
    var key: String { FileDetails.key(path, details) }

    init(_ add: Add, at milliseconds: Int64, dataChange: Bool) {
        self.init(
            path: add.path, encodedPath: add.encodedPath, deletionTimestamp: milliseconds, dataChange: dataChange,
            partitionValues: add.partitionValues, size: add.size, details: add.details)
    }
}

struct SetTransaction: Hashable, Sendable {
    var appID: String
    var version: Int64
    /// Milliseconds since 1970.
    var lastUpdated: Int64?
}

/// What a feature, or a user, keeps in the log under a name. Another of the same name takes its place.
struct DomainMetadata: Hashable, Sendable {
    var domain: String
    var configuration: String
    /// Whether it is gone.
    var removed: Bool
}

/// Who made the commit and how. Not part of the table's state.
struct CommitInfo: Hashable, Sendable {
    /// The whole action.
    var json: JSON

    var isBlindAppend: Bool { json["isBlindAppend"]?.bool ?? false }
    var operation: String? { json["operation"]?.string }
    var operationParameters: [String: String] { Self.texts(json["operationParameters"]) }
    var operationMetrics: [String: String] { Self.texts(json["operationMetrics"]) }
    var engine: String? { json["engineInfo"]?.string ?? json["clientVersion"]?.string }

    /// Some engines write numbers and lists where others write their text.
    private static func texts(_ object: JSON?) -> [String: String] {
        var result: [String: String] = [:]
        for member in object?.members ?? [] where member.value != .null {
            result[member.name] = member.value.string ?? member.value.text
        }
        return result
    }
}
