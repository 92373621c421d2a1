public import Catalog
internal import Columnar
internal import Domain
internal import Operations
public import Store
public import Trainer

/// Fills the indices of a search service anew from a store, and puts them in service without a gap.
///
///     let filling = SearchFilling(store: EventStore(folder: "data"), client: client)
///     let outcome = try await filling.run()
///
/// Whoever searches through the alias finds the old films until the new index is whole, and the new ones from then on.
public struct SearchFilling: Sendable {
    /// What to fill, and how.
    public struct Options: Sendable {
        /// Whose item factors the films get; nil for none.
        public var model: MappedModel?
        public var precision = FactorField.Precision.exact
        /// Whether users, and days of activity, are summed up, too. Reads all events.
        public var hasAudience = false
        public var shards = 1
        public var replicas = 0
        /// Earlier indices that stay.
        public var previous = 1

        public init() {}
    }

    /// What came of it.
    public struct Outcome: Sendable {
        /// One index that was filled.
        public struct Index: Sendable {
            public var alias: String
            public var name: String
            public var documents: Int
            public var rejected: [BulkOutcome.Rejection]
        }

        public var indices: [Index] = []
        /// Films that have factors.
        public var filmsWithFactors = 0
    }

    private let catalogue: StoredCatalogue
    private let client: ElasticsearchClient
    private let options: Options

    /// - Parameter client: of the service; its index is the alias of films.
    public init(store: EventStore, client: ElasticsearchClient, _ options: Options = Options()) {
        catalogue = StoredCatalogue(store: store)
        self.client = client
        self.options = options
    }

    private static let batch = 2000

    /// - Parameter progress: hears how many of how many documents of what are in.
    /// - Throws: ``CatalogError``; ``PlatformError/catalogueLost(store:)`` for a store without films. What was in service
    ///   before is in service still, unless a later of the indices failed.
    public func run(
        _ progress: @escaping @Sendable (_ what: String, _ done: Int, _ of: Int) -> Void = { _, _, _ in }
    ) async throws -> Outcome {
        guard var films = try await read(), films.snapshot.isThere else {
            throw PlatformError.catalogueLost(store: catalogue.store.location)
        }
        var outcome = Outcome()
        let factors = options.model.map { FactorField(rank: $0.rank, precision: options.precision) }
        var generation = try await client.beginFilms(
            factors: factors, shards: options.shards, replicas: options.replicas)
        do {
            let count = films.snapshot.count
            for start in stride(from: 0, to: count, by: Self.batch) {
                try Task.checkCancellation()
                try await add(Array(films.snapshot.movies[start..<min(start + Self.batch, count)]), to: &generation)
                progress("films", min(start + Self.batch, count), count)
            }
            // What was edited meanwhile; and once more behind the alias, for what came in between.
            while let newer = try await read(unless: films.version) {
                try await add(Self.changes(from: films.snapshot, to: newer.snapshot), to: &generation)
                try await generation.removeAll(but: newer.snapshot)
                films = newer
            }
            try await client.putInService(generation, keeping: options.previous)
        } catch {
            try? await client.abandon(generation)
            throw error
        }
        if let newer = try await read(unless: films.version) {
            try await add(Self.changes(from: films.snapshot, to: newer.snapshot), to: &generation)
            try await generation.removeAll(but: newer.snapshot)
            films = newer
        }
        outcome.filmsWithFactors = films.snapshot.movies.count { vector(of: $0.itemID) != nil }
        outcome.indices.append(Self.index(generation))
        if options.hasAudience { try await fillAudience(films.snapshot, progress, &outcome) }
        return outcome
    }

    private static func index(_ generation: IndexGeneration) -> Outcome.Index {
        .init(
            alias: generation.alias, name: generation.name, documents: generation.count, rejected: generation.rejected)
    }

    // MARK: Films

    private func read(unless version: Int64? = nil) async throws -> (version: Int64, snapshot: CatalogSnapshot)? {
        try await BlockingWork.run("catalogue") { [catalogue] _ in try catalogue.read(unless: version) }
    }

    private func vector(of itemID: String) -> [Float]? {
        guard let model = options.model, let item = model.itemIndex(of: itemID) else { return nil }
        return model.itemVector(item)
    }

    private func add(_ movies: [Movie], to generation: inout IndexGeneration) async throws {
        try await generation.add(movies) { vector(of: $0) }
    }

    private static func changes(from old: CatalogSnapshot, to new: CatalogSnapshot) -> [Movie] {
        new.movies.filter { old[$0.itemID]?.updatedAt != $0.updatedAt }
    }

    // MARK: Users and days

    private func fillAudience(
        _ films: CatalogSnapshot, _ progress: @escaping @Sendable (String, Int, Int) -> Void, _ outcome: inout Outcome
    ) async throws {
        let stored = StoredEvents(store: catalogue.store)
        let summaries = try await BlockingWork.run("events") { _ in
            var summaries = UserSummaries(films)
            _ = try stored.read(since: nil, limit: .max) { events in
                for event in events { summaries.add(event) }
            }
            return summaries
        }
        var users = try await client.beginUsers(shards: options.shards, replicas: options.replicas)
        do {
            var done = 0
            try await summaries.forEachBatch(of: Self.batch) { batch in
                try await users.add(batch)
                done += batch.count
                progress("users", done, summaries.userCount)
            }
            try await client.putInService(users, keeping: options.previous)
        } catch {
            try? await client.abandon(users)
            throw error
        }
        outcome.indices.append(Self.index(users))
        var days = try await client.beginActivity(shards: options.shards, replicas: options.replicas)
        do {
            try await days.add(summaries.activity)
            try await client.putInService(days, keeping: options.previous)
        } catch {
            try? await client.abandon(days)
            throw error
        }
        outcome.indices.append(Self.index(days))
    }
}
