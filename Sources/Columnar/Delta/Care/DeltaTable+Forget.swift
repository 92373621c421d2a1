import Domain

/// What ``DeltaTable/forget(_:in:rows:settled:)`` did.
public struct ForgetReport: Hashable, Sendable {
    /// The rows that were deleted, and the files they were in.
    public var rewritten = RewriteReport()
    /// Files of older versions that had such rows and are gone now, those of ``rewritten`` among them.
    public var filesErased = 0
    /// Their bytes.
    public var bytesErased: Int64 = 0
    /// Commits and checkpoints that named the value in bounds of a column, and do no more.
    public var logFilesCleaned = 0
    /// Files with such rows that may belong to a commit under way: they are looked at again by the next call.
    public var unsettled = 0

    public init() {}
}

extension DeltaTable {
    /// Deletes rows for good: they are gone from the newest version, and at once from the files of older ones and from the
    /// bounds in the log. Others may write meanwhile.
    ///
    /// Only files with such rows are written anew or removed; those of the newest version are told by statistics and Bloom
    /// filters as ``delete(where:dryRun:)`` does. Versions that had a removed file cannot be read any more. In the log the
    /// bounds of the column are taken out of each commit that names the value; the commit stays under its name, so that no
    /// writer takes it for free. A checkpoint that names it gives way to one of the newest version.
    ///
    /// It can be made again after a crash at any instant, and then does the rest.
    /// - Parameters:
    ///   - value: what the rows have in `columns`.
    ///   - columns: those whose bounds may name it.
    ///   - match: the rows.
    ///   - settled: in seconds; a file that no version has and that was not written to for so long is a dead writer's.
    public func forget(
        _ value: String, in columns: [String], rows match: RowMatch, settled: Double = 900
    ) throws -> ForgetReport {
        var report = ForgetReport()
        let form = "\(columns.joined(separator: ", ")) names ?"
        let deleted = try deleting(match, form: form)
        report.rewritten = deleted.report
        try eraseFiles(match, known: deleted.paths, settled: settled, &report)
        try cleanLog(of: value, in: columns, &report)
        return report
    }

    /// Removes the files of older versions, and of dead writers, that have such rows.
    private func eraseFiles(
        _ match: RowMatch, known: Set<String>, settled: Double, _ report: inout ForgetReport
    ) throws {
        // Listed first: a file that is in neither was in no commit when it was listed.
        let files = try storage.listData()
        let state = try newestState()
        let snapshot = try Snapshot(storage: storage, state: state)
        let now = Timestamp.now
        let removed = Set(state.tombstones.values.map(\.path))
        for file in files where state.file(at: file.name) == nil && !DeletionVector.isFileName(file.name) {
            var isMeant = known.contains(file.name)
            let wasCommitted = isMeant || removed.contains(file.name)
            let isOld = now.microseconds - file.modified.microseconds > Int64(settled * 1e6)
            if !isMeant {
                do {
                    isMeant = try has(match, file.name, snapshot)
                } catch is ColumnarError where !wasCommitted {
                    // A file that is not whole: still being written, or never to be.
                    isMeant = isOld
                } catch StorageError.missing {
                    continue
                }
            }
            guard isMeant else { continue }
            guard wasCommitted || isOld else {
                report.unsettled += 1
                continue
            }
            try storage.delete(file.name)
            report.filesErased += 1
            report.bytesErased += Int64(file.size)
        }
    }

    /// Whether a file that the newest version does not have has such rows.
    func has(_ match: RowMatch, _ path: String, _ snapshot: Snapshot) throws -> Bool {
        let add = Add(
            path: path, partitionValues: [:], size: 0, modificationTime: 0, dataChange: false, stats: nil)
        // What it lacks was added to the table later, and what lies in folders' names is in no file.
        return try match.count(snapshot.scan([add], columns: match.columns, where: match.predicate)) > 0
    }

