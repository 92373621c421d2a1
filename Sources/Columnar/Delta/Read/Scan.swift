import Domain

/// Batches of rows, read as they are asked for: `while let batch = try scan.next()`. One batch is one row group, or
/// what a predicate left of it; memory is bounded by one.
public struct Scan {
    private let storage: any Storage
    /// Of the batches.
    public let schema: Schema
    private let tableSchema: Schema
    private let partitionColumns: Set<String>
    private let mapping: ColumnMapping
    private let predicate: Predicate?
    private let files: [Add]
    /// Of files of which only those rows are read that another vector deletes, that vector; by path.
    private let onlyDeletedBy: [String: DeletionVector]
    private var nextFile = 0
    private var open: OpenFile?

    private struct OpenFile {
        var file: ParquetFile
        var add: Add
        var nextGroup = 0
        /// Rows of the file before that group.
        var rowsBefore: Int64 = 0
        /// Nil if no row of the file is.
        var deleted: DeletedRows?
    }

    init(
        storage: any Storage, schema: Schema, tableSchema: Schema, partitionColumns: Set<String>,
        mapping: ColumnMapping, files: [Add], predicate: Predicate?, onlyDeletedBy: [String: DeletionVector] = [:]
    ) {
        self.storage = storage
        self.schema = schema
        self.tableSchema = tableSchema
        self.partitionColumns = partitionColumns
        self.mapping = mapping
        self.files = files
        self.predicate = predicate
        self.onlyDeletedBy = onlyDeletedBy
    }

    /// The files that are read, after those were left out that the predicate rules out.
    var fileCount: Int { files.count }

    /// The table's columns that are in its files.
    var dataSchema: Schema { Schema(tableSchema.fields.filter { !partitionColumns.contains($0.name) }) }

    /// The next rows; nil after the last.
    /// - Throws: ``ColumnarError`` naming the file that is missing or damaged.
    public mutating func next() throws -> RecordBatch? {
        while true {
            if var current = open {
                if current.nextGroup < current.file.rowGroupCount {
                    let group = current.nextGroup
                    let rows = current.file.rowCount(ofRowGroup: group)
                    let live = current.deleted?.remaining(from: current.rowsBefore, count: rows)
                    current.nextGroup += 1
                    current.rowsBefore += Int64(rows)
                    open = current
                    if live?.isEmpty == true { continue }
                    if let batch = try read(group, live, of: current), batch.rowCount > 0 { return batch }
                } else {
                    open = nil
                }
            } else {
                guard nextFile < files.count else { return nil }
                let add = files[nextFile]
                nextFile += 1
                let name = storage.path(of: add.path)
                let file = try ParquetFile(
                    object: storage.open(add.path), name: name, renaming: mapping.renaming)
                open = OpenFile(file: file, add: add, deleted: try deletedRows(of: add, file))
            }
        }
    }

    /// The rows that are not read; nil if all are.
    private func deletedRows(of add: Add, _ file: ParquetFile) throws -> DeletedRows? {
        func rows(_ vector: DeletionVector) throws -> DeletedRows {
            try DeletionVectorReader(storage: storage).rows(vector, of: file.path, rowCount: file.rowCount)
        }
        let deleted = try add.deletionVector.map(rows)
        guard let other = onlyDeletedBy[add.path] else { return deleted }
        let others = try rows(other).complement(of: file.rowCount)
        return try deleted.map { try others.union($0) } ?? others
    }

    /// - Parameter live: the rows of the group that are not deleted; nil for all.
    private func read(_ group: Int, _ live: RowSelection?, of current: OpenFile) throws -> RecordBatch? {
        guard let predicate else { return try columns(schema, group, live, of: current) }
        var selection = try current.file.selection(of: predicate, rowGroup: group)
        if let live { selection = selection.intersection(live) }
        if selection.isEmpty { return nil }
        // The columns the predicate reads come first: often no row is left to read the others for.
        let tested = Set(predicate.columns)
        let batch = try columns(
            Schema(tableSchema.fields.filter { tested.contains($0.name) }), group, selection, of: current)
        let rows = predicate.rows(of: batch)
        if rows.isEmpty { return nil }
        let others = try columns(
            Schema(schema.fields.filter { !tested.contains($0.name) }), group, selection, of: current)
        let whole = RecordBatch(
            unchecked: schema,
            columns: try schema.names.map {
                try tested.contains($0) ? batch.column(named: $0) : others.column(named: $0)
            },
            rowCount: batch.rowCount)
        return rows.count == whole.rowCount ? whole : whole.gathered(rows)
    }

    /// The columns of `schema` in one row group: from the file, from the partition, or null where the file is older
    /// than the column.
    private func columns(
        _ schema: Schema, _ group: Int, _ selection: RowSelection? = nil, of current: OpenFile
    ) throws -> RecordBatch {
        let file = current.file
        let rows = selection?.count ?? file.rowCount(ofRowGroup: group)
        let stored = schema.fields.filter {
            !partitionColumns.contains($0.name)
                && (file.schema.index(of: $0.name) != nil || file.unsupportedColumns[$0.name] != nil)
        }
        let read = try file.read(columns: stored.map(\.name), rowGroup: group, selection: selection)
        let columns = try schema.fields.map { field in
            if partitionColumns.contains(field.name) {
                let value = try PartitionValue.value(
                    of: current.add.partitionValues[mapping[field.name]] ?? nil, type: field.type, column: field.name,
                    file: storage.location)
                return try Column(repeating: value, field.type, count: rows)
            }
            guard let index = read.schema.index(of: field.name) else {
                return try Column(repeating: .null, field.type, count: rows)
            }
            return try read.columns[index].widened(
                to: field.type, from: read.schema.fields[index].type, name: field.name, file: file.path)
        }
        return RecordBatch(unchecked: schema, columns: columns, rowCount: rows)
    }
}
