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
        let times = try reader.commitTimes()
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

extension LogReader {
    /// The commits with their times, oldest first. Times never go down: a copy of a table may have them in any order.
    func commitTimes() throws -> [(version: Int64, time: Timestamp)] {
        var newest = Timestamp(microseconds: .min)
        return try storage.list(LogName.folder, from: LogName.digits(0)).compactMap { entry in
            guard case .commit(let version)? = LogName.parse(entry.name) else { return nil }
            newest = max(newest, entry.modified)
            return (version, newest)
        }
    }

    /// The newest version committed at or before `time` that can still be read.
    func version(asOf time: Timestamp) throws -> Int64 {
        let listing = try listing()
        guard let earliest = listing.earliest else { throw ColumnarError.notATable(path: table) }
        let times = try commitTimes().filter { $0.version >= earliest }
        guard let match = times.last(where: { $0.time <= time }) else {
            throw ColumnarError.noVersionAt(
                table: table, time: time, earliest: times.first?.time ?? Timestamp(microseconds: 0))
        }
        return match.version
    }
}
