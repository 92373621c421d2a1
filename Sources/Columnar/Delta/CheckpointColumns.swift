/// Gives each kind of action its range of rows and builds the struct columns around it.
struct RowRanges {
    let total: Int
    private var used = 0

    init(total: Int) { self.total = total }

    mutating func next(_ count: Int) -> Range<Int> {
        defer { used += count }
        return used..<used + count
    }

    /// A struct column of `total` rows that is null outside of `rows`; `build` gives the fields' values inside.
    func column(
        _ name: String, _ fields: [Field], _ rows: Range<Int>, _ build: (inout FieldColumns) -> Void
    ) -> (Field, Column) {
        var columns = FieldColumns(before: rows.lowerBound, after: total - rows.upperBound)
        build(&columns)
        let validity = (0..<total).map { rows.contains($0) }
        return (
            Field(name, .structure(fields)),
            .structure(StructColumn(children: columns.columns, count: total, validity: validity))
        )
    }
}

/// Builds the fields of a struct that is null before and after its own rows.
struct FieldColumns {
    let before: Int
    let after: Int
    private(set) var columns: [Column] = []

    init(before: Int, after: Int) {
        self.before = before
        self.after = after
    }

    private func padded<T>(_ values: [T?]) -> [T?] {
        [T?](repeating: nil, count: before) + values + [T?](repeating: nil, count: after)
    }

    mutating func string(_ values: [String?]) { columns.append(.string(BytesColumn(padded(values)))) }

    mutating func int(_ values: [Int64?]) {
        var column = PrimitiveColumn<Int64>()
        for value in padded(values) { column.append(value) }
        columns.append(.int64(column))
    }

    mutating func int32(_ values: [Int32?]) {
        var column = PrimitiveColumn<Int32>()
        for value in padded(values) { column.append(value) }
        columns.append(.int32(column))
    }

    mutating func bool(_ values: [Bool?]) {
        var column = PrimitiveColumn<Bool>()
        for value in padded(values) { column.append(value) }
        columns.append(.bool(column))
    }

    mutating func map(_ values: [[String: String?]?]) {
        var keys = BytesColumn()
        var entries = BytesColumn()
        var offsets: [Int32] = [0]
        let rows = padded(values)
        for row in rows {
            for (key, value) in (row ?? [:]).sorted(by: { $0.key < $1.key }) {
                keys.append(key)
                entries.append(value)
            }
            offsets.append(Int32(keys.count))
        }
        columns.append(
            .map(
                MapColumn(
                    offsets: offsets, keys: .string(keys), values: .string(entries), validity: rows.map { $0 != nil })))
    }

    mutating func strings(_ values: [[String]?]) {
        let rows = padded(values)
        var list = ListColumn(rows.map { $0 ?? [] })
        list.validity = rows.map { $0 != nil }
        columns.append(.list(list))
    }

    mutating func structure(_ build: (inout FieldColumns) -> Void) {
        var inner = FieldColumns(before: before, after: after)
        build(&inner)
        let count = inner.columns[0].count
        let validity = (0..<count).map { $0 >= before && $0 < count - after }
        columns.append(.structure(StructColumn(children: inner.columns, count: count, validity: validity)))
    }
}

/// Reads actions back out of a checkpoint's rows. Columns and fields that are not there count as null.
struct CheckpointRows {
    private let batch: RecordBatch

    init(_ batch: RecordBatch) { self.batch = batch }

    func actions() throws -> [Action] {
        var actions: [Action] = []
        actions.reserveCapacity(batch.rowCount)
        for (field, column) in zip(batch.schema.fields, batch.columns) {
            guard case .structure(let fields) = field.type, let column = column.structures else {
                throw DecodingFault.malformed("column \(field.name) of a checkpoint is no struct")
            }
            let reader = StructRows(fields: fields, column: column)
            for row in 0..<column.count where !column.isNull(at: row) {
                if let action = try action(field.name, reader, row) { actions.append(action) }
            }
        }
        return actions
    }

