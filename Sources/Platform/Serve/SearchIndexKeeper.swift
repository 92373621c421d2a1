internal import Catalog
internal import Domain
internal import Operations
internal import Serving
internal import Synchronization

/// Keeps the index of a search service as the catalogue is, and knows whether the service can be asked.
final class SearchIndexKeeper: Sendable {
    private let client: ElasticsearchClient
    private let isReady = Atomic<Bool>(false)
    private static let log = Log("catalogue")
    /// How long readiness waits for a service that answers, but not yet fast.
    private static let patience = Duration.seconds(60)

    init(_ client: ElasticsearchClient) { self.client = client }

    /// Why serving is not ready yet: only until the first time that the service was warm, or could not be asked.
    var obstacle: String? { isReady.load(ordering: .relaxed) ? nil : "\(client.name) is indexed and warmed up" }

    /// Who waits need wait no longer.
    func stopWaiting() { isReady.store(true, ordering: .relaxed) }

    /// Brings the index up to date: films that are new or described anew go in, those that are gone go out.
    /// - Returns: false if something is still missing, and it should be done again.
    /// - Throws: `CatalogError`.
    func update(to films: CatalogSnapshot) async throws -> Bool {
        guard films.isThere else { return true }
        try await client.createIndex()
        let outcome = try await client.index(films.movies)
        try await client.refresh()
        let pruning = try await client.keepOnly(films)
        if pruning.removed > 0 { try await client.refresh() }
        Self.log.info(
            "catalogue indexed",
            [
                "indexed": outcome.indexed, "unchanged": outcome.stale, "removed": pruning.removed,
                "rejected": outcome.rejected.count,
            ])
        for rejected in outcome.rejected.prefix(5) {
            Self.log.warning("a film was not indexed", ["item": rejected.itemID, "reason": rejected.reason])
        }
        if let first = outcome.rejected.first {
            throw CatalogError.filmsRejected(
                server: client.configuration.url, index: client.configuration.index, count: outcome.rejected.count,
                of: films.count, reason: first.reason)
        }
        // A film that was removed and is back with the same time is refused for a minute.
        return pruning.missing <= 0
    }

    /// Asks as a list would, whether or not lists are asked for, and looks whether the index has as many films as before:
    /// somebody may have deleted it, or made an alias stand for another.
    /// - Returns: whether it has.
    /// - Throws: `CatalogError`.
    func check(_ films: CatalogSnapshot) async throws -> Bool {
        guard let film = films.movies.first else { return true }
        do {
            _ = try await client.similar(to: [film.itemID], excluding: [], limit: 1)
            return try await client.filmCount() == films.count
        } catch CatalogError.indexMissing {
            return false
        }
    }

    /// Asks until the answers are fast, the first time.
    func warmUp(_ films: CatalogSnapshot) async throws {
        guard !isReady.load(ordering: .relaxed) else { return }
        defer { stopWaiting() }
        let start = ContinuousClock.now
        let isWarm = try await client.warmUp(films.movies.prefix(1000).map(\.itemID), patience: Self.patience)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if isWarm {
            Self.log.info("search is warm", ["seconds": seconds])
        } else {
            Self.log.warning("search is slow; lists will be degraded", ["seconds": seconds])
        }
    }
}
