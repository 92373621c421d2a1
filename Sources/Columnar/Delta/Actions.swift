import Domain

/// One line of the log. Kinds and fields that are not known are skipped, as the protocol demands.
enum Action: Sendable {
    case add(AddAction)
    case remove(RemoveAction)
    case metadata(MetadataAction)
    case protocolVersion(ProtocolAction)
    case transaction(Transaction)
    case commitInfo(JSON)
}

struct AddAction: Hashable, Sendable {
    /// As the log has it: a URI relative to the table, percent-encoded.
    var path: String
    var partitionValues: [String: String?] = [:]
    var size: Int64
    /// Milliseconds since 1970.
    var modificationTime: Int64
    var dataChange = true
    var stats: String?
}

struct RemoveAction: Hashable, Sendable {
    var path: String
    /// Milliseconds since 1970.
    var deletionTimestamp: Int64?
    var dataChange = true
    var partitionValues: [String: String?]?
    var size: Int64?
}

struct MetadataAction: Hashable, Sendable {
    var id: String
    var name: String?
    var description: String?
    var provider = "parquet"
    var schemaString: String
    var partitionColumns: [String] = []
    var configuration: [String: String] = [:]
    var createdTime: Int64?
}

struct ProtocolAction: Hashable, Sendable {
    var minReaderVersion: Int
    var minWriterVersion: Int
    var readerFeatures: [String]?
    var writerFeatures: [String]?

    /// Why the table cannot be read, or nil.
    func readObstacle(_ configuration: [String: String]) -> String? {
        if let feature = readerFeatures?.first(where: { $0 != "timestampNtz" }) {
            return "the table feature \(feature)"
        }
        if minReaderVersion == 2, let mode = configuration["delta.columnMapping.mode"], mode != "none" {
            return "column mapping"
        }
        if minReaderVersion > 3 { return "reader version \(minReaderVersion)" }
        return nil
    }

    /// Why the table cannot be written, or nil.
    var writeObstacle: String? {
        if minWriterVersion == 7 {
            let unknown = (writerFeatures ?? []).first { $0 != "appendOnly" && $0 != "invariants" }
            return unknown.map { "it uses the table feature \($0)" }
        }
        return minWriterVersion > 2 ? "it demands writer version \(minWriterVersion)" : nil
    }
}

extension Action {
    /// - Returns: nil for actions that are of no concern here.
    init?(_ json: JSON) throws {
        guard let member = json.members?.first(where: { Self.names.contains($0.key) && !$0.value.isNull }) else {
            return nil
        }
        let body = member.value
        func need<T>(_ value: T?, _ field: String) throws -> T {
            guard let value else { throw DecodingFault.malformed("a \(member.key) action has no \(field)") }
            return value
        }
        switch member.key {
        case "add":
            try Self.refuseDeletionVector(body)
            self = .add(
                AddAction(
                    path: try need(body["path"]?.string, "path"),
                    partitionValues: body["partitionValues"]?.stringMap ?? [:],
                    size: try need(body["size"]?.int, "size"),
                    modificationTime: body["modificationTime"]?.int ?? 0,
                    dataChange: body["dataChange"]?.bool ?? true, stats: body["stats"]?.string))
        case "remove":
            self = .remove(
                RemoveAction(
                    path: try need(body["path"]?.string, "path"),
                    deletionTimestamp: body["deletionTimestamp"]?.int,
                    dataChange: body["dataChange"]?.bool ?? true,
                    partitionValues: body["partitionValues"]?.stringMap, size: body["size"]?.int))
        case "metaData":
            self = .metadata(
                MetadataAction(
                    id: try need(body["id"]?.string, "id"), name: body["name"]?.string,
                    description: body["description"]?.string,
                    provider: body["format"]?["provider"]?.string ?? "parquet",
                    schemaString: try need(body["schemaString"]?.string, "schemaString"),
                    partitionColumns: (body["partitionColumns"]?.array ?? []).compactMap(\.string),
                    configuration: (body["configuration"]?.stringMap ?? [:]).compactMapValues { $0 },
                    createdTime: body["createdTime"]?.int))
        case "protocol":
            self = .protocolVersion(
                ProtocolAction(
                    minReaderVersion: Int(try need(body["minReaderVersion"]?.int, "minReaderVersion")),
                    minWriterVersion: Int(try need(body["minWriterVersion"]?.int, "minWriterVersion")),
                    readerFeatures: body["readerFeatures"]?.array?.compactMap(\.string),
                    writerFeatures: body["writerFeatures"]?.array?.compactMap(\.string)))
        case "txn":
            self = .transaction(
                Transaction(
                    appID: try need(body["appId"]?.string, "appId"),
                    version: try need(body["version"]?.int, "version")))
        default: self = .commitInfo(body)
        }
    }

    private static let names: Set<String> = ["add", "remove", "metaData", "protocol", "txn", "commitInfo"]

    private static func refuseDeletionVector(_ body: JSON) throws {
        if let vector = body["deletionVector"], !vector.isNull {
            throw DecodingFault.unsupported("deletion vectors")
        }
    }

    var json: JSON {
        switch self {
        case .add(let add):
            .object([
                "add": .object([
                    "path": .string(add.path), "partitionValues": Self.map(add.partitionValues),
                    "size": .int(add.size), "modificationTime": .int(add.modificationTime),
                    "dataChange": .bool(add.dataChange), "stats": add.stats.map { .string($0) },
                ])
            ])
        case .remove(let remove):
            .object([
                "remove": .object([
                    "path": .string(remove.path), "deletionTimestamp": remove.deletionTimestamp.map { .int($0) },
                    "dataChange": .bool(remove.dataChange),
                    "extendedFileMetadata": .bool(remove.partitionValues != nil && remove.size != nil),
                    "partitionValues": remove.partitionValues.map(Self.map), "size": remove.size.map { .int($0) },
                ])
            ])
        case .metadata(let metadata):
            .object([
                "metaData": .object([
                    "id": .string(metadata.id), "name": metadata.name.map { .string($0) },
                    "description": metadata.description.map { .string($0) },
                    "format": .object(["provider": .string(metadata.provider), "options": .object([])]),
                    "schemaString": .string(metadata.schemaString),
                    "partitionColumns": .array(metadata.partitionColumns.map { .string($0) }),
                    "configuration": Self.map(metadata.configuration),
                    "createdTime": metadata.createdTime.map { .int($0) },
                ])
            ])
        case .protocolVersion(let version):
            .object([
                "protocol": .object([
                    "minReaderVersion": .int(Int64(version.minReaderVersion)),
                    "minWriterVersion": .int(Int64(version.minWriterVersion)),
                    "readerFeatures": version.readerFeatures.map { .array($0.map { .string($0) }) },
                    "writerFeatures": version.writerFeatures.map { .array($0.map { .string($0) }) },
                ])
            ])
        case .transaction(let transaction):
            .object([
                "txn": .object([
                    "appId": .string(transaction.appID), "version": .int(transaction.version),
                    "lastUpdated": .int(SystemClock.now.milliseconds),
                ])
            ])
        case .commitInfo(let info): .object(["commitInfo": info])
        }
    }

    static func map(_ values: [String: String?]) -> JSON {
        .object(
            values.sorted { $0.key < $1.key }.map {
                .init(key: $0.key, value: $0.value.map { .string($0) } ?? .null)
            })
    }

    static func map(_ values: [String: String]) -> JSON { map(values.mapValues { Optional($0) }) }
}