    private func action(_ kind: String, _ rows: StructRows, _ row: Int) throws -> Action? {
        func need<T>(_ value: T?, _ field: String) throws -> T {
            guard let value else { throw DecodingFault.malformed("a \(kind) action has no \(field)") }
            return value
        }
        switch kind {
        case "txn":
            return .transaction(
                Transaction(
                    appID: try need(rows.string("appId", row), "appId"),
                    version: try need(rows.int("version", row), "version")))
        case "add":
            if let vectors = rows.structure("deletionVector"), !vectors.column.isNull(at: row) {
                throw DecodingFault.unsupported("deletion vectors")
            }
            return .add(
                AddAction(
                    path: try need(rows.string("path", row), "path"),
                    partitionValues: rows.map("partitionValues", row) ?? [:],
                    size: try need(rows.int("size", row), "size"),
                    modificationTime: rows.int("modificationTime", row) ?? 0, dataChange: false,
                    stats: rows.string("stats", row)))
        case "remove":
            return .remove(
                RemoveAction(
                    path: try need(rows.string("path", row), "path"),
                    deletionTimestamp: rows.int("deletionTimestamp", row), dataChange: false,
                    partitionValues: rows.map("partitionValues", row), size: rows.int("size", row)))
        case "metaData":
            return .metadata(
                MetadataAction(
                    id: try need(rows.string("id", row), "id"), name: rows.string("name", row),
                    description: rows.string("description", row),
                    provider: rows.structure("format")?.string("provider", row) ?? "parquet",
                    schemaString: try need(rows.string("schemaString", row), "schemaString"),
                    partitionColumns: rows.strings("partitionColumns", row) ?? [],
                    configuration: (rows.map("configuration", row) ?? [:]).compactMapValues { $0 },
                    createdTime: rows.int("createdTime", row)))
        case "protocol":
            return .protocolVersion(
                ProtocolAction(
                    minReaderVersion: Int(try need(rows.int("minReaderVersion", row), "minReaderVersion")),
                    minWriterVersion: Int(try need(rows.int("minWriterVersion", row), "minWriterVersion")),
                    readerFeatures: rows.strings("readerFeatures", row),
                    writerFeatures: rows.strings("writerFeatures", row)))
        default: return nil
        }
    }
}

/// Fields of a struct column by name.
private struct StructRows {
    let fields: [Field]
    let column: StructColumn

    private func child(_ name: String, _ row: Int) -> Column? {
        guard let index = fields.firstIndex(where: { $0.name == name }) else { return nil }
        let child = column.children[index]
        return child.isNull(at: row) ? nil : child
    }

    func string(_ name: String, _ row: Int) -> String? { child(name, row)?.byteStrings?.string(at: row) }

    func int(_ name: String, _ row: Int) -> Int64? {
        guard let child = child(name, row) else { return nil }
        return child.int64s?[row] ?? child.int32s?[row].map { Int64($0) }
    }

    func map(_ name: String, _ row: Int) -> [String: String?]? {
        guard let map = child(name, row)?.maps, let keys = map.keys.byteStrings, let values = map.values.byteStrings
        else { return nil }
        var result: [String: String?] = [:]
        for i in map.range(of: row) {
            if let key = keys.string(at: i) { result[key] = .some(values.string(at: i)) }
        }
        return result
    }

    func strings(_ name: String, _ row: Int) -> [String]? {
        guard let list = child(name, row)?.lists, let elements = list.elements.byteStrings else { return nil }
        return list.range(of: row).compactMap { elements.string(at: $0) }
    }

    func structure(_ name: String) -> StructRows? {
        guard let index = fields.firstIndex(where: { $0.name == name }),
            case .structure(let inner) = fields[index].type,
            let column = column.children[index].structures
        else { return nil }
        return StructRows(fields: inner, column: column)
    }
}
