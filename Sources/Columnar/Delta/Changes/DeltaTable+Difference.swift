import Domain

extension DeltaTable {
    /// Which rows came and went from one version to another, the earlier or the later one.
    ///
    /// Where the commits between them only added rows, their files alone are read. Else it is the files that one version has
    /// and the other has not; of a file of which only other rows are deleted, only these.
    /// - Parameters:
    ///   - columns: by which rows are compared, and which come out; nil for all.
    ///   - predicate: only rows for which it is true count.
    /// - Throws: as ``Snapshot/scan(columns:where:)``, with the columns of the newer version.
    public func difference(
        from: Snapshot, to: Snapshot, columns: [String]? = nil, where predicate: Predicate? = nil
    ) throws -> TableDifference {
        let newer = from.version > to.version ? from : to
        try newer.checkReadable((columns ?? []) + (predicate?.columns ?? []))
        let schema = try columns.map(newer.schema.selecting) ?? newer.schema
        if let predicate { try predicate.check(newer.schema) }
        try newer.checkTypes((from.version > to.version ? to : from), schema.names + (predicate?.columns ?? []))
        if from.version < to.version,
            case .rows(let rows) = try additions(since: from, until: to)
        {
            return try TableDifference(
                schema: schema, removed: newer.source([], [:], of: from, schema, predicate),
                added: newer.source(rows.adds, [:], of: to, schema, predicate))
        }
        let (removed, kept) = Self.files(of: from, notIn: to)
        let (added, gained) = Self.files(of: to, notIn: from)
        return try TableDifference(
            schema: schema, removed: newer.source(removed, kept, of: from, schema, predicate),
            added: newer.source(added, gained, of: to, schema, predicate))
    }

    /// The files of one version that another has not, or has with other rows deleted; and of these, the vector of the other
    /// one, whose rows alone it does not have.
    private static func files(of one: Snapshot, notIn other: Snapshot) -> ([Add], [String: DeletionVector]) {
        var files: [Add] = []
        var vectors: [String: DeletionVector] = [:]
        for add in one.adds where !other.state.files.contains(add.key) {
            if let twin = other.state.file(at: add.path) {
                // Without a vector it has every row of the file.
                guard let vector = twin.deletionVector else { continue }
                vectors[add.path] = vector
            }
            files.append(add)
        }
        return (files, vectors)
    }
}

extension Snapshot {
    /// - Throws: ``ColumnarError`` if a column had another type before, which its values cannot be read as.
    fileprivate func checkTypes(_ older: Snapshot, _ columns: [String]) throws {
        for name in columns {
            guard let now = schema[name]?.type, let then = older.schema[name]?.type, now.family != then.family else {
                continue
            }
            throw ColumnarError.unsupported(
                file: storage.location,
                feature:
                    "a difference of versions \(older.version) and \(version) by column \(name), which was \(then) and is "
                    + "\(now): leave it out (--columns)")
        }
    }

    /// Files of `version`, read as this version has its columns: with their partition values by its own partition columns.
    fileprivate func source(
        _ files: [Add], _ onlyDeletedBy: [String: DeletionVector], of version: Snapshot, _ schema: Schema,
        _ predicate: Predicate?
    ) throws -> RowSource {
        let physical = Set(version.physicalPartitionColumns)
        let partitionColumns = self.schema.names.filter { physical.contains(mapping[$0]) }
        let pruner = FilePruner(
            schema: self.schema, partitionColumns: partitionColumns, mapping: mapping, table: storage.location)
        return RowSource(
            storage: storage, schema: schema, tableSchema: self.schema, partitionColumns: Set(partitionColumns),
            mapping: mapping,
            files: try predicate.map { predicate in try files.filter { try pruner.mayMatch(predicate, $0) } } ?? files,
            onlyDeletedBy: onlyDeletedBy, predicate: predicate)
    }
}

extension ColumnType {
    /// What a value is: within one family a type may have become a wider one.
    fileprivate var family: String {
        switch self {
        case .list: "list"
        case .map: "map"
        case .structure: "struct"
        case .string, .binary: "text"
        case .bool: "truth value"
        case .date, .timestamp, .localTimestamp: "time"
        default: "number"
        }
    }
}
