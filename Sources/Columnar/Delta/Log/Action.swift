/// The actions of a commit. Unknown ones are skipped by readers, and so they are here.
enum Action: Hashable, Sendable {
    case versions(ProtocolAction)
    case metaData(MetaData)
    case add(Add)
    case remove(Remove)
    case transaction(SetTransaction)
    case commitInfo(CommitInfo)
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

    /// - Parameter encodedPath: nil for a file of our own.
    init(
        path: String, encodedPath: String? = nil, partitionValues: [String: String?], size: Int64,
        modificationTime: Int64, dataChange: Bool, stats: String?, tags: [String: String]? = nil
    ) {
        self.path = path
        self.encodedPath = encodedPath ?? PartitionPath.encodedForLog(path)
        self.partitionValues = partitionValues
        self.size = size
        self.modificationTime = modificationTime
        self.dataChange = dataChange
        self.stats = stats
        self.tags = tags
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

    init(
        path: String, encodedPath: String, deletionTimestamp: Int64?, dataChange: Bool,
        partitionValues: [String: String?]? = nil, size: Int64? = nil
    ) {
        self.path = path
        self.encodedPath = encodedPath
        self.deletionTimestamp = deletionTimestamp
        self.dataChange = dataChange
        self.partitionValues = partitionValues
        self.size = size
    }

    init(_ add: Add, at milliseconds: Int64, dataChange: Bool) {
        self.init(
            path: add.path, encodedPath: add.encodedPath, deletionTimestamp: milliseconds, dataChange: dataChange,
            partitionValues: add.partitionValues, size: add.size)
    }
}

struct SetTransaction: Hashable, Sendable {
    var appID: String
    var version: Int64
    /// Milliseconds since 1970.
    var lastUpdated: Int64?
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
