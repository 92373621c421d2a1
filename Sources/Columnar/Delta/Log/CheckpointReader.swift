import Domain

/// Reads one file of a classic checkpoint: a Parquet file with one action a row, each action a nullable struct column.
struct CheckpointReader {
    let storage: any Storage
    let path: String
    private static let columns = ["protocol", "metaData", "txn", "add", "remove"]

    /// Hands out the actions, one row group at a time.
    func actions(_ body: ([Action]) throws -> Void) throws {
        let name = storage.path(of: path)
        let file = try ParquetFile(object: storage.open(path), name: name, skippingUnsupportedFields: true)
        let columns = Self.columns.filter { file.schema.index(of: $0) != nil }
        for group in 0..<file.rowGroupCount {
            let batch = try file.read(columns: columns, rowGroup: group)
            var actions: [Action] = []
            for (field, column) in zip(batch.schema.fields, batch.columns) {
                guard let rows = StructRows(column, type: field.type) else {
                    throw ColumnarError.malformed(file: name, reason: "its column \(field.name) is not a struct")
                }
                for row in 0..<batch.rowCount where !column.isNull(at: row) {
                    actions.append(try action(field.name, rows, row, file: name))
                }
            }
            try body(actions)
        }
    }

    private func action(_ name: String, _ rows: StructRows, _ row: Int, file: String) throws -> Action {
        func demand<Value>(_ field: String, _ value: Value?) throws -> Value {
            guard let value else {
                throw ColumnarError.malformed(file: file, reason: "a \(name) action has no valid \(field)")
            }
            return value
        }
        switch name {
        case "protocol":
            return .versions(
                ProtocolAction(
                    minReaderVersion: try demand("minReaderVersion", rows.int("minReaderVersion", row)),
                    minWriterVersion: try demand("minWriterVersion", rows.int("minWriterVersion", row)),
                    readerFeatures: rows.strings("readerFeatures", row),
                    writerFeatures: rows.strings("writerFeatures", row)))
        case "metaData":
            let format = rows.structure("format")
            return .metaData(
                MetaData(
                    id: try demand("id", rows.string("id", row)), name: rows.string("name", row),
                    description: rows.string("description", row),
                    formatProvider: format?.string("provider", row) ?? "parquet",
                    formatOptions: (format?.map("options", row) ?? [:]).compactMapValues(\.self),
                    schemaString: try demand("schemaString", rows.string("schemaString", row)),
                    partitionColumns: rows.strings("partitionColumns", row) ?? [],
                    configuration: (rows.map("configuration", row) ?? [:]).compactMapValues(\.self),
                    createdTime: rows.int("createdTime", row)))
        case "txn":
            return .transaction(
                SetTransaction(
                    appID: try demand("appId", rows.string("appId", row)),
                    version: try demand("version", rows.int("version", row)),
                    lastUpdated: rows.int("lastUpdated", row)))
        case "add":
            if rows.hasStructure("deletionVector", row) {
                throw ColumnarError.unsupported(file: file, feature: "deletion vectors")
            }
            let path = try demand("path", rows.string("path", row))
            return .add(
                Add(
                    path: try PartitionPath.decodedFromLog(path, file: file), encodedPath: path,
                    partitionValues: rows.map("partitionValues", row) ?? [:],
                    size: try demand("size", rows.int("size", row)),
                    modificationTime: rows.int("modificationTime", row) ?? 0, dataChange: false,
                    stats: rows.string("stats", row),
                    tags: rows.map("tags", row)?.compactMapValues(\.self)))
        default:
            let path = try demand("path", rows.string("path", row))
            return .remove(
                Remove(
                    path: try PartitionPath.decodedFromLog(path, file: file), encodedPath: path,
                    deletionTimestamp: rows.int("deletionTimestamp", row), dataChange: false,
                    partitionValues: rows.map("partitionValues", row), size: rows.int("size", row)))
        }
    }
}

/// The fields of a struct column by name. A field that is absent is null.
private struct StructRows {
    private var fields: [String: (column: Column, type: ColumnType)] = [:]

    init?(_ column: Column, type: ColumnType) {
        guard let structure = column.structures, case .structure(let types) = type else { return nil }
        for (field, child) in zip(types, structure.children) { fields[field.name] = (child, field.type) }
    }

    func string(_ name: String, _ row: Int) -> String? {
        guard case .string(let column)? = fields[name]?.column else { return nil }
        return column.string(at: row)
    }

    func int(_ name: String, _ row: Int) -> Int64? {
        switch fields[name]?.column {
        case .int32(let column)?: column[row].map { Int64($0) }
        case .int64(let column)?: column[row]
        default: nil
        }
    }

    func strings(_ name: String, _ row: Int) -> [String]? {
        guard case .list(let list)? = fields[name]?.column, !list.isNull(at: row),
            case .string(let elements) = list.elements
        else { return nil }
        return list.range(of: row).compactMap { elements.string(at: $0) }
    }

    func map(_ name: String, _ row: Int) -> [String: String?]? {
        guard case .map(let map)? = fields[name]?.column, !map.isNull(at: row), case .string(let keys) = map.keys,
            case .string(let values) = map.values
        else { return nil }
        var result: [String: String?] = [:]
        for entry in map.range(of: row) {
            if let key = keys.string(at: entry) { result.updateValue(values.string(at: entry), forKey: key) }
        }
        return result
    }

    func structure(_ name: String) -> StructRows? { fields[name].flatMap { StructRows($0.column, type: $0.type) } }

    func hasStructure(_ name: String, _ row: Int) -> Bool {
        guard let column = fields[name]?.column, column.structures != nil else { return false }
        return !column.isNull(at: row)
    }
}
