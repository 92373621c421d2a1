/// One action on one line of a commit file. Field names and what readers demand: Delta protocol, section "Actions".
extension Action {
    /// - Returns: nil for an action or line that is to be skipped.
    /// - Throws: ``ColumnarError`` if an action lacks what it cannot do without.
    init?(json: JSON, file: String) throws {
        guard let members = json.members else {
            throw ColumnarError.malformed(file: file, reason: "a line is not a JSON object")
        }
        for member in members where member.value != .null {
            let reader = ActionReader(json: member.value, name: member.name, file: file)
            switch member.name {
            case "protocol": self = .versions(try ProtocolAction(reader))
            case "metaData": self = .metaData(try MetaData(reader))
            case "add": self = .add(try Add(reader))
            case "remove": self = .remove(try Remove(reader))
            case "txn":
                self = .transaction(
                    SetTransaction(
                        appID: try reader.string("appId"), version: try reader.int("version"),
                        lastUpdated: member.value["lastUpdated"]?.int))
            case "commitInfo": self = .commitInfo(CommitInfo(json: member.value))
            case "domainMetadata":
                self = .domain(
                    DomainMetadata(
                        domain: try reader.string("domain"), configuration: try reader.string("configuration"),
                        removed: try reader.bool("removed")))
            default: continue
            }
            return
        }
        return nil
    }

    var json: JSON {
        switch self {
        case .versions(let action):
            .object([
                "protocol": .object([
                    "minReaderVersion": .int(action.minReaderVersion),
                    "minWriterVersion": .int(action.minWriterVersion),
                    "readerFeatures": action.readerFeatures.map { .strings($0) },
                    "writerFeatures": action.writerFeatures.map { .strings($0) },
                ])
            ])
        case .metaData(let action):
            .object([
                "metaData": .object([
                    "id": .string(action.id), "name": action.name.map { .string($0) },
                    "description": action.description.map { .string($0) },
                    "format": .object([
                        "provider": .string(action.formatProvider), "options": .object(action.formatOptions),
                    ]),
                    "schemaString": .string(action.schemaString),
                    "partitionColumns": .strings(action.partitionColumns),
                    "configuration": .object(action.configuration), "createdTime": action.createdTime.map { .int($0) },
                ])
            ])
        case .add(let action):
            .object([
                "add": .object([
                    "path": .string(action.encodedPath),
                    "partitionValues": Self.json(action.partitionValues), "size": .int(action.size),
                    "modificationTime": .int(action.modificationTime), "dataChange": .bool(action.dataChange),
                    "stats": action.stats.map { .string($0) }, "tags": action.tags.map { .object($0) },
                    "deletionVector": action.deletionVector?.json,
                    "baseRowId": action.details?.baseRowID.map { .int($0) },
                    "defaultRowCommitVersion": action.details?.defaultRowCommitVersion.map { .int($0) },
                    "clusteringProvider": action.details?.clusteringProvider.map { .string($0) },
                ])
            ])
        case .remove(let action):
            .object([
                "remove": .object([
                    "path": .string(action.encodedPath),
                    "deletionTimestamp": action.deletionTimestamp.map { .int($0) },
                    "dataChange": .bool(action.dataChange),
                    "extendedFileMetadata": .bool(action.partitionValues != nil && action.size != nil),
                    "partitionValues": action.partitionValues.map(Self.json), "size": action.size.map { .int($0) },
                    "deletionVector": action.deletionVector?.json,
                    "baseRowId": action.details?.baseRowID.map { .int($0) },
                    "defaultRowCommitVersion": action.details?.defaultRowCommitVersion.map { .int($0) },
                ])
            ])
        case .transaction(let action):
            .object([
                "txn": .object([
                    "appId": .string(action.appID), "version": .int(action.version),
                    "lastUpdated": action.lastUpdated.map { .int($0) },
                ])
            ])
        case .commitInfo(let action): .object(["commitInfo": action.json])
        case .domain(let action):
            .object([
                "domainMetadata": .object([
                    "domain": .string(action.domain), "configuration": .string(action.configuration),
                    "removed": .bool(action.removed),
                ])
            ])
        }
    }