    /// Takes a value out of the bounds that commits and checkpoints tell.
    private func cleanLog(of value: String, in columns: [String], _ report: inout ForgetReport) throws {
        let names = NamedBounds(value, in: columns, try snapshot().mapping)
        var checkpoints: [String] = []
        for entry in try storage.list(LogName.folder, from: "") {
            let path = "\(LogName.folder)/\(entry.name)"
            do {
                switch LogName.parse(entry.name) {
                case .commit:
                    guard let cleaned = names.cleaned(try storage.read(path)) else { continue }
                    try storage.replace(path, cleaned)
                    report.logFilesCleaned += 1
                case .checkpoint, .namedCheckpoint:
                    if try names.areIn(CheckpointReader(storage: storage, path: path)) { checkpoints.append(path) }
                case nil:
                    // What other engines put there, and what dead writers left.
                    guard path != LogName.lastCheckpoint, names.search.isFound(in: try storage.read(path)) else {
                        continue
                    }
                    try storage.delete(path)
                    report.logFilesCleaned += 1
                }
            } catch StorageError.missing {
                // Cleaned up by another.
            }
        }
        for entry in try storage.list(LogName.sidecars, from: "") {
            let path = "\(LogName.sidecars)/\(entry.name)"
            if try names.areIn(CheckpointReader(storage: storage, path: path)) { checkpoints.append(path) }
        }
        guard !checkpoints.isEmpty else { return }
        let state = try newestState()
        try CheckpointWriter(storage: storage).write(state, now: .now)
        for path in checkpoints {
            if path != LogName.checkpoint(state.version) { try storage.delete(path) }
            report.logFilesCleaned += 1
        }
    }
}

/// Finds a value among the bounds of some columns in a log.
struct NamedBounds {
    let value: String
    let columns: [String]
    let search: IdentifierSearch
    private static let sides = ["minValues", "maxValues"]

    /// - Parameter mapping: of the table: in bounds a column may have two names, an old one of users and that of files.
    init(_ value: String, in columns: [String], _ mapping: ColumnMapping) {
        self.value = value
        self.columns = columns + (mapping.mode == nil ? [] : mapping.physical(columns))
        search = IdentifierSearch(value)
    }

    /// Whether a file's statistics name it.
    func areIn(_ stats: String?) -> Bool {
        guard let stats else { return false }
        if search.isDistinctive, search.isFound(in: Array(stats.utf8)) { return true }
        guard let json = JSONParser.parse(stats) else { return false }
        return Self.sides.contains { side in
            columns.contains { column in json[side]?[column]?.string.map(isNamed) ?? false }
        }
    }

    /// A long bound is cut, and the greatest one then raised in its last letter.
    private func isNamed(_ bound: String) -> Bool {
        if bound == value { return true }
        // Identifiers that an import has made of an event begin with its source and its user: `csv-u17-…`.
        if let dash = bound.utf8.firstIndex(of: UInt8(ascii: "-")),
            bound.utf8[dash...].starts(with: "-\(value)-".utf8)
        {
            return true
        }
        let count = bound.utf8.count
        return count >= 24 && count < value.utf8.count && value.utf8.starts(with: bound.utf8.dropLast(4))
    }

    func areIn(_ checkpoint: CheckpointReader) throws -> Bool {
        var found = false
        try checkpoint.actions { actions in
            for case .add(let add) in actions where !found { found = areIn(add.stats) }
        }
        return found
    }

    /// A commit without the bounds that name it; nil if it has none.
    func cleaned(_ commit: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        var isChanged = false
        for line in commit.split(separator: 0x0A) {
            if let json = line.withUnsafeBufferPointer({ JSONParser.parse($0) }), let stats = json["add"]?["stats"],
                areIn(stats.string)
            {
                json.replacing("add", json["add"]!.replacing("stats", .string(without(stats.string ?? ""))))
                    .append(to: &result)
                isChanged = true
            } else {
                result += line
            }
            result.append(0x0A)
        }
        return isChanged ? result : nil
    }

    /// Statistics without the bounds of the columns; without any if others name it too.
    private func without(_ stats: String) -> String {
        guard var json = JSONParser.parse(stats) else { return "{}" }
        for side in Self.sides {
            guard let bounds = json[side]?.members else { continue }
            json = json.replacing(side, .object(bounds.filter { !columns.contains($0.name) }))
        }
        if areIn(json.text) { for side in Self.sides { json = json.replacing(side, .object([JSON.Member]())) } }
        return json.text
    }
}

extension JSON {
    /// The object with another value for a member that it has.
    fileprivate func replacing(_ name: String, _ value: JSON) -> JSON {
        guard case .object(let members) = self else { return self }
        return .object(members.map { $0.name == name ? Member(name: name, value: value) : $0 })
    }
}
