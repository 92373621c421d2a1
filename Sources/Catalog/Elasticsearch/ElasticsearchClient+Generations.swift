public import Domain
import HTTPClient

/// A new index that is being filled, and what it is to stand behind an alias for.
///
/// Queries go on asking the old one until ``ElasticsearchClient/putInService(_:keeping:)`` moves the alias, in one step of
/// the server's: there is no moment without an index, and none with half of one.
public struct IndexGeneration: Sendable {
    let client: ElasticsearchClient
    /// What it is to stand behind.
    public let alias: String
    /// What the names of all generations begin with.
    let prefix: String
    let shards: Int
    let replicas: Int
    private(set) var documents = 0
    /// What the index did not take: dead letters, whole and each with its reason.
    public private(set) var rejected: [BulkOutcome.Rejection] = []

    /// Of the new index.
    public var name: String { client.configuration.index }
    /// Documents in it.
    public var count: Int { documents }

    init(_ client: ElasticsearchClient, alias: String, prefix: String, shards: Int, replicas: Int) {
        self.client = client
        self.alias = alias
        self.prefix = prefix
        self.shards = shards
        self.replicas = replicas
    }

    /// Adds films, or newer descriptions of films that are in.
    /// - Parameter factors: of a film, nil for one without.
    /// - Throws: ``CatalogError``.
    public mutating func add(_ movies: [Movie], factors: @Sendable (String) -> [Float]? = { _ in nil }) async throws {
        take(try await client.index(movies) { SearchDocument($0, factors: factors($0.itemID)) })
    }

    /// Adds users.
    /// - Throws: ``CatalogError``.
    public mutating func add(_ users: [UserDocument]) async throws {
        take(try await client.index(users) { $0.document })
    }

    /// Adds days.
    /// - Throws: ``CatalogError``.
    public mutating func add(_ days: [ActivityDocument]) async throws {
        take(try await client.index(days) { $0.document })
    }

    /// Takes out every film that a catalogue has not (any more).
    /// - Throws: ``CatalogError``.
    public mutating func removeAll(but catalogue: CatalogSnapshot) async throws {
        try await client.refresh()
        documents -= try await client.keepOnly(catalogue).removed
    }

    private mutating func take(_ outcome: BulkOutcome) {
        documents += outcome.created
        rejected += outcome.rejected
    }
}

extension ElasticsearchClient {
    /// Begins a new index of films; ``Configuration/index`` is the alias that it shall stand behind.
    /// - Parameters:
    ///   - factors: how it keeps the factors of films; nil for none.
    ///   - replicas: once it is in service.
    /// - Throws: ``CatalogError``; `indexMismatch` if somebody else's index stands behind the alias, before anything is
    ///   made.
    public func beginFilms(
        factors: FactorField? = nil, shards: Int = 1, replicas: Int = 0
    ) async throws -> IndexGeneration {
        try await begin(.films(factors: factors), shards: shards, replicas: replicas)
    }

    /// Begins a new index of users, behind the alias with `-users` added.
    /// - Throws: ``CatalogError``, as ``beginFilms(factors:shards:replicas:)``.
    public func beginUsers(shards: Int = 1, replicas: Int = 0) async throws -> IndexGeneration {
        try await begin(.users, shards: shards, replicas: replicas)
    }

    /// Begins a new index of days, behind the alias with `-activity` added.
    /// - Throws: ``CatalogError``, as ``beginFilms(factors:shards:replicas:)``.
    public func beginActivity(shards: Int = 1, replicas: Int = 0) async throws -> IndexGeneration {
        try await begin(.activity, shards: shards, replicas: replicas)
    }

    /// Makes what was added visible, looks whether all of it is there, and moves the alias in one step. Older generations
    /// are deleted then.
    /// - Parameter previous: how many of them stay, to go back to; a query that is under way needs one.
    /// - Throws: ``CatalogError``; `filmsRejected` if more than one in a hundred was not taken, `searchProtocol` if the
    ///   index has another number of documents than it took: the alias stays where it is.
    public func putInService(_ generation: IndexGeneration, keeping previous: Int = 1) async throws {
        let (new, alias) = (generation.client, generation.alias)
        let all = generation.count + generation.rejected.count
        if let first = generation.rejected.first, generation.rejected.count * 100 > all {
            throw CatalogError.filmsRejected(
                server: server, index: generation.name, count: generation.rejected.count, of: all, reason: first.reason)
        }
        try await new.finishLoading(replicas: generation.replicas)
        let found = try await new.filmCount()
        guard found == generation.count else {
            throw CatalogError.searchProtocol(
                server: server, reason: "\(generation.name) holds \(found) documents of \(generation.count)")
        }
        let holders = try await holders(of: alias, ours: generation.prefix)
        var body = JSONWriter()
        body.object { body in
            body.list("actions") { actions in
                for holder in holders where holder.name != generation.name {
                    actions.object { action in
                        if holder.isAlias {
                            action.field("remove") {
                                $0.field("index", holder.name)
                                $0.field("alias", alias)
                                $0.field("must_exist", true)
                            }
                        } else {
                            // An index of ours with the alias' own name gives it up in the same step.
                            action.field("remove_index") { $0.field("index", holder.name) }
                        }
                    }
                }
                actions.object { action in
                    action.field("add") {
                        $0.field("index", generation.name)
                        $0.field("alias", alias)
                        $0.field("is_write_index", true)
                    }
                }
            }
        }
        _ = try await send(.post, "/_aliases", body: body, deadline: configuration.indexingDeadline)
        try await removeGenerations(before: generation, keeping: previous)
    }