    private static func json(_ partitionValues: [String: String?]) -> JSON {
        .object(
            partitionValues.sorted { $0.key < $1.key }.map {
                JSON.Member(name: $0.key, value: $0.value.map { .string($0) } ?? .null)
            })
    }
}

/// The fields an action cannot do without.
private struct ActionReader {
    var json: JSON
    var name: String
    var file: String

    func string(_ field: String) throws -> String { try demand(field, json[field]?.string) }
    func int(_ field: String) throws -> Int64 { try demand(field, json[field]?.int) }
    func bool(_ field: String) throws -> Bool { try demand(field, json[field]?.bool) }

    func demand<Value>(_ field: String, _ value: Value?) throws -> Value {
        guard let value else {
            throw ColumnarError.malformed(file: file, reason: "a \(name) action has no valid \(field)")
        }
        return value
    }

    func path() throws -> String { try PartitionPath.decodedFromLog(string("path"), file: file) }

    func partitionValues() -> [String: String?]? {
        guard let members = json["partitionValues"]?.members else { return nil }
        return Dictionary(members.map { ($0.name, $0.value.string) }, uniquingKeysWith: { first, _ in first })
    }

    /// Nil if there is nothing to keep.
    /// - Throws: ``ColumnarError`` for a deletion vector that is none: without it deleted rows would come back.
    func details() throws -> FileDetails? {
        let vector = try json["deletionVector"].map { try demand("deletionVector", DeletionVector(json: $0)) }
        let (row, version) = (json["baseRowId"]?.int, json["defaultRowCommitVersion"]?.int)
        let provider = json["clusteringProvider"]?.string
        if vector == nil, row == nil, version == nil, provider == nil { return nil }
        return FileDetails(
            deletionVector: vector, baseRowID: row, defaultRowCommitVersion: version, clusteringProvider: provider)
    }
}

extension ProtocolAction {
    fileprivate init(_ reader: ActionReader) throws {
        self.init(
            minReaderVersion: try reader.int("minReaderVersion"), minWriterVersion: try reader.int("minWriterVersion"),
            readerFeatures: reader.json["readerFeatures"]?.array?.compactMap(\.string),
            writerFeatures: reader.json["writerFeatures"]?.array?.compactMap(\.string))
    }
}

extension MetaData {
    fileprivate init(_ reader: ActionReader) throws {
        self.init(
            id: try reader.string("id"), name: reader.json["name"]?.string,
            description: reader.json["description"]?.string,
            formatProvider: reader.json["format"]?["provider"]?.string ?? "parquet",
            formatOptions: reader.json["format"]?["options"]?.strings ?? [:],
            schemaString: try reader.string("schemaString"),
            partitionColumns: reader.json["partitionColumns"]?.array?.compactMap(\.string) ?? [],
            configuration: reader.json["configuration"]?.strings ?? [:],
            createdTime: reader.json["createdTime"]?.int)
    }
}

extension Add {
    fileprivate init(_ reader: ActionReader) throws {
        self.init(
            path: try reader.path(), encodedPath: try reader.string("path"),
            partitionValues: reader.partitionValues() ?? [:], size: try reader.int("size"),
            modificationTime: reader.json["modificationTime"]?.int ?? 0,
            dataChange: reader.json["dataChange"]?.bool ?? true, stats: reader.json["stats"]?.string,
            tags: reader.json["tags"].map(\.strings), details: try reader.details())
    }
}

extension Remove {
    fileprivate init(_ reader: ActionReader) throws {
        self.init(
            path: try reader.path(), encodedPath: try reader.string("path"),
            deletionTimestamp: reader.json["deletionTimestamp"]?.int,
            dataChange: reader.json["dataChange"]?.bool ?? true, partitionValues: reader.partitionValues(),
            size: reader.json["size"]?.int, details: try reader.details())
    }
}
