public import Domain

/// One line of a table's history.
public struct CommitRecord: Hashable, Sendable {
    public var version: Int64
    public var timestamp: Timestamp
    public var operation: String?
    public var operationParameters: [String: String]
    public var operationMetrics: [String: String]
    public var engine: String?
    public var filesAdded: Int
    public var filesRemoved: Int
}

extension DeltaTable {
    /// The commits that are still kept, newest first.
    /// - Parameter limit: how many at most; nil for all.
    public func history(limit: Int? = nil) throws -> [CommitRecord] {
        let times = try reader.commitTimes(newestState().metaData)
        guard !times.isEmpty else { throw ColumnarError.notATable(path: path) }
        return try times.reversed().prefix(limit ?? .max).map { version, time in
            let actions = try reader.actions(of: version)
            let info = actions.lazy.compactMap { if case .commitInfo(let info) = $0 { info } else { nil } }.first
            return CommitRecord(
                version: version, timestamp: time, operation: info?.operation,
                operationParameters: info?.operationParameters ?? [:], operationMetrics: info?.operationMetrics ?? [:],
                engine: info?.engine,
                filesAdded: actions.count { if case .add = $0 { true } else { false } },
                filesRemoved: actions.count { if case .remove = $0 { true } else { false } })
        }
    }
}