    /// Deletes an index that will not be put in service.
    /// - Throws: ``CatalogError``.
    public func abandon(_ generation: IndexGeneration) async throws {
        _ = try await send(
            .delete, "/\(generation.name)", deadline: configuration.indexingDeadline, accepting: [404])
    }

    // MARK: Steps

    private func begin(_ index: SearchIndex, shards: Int, replicas: Int) async throws -> IndexGeneration {
        try configuration.checkIndexName()
        let alias = index.alias(beside: configuration.index)
        let prefix = "\(configuration.index)-\(index.name)-"
        _ = try await holders(of: alias, ours: prefix)
        let product = try await product()
        try await putTemplate(index, prefix: prefix, shards: shards, replicas: replicas, product)
        // In the order of time, so that the names say which is newer.
        let stamp = Timestamp.now.description.filter(\.isNumber).prefix(17)
        let name = "\(prefix)\(stamp)\(UInt16.random(in: 0...999))"
        var body = JSONWriter()
        index.write(shards: shards, replicas: replicas, isLoading: true, for: product, to: &body)
        _ = try await send(.put, "/\(name)", body: body, deadline: configuration.indexingDeadline)
        return IndexGeneration(
            client(of: name), alias: alias, prefix: prefix, shards: shards, replicas: replicas)
    }

    /// So that whatever makes an index of such a name makes one with our mapping. Whoever may not make templates goes on
    /// without: the index is made with the whole mapping anyway.
    private func putTemplate(
        _ index: SearchIndex, prefix: String, shards: Int, replicas: Int, _ product: Product
    ) async throws {
        var body = JSONWriter()
        body.object { body in
            body.field("index_patterns", ["\(prefix)*"])
            body.field("priority", 500)
            body.name("template")
            index.write(shards: shards, replicas: replicas, for: product, to: &body)
        }
        _ = try await send(
            .put, "/_index_template/marquee-\(prefix.dropLast())", body: body,
            deadline: configuration.indexingDeadline, accepting: [403])
    }

    private func finishLoading(replicas: Int) async throws {
        var body = JSONWriter()
        body.object { body in
            body.field("index") {
                $0.field("number_of_replicas", replicas)
                $0.name("refresh_interval")
                $0.null()
            }
        }
        _ = try await send(
            .put, "/\(configuration.index)/_settings", body: body, deadline: configuration.indexingDeadline)
        try await refresh()
    }

    private struct Holder {
        let name: String
        /// Otherwise it is an index of that very name.
        let isAlias: Bool
    }

    /// What stands behind an alias now.
    /// - Throws: `indexMismatch` if it is not ours.
    private func holders(of alias: String, ours prefix: String) async throws -> [Holder] {
        let answer: JSONObject
        do {
            answer = try await send(.get, "/\(alias)", deadline: configuration.indexingDeadline)
        } catch CatalogError.indexMissing {
            return []
        }
        return try answer.values.keys.sorted().map { name in
            let mappings = answer.object(name)?.object("mappings")
            if mappings?.object("_meta")?.text("made_by") != "marquee" {
                // Made by an earlier version, or by somebody else to our liking.
                guard alias == configuration.index else {
                    throw CatalogError.indexMismatch(
                        server: server, index: alias, reason: "\(name) behind it was made by somebody else")
                }
                try client(of: alias).checkMapping(mappings)
            }
            return Holder(name: name, isAlias: name != alias)
        }
    }

    /// Deletes older generations that no alias stands for, and those that were begun and never finished.
    private func removeGenerations(before new: IndexGeneration, keeping previous: Int) async throws {
        let answer = try await send(
            .get, "/\(new.prefix)*/_alias", deadline: configuration.indexingDeadline, accepting: [404])
        let old = answer.values.keys.filter { name in
            name.hasPrefix(new.prefix) && name < new.name
                && answer.object(name)?.object("aliases")?.values.isEmpty == true
        }.sorted()
        for name in old.dropLast(max(0, previous)) {
            _ = try await send(.delete, "/\(name)", deadline: configuration.indexingDeadline, accepting: [404])
        }
    }
}
