import Domain

/// Batches of rows, read as they are asked for: `while let batch = try scan.next()`. One batch is one row group, or
/// what a predicate left of it; memory is bounded by one.
public struct Scan {
    private let storage: any Storage
    /// Of the batches.
    public let schema: Schema
    private let tableSchema: Schema
    private let partitionColumns: Set<String>
    private let predicate: Predicate?
    private let files: [Add]
    private var nextFile = 0
    private var open: OpenFile?

    private struct OpenFile {
        var file: ParquetFile
        var add: Add
        var nextGroup = 0
    }

    init(
        storage: any Storage, schema: Schema, tableSchema: Schema, partitionColumns: Set<String>, files: [Add],
        predicate: Predicate?
    ) {
        self.storage = storage
        self.schema = schema
        self.tableSchema = tableSchema
        self.partitionColumns = partitionColumns
        self.files = files
        self.predicate = predicate
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
                    current.nextGroup += 1
                    open = current
                    if let batch = try read(group, of: current), batch.rowCount > 0 { return batch }
                } else {
                    open = nil
                }
            } else {
                guard nextFile < files.count else { return nil }
                let add = files[nextFile]
                nextFile += 1
                let name = storage.path(of: add.path)
                open = OpenFile(file: try ParquetFile(object: storage.open(add.path), name: name), add: add)
            }
        }
    }

    private func read(_ group: Int, of current: OpenFile) throws -> RecordBatch? {
        guard let predicate else { return try columns(schema, group, of: current) }
        let selection = try current.file.selection(of: predicate, rowGroup: group)
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
                    of: current.add.partitionValues[field.name] ?? nil, type: field.type, column: field.name,
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
