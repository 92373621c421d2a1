import Domain

/// Reads one file of a checkpoint: Parquet with one action a row, each action a nullable struct column; or, of version 2,
/// JSON with one a line. One of version 2 may name files that have more actions, its sidecars, in Parquet.
struct CheckpointReader {
    let storage: any Storage
    let path: String
    private static let columns = ["protocol", "metaData", "txn", "add", "remove", "domainMetadata", "sidecar"]

    /// What a checkpoint is handed out as.
    enum Part {
        case actions([Action])
        /// The files that are added, as they lie in a Parquet file.
        case adds(StoredAdds)
    }

    /// Hands out the actions, some at a time, also those of the sidecars.
    /// - Throws: `StorageError.missing` naming a sidecar that is not there.
    func parts(_ body: (Part) throws -> Void) throws {
        for sidecar in try ownParts(body) {
            try CheckpointReader(storage: storage, path: sidecar).ownParts(body)
        }
    }

    /// Hands out the actions one by one, as ``parts(_:)`` does together.
    func actions(_ body: ([Action]) throws -> Void) throws {
        try parts { part in
            switch part {
            case .actions(let actions): try body(actions)
            case .adds(let adds): try body((0..<adds.count).map { .add(adds.add($0)) })
            }
        }
    }

    /// The names of the sidecars.
    func sidecars() throws -> [String] { try ownParts { _ in } }

    /// Hands out the actions of the file itself.
    /// - Returns: the names of its sidecars.
    @discardableResult
    private func ownParts(_ body: (Part) throws -> Void) throws -> [String] {
        var sidecars: [String] = []
        let name = storage.path(of: path)
        func add(_ sidecar: String) throws {
            // Some writers state the whole path; they lie in one folder.
            let file = try PartitionPath.decodedFromLog(
                sidecar.split(separator: "/").last.map(String.init) ?? "", file: name)
            sidecars.append("\(LogName.sidecars)/\(file)")
        }
        guard path.hasSuffix(".json") else {
            try rows(name, body) { try add($0) }
            return sidecars
        }
        var actions: [Action] = []
        try LogReader.lines(of: storage.read(path), file: name) { json in
            if let sidecar = json["sidecar"] {
                guard let path = sidecar["path"]?.string else {
                    throw ColumnarError.malformed(file: name, reason: "a sidecar has no path")
                }
                try add(path)
            } else if let action = try Action(json: json, file: name) {
                actions.append(action)
            }
        }
        try body(.actions(actions))
        return sidecars
    }

    /// The file without what is there in another form too, and without the texts of statistics; and these, if there are any.
    private func open(_ name: String) throws -> (file: ParquetFile, stats: ParquetFile?) {
        let object = try storage.open(path)
        func open(without fields: [String]) throws -> ParquetFile {
            try ParquetFile(
                object: object, name: name, skippingUnsupportedFields: true,
                skippingFields: Set(fields.map { ["add", $0] } + [["remove", "partitionValues_parsed"]]))
        }
        let file = try open(without: ["partitionValues_parsed", "stats_parsed", "stats"])
        guard file.hasValues(["add", "stats"]), case .structure(let fields)? = file.schema["add"]?.type else {
            return (try open(without: ["partitionValues_parsed", "stats"]), nil)
        }
        return (file, try open(without: fields.map(\.name) + ["partitionValues_parsed", "stats_parsed"]))
    }

    private func rows(
        _ name: String, _ body: (Part) throws -> Void, sidecar: (String) throws -> Void
    ) throws {
        let (file, texts) = try open(name)
        let columns = Self.columns.filter { file.schema.index(of: $0) != nil }
        for group in 0..<file.rowGroupCount {
            let batch = try file.read(columns: columns, rowGroup: group)
            var actions: [Action] = []
            for (field, column) in zip(batch.schema.fields, batch.columns) {
                guard let rows = StructRows(column, type: field.type) else {
                    throw ColumnarError.malformed(file: name, reason: "its column \(field.name) is not a struct")
                }
                if field.name == "add" {
                    var stats = StoredStats.none
                    if let texts {
                        stats = .text(try DeferredColumn("add", rowGroup: group, of: texts))
                    } else if let parsed = rows.structure("stats_parsed") {
                        stats = .parsed(ParsedStats(parsed))
                    }
                    try body(.adds(StoredAdds(column, rows, stats: stats, file: name)))
                    continue
                }
                for row in 0..<batch.rowCount where !column.isNull(at: row) {
                    if field.name == "sidecar" {
                        guard let path = rows.string("path", row) else {
                            throw ColumnarError.malformed(file: name, reason: "a sidecar has no path")
                        }
                        try sidecar(path)
                        continue
                    }
                    actions.append(try action(field.name, rows, row, file: name))
                }
            }
            try body(.actions(actions))
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
        case "domainMetadata":
            return .domain(
                DomainMetadata(
                    domain: try demand("domain", rows.string("domain", row)),
                    configuration: try demand("configuration", rows.string("configuration", row)),
                    removed: rows.bool("removed", row) ?? false))
        default:
            let path = try demand("path", rows.string("path", row))
            return .remove(
                Remove(
                    path: try PartitionPath.decodedFromLog(path, file: file), encodedPath: path,
                    deletionTimestamp: rows.int("deletionTimestamp", row), dataChange: false,
                    partitionValues: rows.map("partitionValues", row), size: rows.int("size", row),
                    details: try rows.details(row, file: file)))
        }
    }
}
