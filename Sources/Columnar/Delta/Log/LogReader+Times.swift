import Domain

/// When versions were committed. A table with in-commit timestamps states it in each commit; of others the time of the
/// commit's file counts, which copying a table changes. Delta protocol, "In-Commit Timestamps".
extension LogReader {
    /// The commits with their times, oldest first.
    /// - Parameter metaData: of the newest version.
    func commitTimes(_ metaData: MetaData?) throws -> [(version: Int64, time: Timestamp)] {
        let since = metaData?.inCommitTimestampsSince ?? .max
        return try fileTimes().map { version, time in
            (version, version < since ? time : try statedTime(of: version) ?? time)
        }
    }

    /// The newest version committed at or before `time` that can still be read. Of those that state their times it opens
    /// as many as halving takes.
    func version(asOf time: Timestamp) throws -> Int64 {
        guard let earliest = try listing().earliest else { throw ColumnarError.notATable(path: table) }
        let files = try fileTimes().filter { $0.version >= earliest }
        let since = try load().metaData?.inCommitTimestampsSince ?? .max
        let stating = files.filter { $0.version >= since }
        var (low, high) = (0, stating.count)
        while low < high {
            let middle = (low + high) / 2
            let stated = try statedTime(of: stating[middle].version) ?? stating[middle].time
            if stated <= time { low = middle + 1 } else { high = middle }
        }
        if low > 0 {
            let match = stating[low - 1]
            return try followed(match.version, of: statedTime(of: match.version) ?? match.time, at: time, in: files)
        }
        let older = files.filter { $0.version < since }
        if let match = older.last(where: { $0.time <= time }) {
            return try followed(match.version, of: match.time, at: time, in: files)
        }
        let first = try older.first?.time ?? stating.first.map { try statedTime(of: $0.version) ?? $0.time }
        throw ColumnarError.noVersionAt(table: table, time: time, earliest: first ?? Timestamp(microseconds: 0))
    }

    /// The version, committed at `own`, unless others came after it before `time` that are no longer kept: see
    /// ``KeptVersions``.
    private func followed(
        _ version: Int64, of own: Timestamp, at time: Timestamp, in files: [(version: Int64, time: Timestamp)]
    ) throws -> Int64 {
        guard own < time, let next = files.first(where: { $0.version > version }), next.version != version + 1,
            try KeptVersions(storage: storage).entries().contains(where: { $0.version == version })
        else { return version }
        throw ColumnarError.versionNotKept(table: table, time: time, before: version, after: next.version)
    }

    /// What a commit says of its own time; nil if it says nothing, or is not there.
    func statedTime(of version: Int64) throws -> Timestamp? {
        guard try storage.status(LogName.commit(version)) != nil else { return nil }
        return try actions(of: version).statedTime
    }

    /// Times never go down: a copy of a table may have them in any order.
    private func fileTimes() throws -> [(version: Int64, time: Timestamp)] {
        var newest = Timestamp(microseconds: .min)
        return try storage.list(LogName.folder, from: LogName.digits(0)).compactMap { entry in
            guard case .commit(let version)? = LogName.parse(entry.name) else { return nil }
            newest = max(newest, entry.modified)
            return (version, newest)
        }
    }
}

extension [Action] {
    /// The in-commit timestamp of a commit with these actions.
    var statedTime: Timestamp? {
        for case .commitInfo(let info) in self {
            return info.json["inCommitTimestamp"]?.int.map { Timestamp(milliseconds: $0) }
        }
        return nil
    }
}
