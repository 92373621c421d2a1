import Domain
import HTTPClient
import Store

extension ElasticsearchClient {
    /// Sees to it that there is an index of ours: makes it with a strict mapping if it is absent; otherwise it, or the one index
    /// behind an alias, must have the fields that similarity reads and be open and writable.
    /// - Parameter shards: Statistics are kept by shard: with more than one, scores are no longer those of the embedded
    ///   index.
    /// - Throws: ``CatalogError`` `indexMismatch` for an index with other fields or an alias of several, `malformedIndexName`,
    ///   `indexClosed`, `indexBlocked`, `searchUnavailable`, `searchRefused`, `searchProtocol`.
    public func createIndex(shards: Int = 1, replicas: Int = 0) async throws {
        try configuration.checkIndexName()
        if try await isOpen() { return }
        var body = JSONWriter()
        SearchIndex.films(factors: nil).write(
            shards: shards, replicas: replicas, for: .elasticsearch, to: &body)
        // Another process may make it at the same moment: resource_already_exists_exception.
        let answer = try await send(
            .put, "/\(configuration.index)", body: body, deadline: configuration.indexingDeadline, accepting: [400])
        guard let error = answer.object("error") else { return }
        guard error.text("type") == "resource_already_exists_exception" else {
            throw CatalogError.searchProtocol(server: server, reason: error.text("reason") ?? "it creates no index")
        }
        _ = try await isOpen()
    }

    /// Looks at the index, or at what the alias stands for.
    /// - Returns: false if there is none.
    private func isOpen() async throws -> Bool {
        let answer: JSONObject
        do {
            answer = try await send(.get, "/\(configuration.index)", deadline: configuration.indexingDeadline)
        } catch CatalogError.indexMissing {
            return false
        }
        let names = answer.values.keys.sorted()
        guard names.count == 1, let name = names.first, let index = answer.object(name) else {
            let shown = names.prefix(5).joined(separator: ", ")
            throw mismatch("it is an alias of \(names.count) indices (\(shown)), and films can be written to one only")
        }
        let alias = index.object("aliases")?.object(configuration.index)
        guard name == configuration.index || alias != nil else { throw mismatch("it is a data stream") }
        if alias?.values["is_write_index"] as? Bool == false {
            throw mismatch("its alias is not for writing (is_write_index is false)")
        }
        if alias?.values["filter"] != nil { throw mismatch("its alias has a filter, and similarity needs all films") }
        let absent = try checkMapping(index.object("mappings"))
        let settings = index.object("settings")?.object("index")
        if settings?.flag("verified_before_close") == true {
            throw CatalogError.indexClosed(server: server, index: configuration.index)
        }
        let blocks = settings?.object("blocks")
        for block in ["read", "read_only", "read_only_allow_delete", "write"] where blocks?.flag(block) == true {
            let cause = block == "read_only_allow_delete" ? ", which is set when a disk is nearly full" : ""
            throw CatalogError.indexBlocked(
                server: server, index: configuration.index, reason: "index.blocks.\(block)\(cause)")
        }
        if !absent.isEmpty { try await add(absent) }
        return true
    }

    private func mismatch(_ reason: String) -> CatalogError {
        .indexMismatch(server: server, index: configuration.index, reason: reason)
    }

    /// Every field that a film has must be mapped as ours is, or not at all where the index takes new fields by itself.
    /// - Returns: fields that the index lacks because it was made before there were such.
    @discardableResult
    func checkMapping(_ mappings: JSONObject?) throws -> [String] {
        let properties = mappings?.object("properties")
        let needed = Dictionary(
            uniqueKeysWithValues: ContentField.allCases.map { ($0.name, $0.isKeyword ? "keyword" : "text") }
                + [(MovieColumn.itemID, "keyword")])
        for (name, type) in needed.sorted(by: { $0.key < $1.key }) {
            let found = properties?.object(name)?.text("type")
            guard found == type else {
                throw mismatch("its field \(name) is \(found ?? "absent") and not \(type)")
            }
        }
        let isStrict = mappings?.text("dynamic") == "strict"
        var absent: [String] = []
        for (type, names) in FilmIndex.plainFields {
            for name in names where needed[name] == nil {
                guard let field = properties?.object(name) else {
                    guard isStrict else { continue }
                    guard FilmIndex.laterFields.contains(name) else {
                        throw mismatch("its field \(name) is absent, and it takes no new ones")
                    }
                    absent.append(name)
                    continue
                }
                let found = field.text("type") ?? "object"
                guard found == type || Self.takes[type]?.contains(found) == true else {
                    throw mismatch("its field \(name) is \(found) and not \(type)")
                }
            }
        }
        return absent
    }

    private func add(_ fields: [String]) async throws {
        var body = JSONWriter()
        body.object { body in
            body.field("properties") { properties in
                for (type, names) in FilmIndex.plainFields {
                    for name in names where fields.contains(name) {
                        properties.field(name) { $0.field("type", type) }
                    }
                }
            }
        }
        _ = try await send(
            .put, "/\(configuration.index)/_mapping", body: body, deadline: configuration.indexingDeadline)
    }

    /// Types that take the same values.
    private static let takes: [String: Set<String>] = [
        "keyword": ["text", "wildcard"], "date": ["keyword", "text", "date_nanos"],
        "integer": ["long", "float", "double", "keyword", "text"],
        "float": ["double", "half_float", "keyword", "text"],
    ]
}

extension ElasticsearchClient.Configuration {
    /// What Elasticsearch and OpenSearch ask of the name of an index.
    /// - Throws: ``CatalogError/malformedIndexName(name:reason:)``.
    public func checkIndexName() throws {
        func refuse(_ reason: String) -> CatalogError { .malformedIndexName(name: index, reason: reason) }
        guard !index.isEmpty, index != ".", index != ".." else { throw refuse("it names nothing") }
        guard index.utf8.count <= 255 else { throw refuse("it has more than 255 bytes") }
        guard index.lowercased() == index else { throw refuse("it has upper-case letters") }
        if let first = index.first, "-_+".contains(first) { throw refuse("it begins with \(first)") }
        if let odd = index.first(where: { "\\/*?\"<>| ,#:%&".contains($0) || $0.isWhitespace }) {
            throw refuse("it has the character “\(odd)”")
        }
    }
}
