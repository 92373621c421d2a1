import Domain

/// What the log says of the rows that came between two versions.
public enum Additions: Sendable {
    /// No row went, and those that came are the rows of some files.
    case rows(AddedRows)
    /// It does not follow from the log which rows came; why, as a clause such as `version 7 removed or rewrote rows (DELETE)`.
    case unknown(reason: String)
}

/// The files whose rows came between two versions.
public struct AddedRows: Sendable {
    let adds: [Add]
    private let later: Snapshot

    fileprivate init(_ adds: [Add], _ later: Snapshot) {
        self.adds = adds
        self.later = later
    }

    /// How many files they are.
    public var fileCount: Int { adds.count }

    /// The rows, as the later version has its columns.
    /// - Throws: as ``Snapshot/scan(columns:where:)``.
    public func scan(columns: [String]? = nil, where predicate: Predicate? = nil) throws -> Scan {
        try later.scan(adds, columns: columns, where: predicate)
    }
}

extension DeltaTable {
    /// The rows that came from one version to a later one, by the commits between them alone: the files of those that only
    /// rearranged rows are not read.
    ///
    /// What commits state is checked against the number of rows before and after. Where that is not known the answer is
    /// ``Additions/unknown(reason:)``, as it is when a file that was added is gone from the disk.
    /// - Throws: ``ColumnarError/malformed(file:reason:)`` for a commit that is damaged, and what the storage throws.
    public func additions(since earlier: Snapshot, until later: Snapshot) throws -> Additions {
        guard earlier.version <= later.version else {
            return .unknown(reason: "version \(earlier.version) is newer than \(later.version)")
        }
        guard earlier.tableID == later.tableID, later.hasColumns(of: earlier.state.metaData) else {
            return .unknown(reason: "the table's columns are not those of version \(earlier.version)")
        }
        var adds: [Add] = []
        var seen: Set<String> = []
        for number in earlier.version..<later.version {
            let number = number + 1
            let actions: [Action]
            do {
                actions = try reader.actions(of: number)
            } catch StorageError.missing {
                return .unknown(reason: "the log no longer has the commit of version \(number)")
            }
            if let reason = later.obstacle(actions) { return .unknown(reason: "version \(number) \(reason)") }
            for case .add(let add) in actions where add.dataChange {
                guard earlier.state.file(at: add.path) == nil, seen.insert(add.path).inserted else {
                    return .unknown(reason: "version \(number) added \(add.path) again")
                }
                adds.append(add)
            }
        }
        guard let before = earlier.rowCount, let after = later.rowCount, let added = Self.rowCount(of: adds) else {
            return .unknown(reason: "the log does not state how many rows each file has")
        }
        guard before + added == after else {
            return .unknown(
                reason:
                    "\(before) rows and \(added) that were added do not make the \(after) of version \(later.version)")
        }
        for add in adds where !later.state.files.contains(add.key) {
            if try storage.status(add.path) == nil {
                return .unknown(reason: "\(add.path), which was added and merged since, is no longer on the disk")
            }
        }
        return .rows(AddedRows(adds, later))
    }

    private static func rowCount(of adds: [Add]) -> Int64? {
        var sum: Int64 = 0
        for add in adds {
            guard let rows = FileBounds(add).rowCount else { return nil }
            sum += rows
        }
        return sum
    }
}

extension Snapshot {
    /// Whether the columns and partitions of a state of the table are those of this version.
    fileprivate func hasColumns(of other: MetaData?) -> Bool {
        guard let mine = state.metaData, let other else { return false }
        let mode = ColumnMapping.modeProperty
        return mine.schemaString == other.schemaString && mine.partitionColumns == other.partitionColumns
            && mine.configuration[mode] == other.configuration[mode]
    }

    /// What a commit before this version did beside adding and rearranging rows; nil if nothing.
    fileprivate func obstacle(_ actions: [Action]) -> String? {
        for action in actions {
            switch action {
            case .remove(let remove) where remove.dataChange:
                var operation: String?
                for case .commitInfo(let info) in actions { operation = info.operation }
                return "removed or rewrote rows" + (operation.map { " (\($0))" } ?? "")
            case .metaData(let metaData) where !hasColumns(of: metaData): return "changed the table's columns"
            default: break
            }
        }
        return nil
    }
}
