import Domain

/// Rows of a snapshot, a batch for each row group, read as they are asked for:
///
///     var scan = try snapshot.scan(columns: ["user_id", "value"])
///     while let batch = try scan.next() { … }
public struct Scan {
    private let snapshot: Snapshot
    private let output: Schema
    private let needed: Schema
    private let predicate: Predicate?
    private let codec = BlockCodec()
    private var files: ArraySlice<AddAction>
    private var file: ParquetFile?
    private var partition: [String: Value] = [:]
    private var rowGroup = 0

    /// The columns of the batches.
    public var schema: Schema { output }

    init(snapshot: Snapshot, adds: [AddAction], output: Schema, needed: Schema, predicate: Predicate?) {
        self.snapshot = snapshot
        self.output = output
        self.needed = needed
        self.predicate = predicate
        files = adds[...]
    }

    /// The next rows, nil at the end. Batches are never empty.
    public mutating func next() throws -> RecordBatch? {
        while true {
            if let file, rowGroup < file.rowGroupCount {
                defer { rowGroup += 1 }
                if let batch = try read(file, rowGroup), batch.rowCount > 0 { return batch }
                continue
            }
            guard let add = files.popFirst() else { return nil }
            let storage = snapshot.storage
            let name = try naming(storage.location) { try PartitionPath.name(ofLogPath: add.path) }
            file = try ParquetFile(object: try storage.open(name), name: storage.path(of: name))
            partition = try snapshot.partitionValues(add)
            rowGroup = 0
        }
    }

    private func read(_ file: ParquetFile, _ group: Int) throws -> RecordBatch? {
        if let predicate, file.rulesOut(predicate, rowGroup: group, partition: partition) { return nil }
        let rows = file.rowCount(ofRowGroup: group)
        let stored = needed.names.filter { partition[$0] == nil && file.has($0) }
        let batch = try file.read(columns: stored, rowGroup: group, codec: codec)
        let columns = try needed.fields.map { field -> Column in
            if let value = partition[field.name] { return try Column(repeating: value, field.type, count: rows) }
            guard let index = batch.schema.index(of: field.name) else {
                return try Column(repeating: .null, field.type, count: rows)
            }
            return try batch.columns[index].widened(
                to: field.type, from: batch.schema.fields[index].type, name: field.name, file: file.path)
        }
        let all = RecordBatch(unchecked: needed, columns: columns, rowCount: rows)
        guard let predicate else { return all.selecting(output) }
        let mask = try predicate.evaluate(all)
        return all.selecting(output).filtered(by: mask)
    }
}

extension ParquetFile {
    func has(_ column: String) -> Bool { columns.contains { $0.name == column } }

    /// Whether the statistics of a row group show that none of its rows can satisfy `predicate`.
    func rulesOut(_ predicate: Predicate, rowGroup: Int, partition: [String: Value] = [:]) -> Bool {
        let group = metadata.rowGroups[rowGroup]
        return predicate.rulesOut { name in
            if let value = partition[name] {
                return KnownBounds(
                    minimum: value, maximum: value, mayHaveNulls: value == .null, isAllNull: value == .null)
            }
            guard let column = columns.first(where: { $0.name == name }),
                case .supported(_, .leaf(let leaf, _)) = column.content
            else { return KnownBounds() }
            let bounds = BoundValues(
                chunk: group.columns[leaf.index], leaf: leaf, trusted: metadata.hasColumnOrders)
            return KnownBounds(
                minimum: bounds.minimum, maximum: bounds.maximum, mayHaveNulls: bounds.nullCount != 0,
                isAllNull: bounds.nullCount != nil && bounds.nullCount == group.rowCount)
        }
    }
}
