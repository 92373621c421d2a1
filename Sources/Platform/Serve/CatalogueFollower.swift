internal import Catalog
internal import Columnar
internal import Domain
public import Operations
internal import Serving
internal import Store
internal import Synchronization

/// Keeps a running server's catalogue as new as the store's, writes the edits of its clients into the store, and keeps
/// Elasticsearch's index as new as the catalogue.
public struct CatalogueFollower: Service {
    public let name = "catalogue"
    private let catalogue: StoredCatalogue
    private let service: RecommendationService
    private let keeper: SearchIndexKeeper?
    private let elasticsearch: ElasticsearchClient?
    private let desk: CatalogueDesk
    private let first: Served
    /// Films that the index in this process does not know yet.
    private let behind = UnindexedFilms()

    /// The films in service, and the version of the table that they are of; nil while there is no table.
    private struct Served {
        var version: Int64?
        var films: CatalogSnapshot
    }

    private static let log = Log("catalogue")
    private static let interval = Duration.seconds(3)

    /// - Parameters:
    ///   - elasticsearch: whose index to keep; nil if the service has the embedded one.
    ///   - desk: where edits wait.
    ///   - served: the version of the table that is served already.
    ///   - films: its films.
    init(
        catalogue: StoredCatalogue, service: RecommendationService, elasticsearch: ElasticsearchClient?,
        desk: CatalogueDesk, served: Int64?, films: CatalogSnapshot
    ) {
        self.catalogue = catalogue
        self.service = service
        self.elasticsearch = elasticsearch
        self.desk = desk
        keeper = elasticsearch.map { SearchIndexKeeper($0) }
        first = Served(version: served, films: films)
    }

    public func run() async throws {
        let latest = Latest(first.films)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await follow(latest) }
            group.addTask {
                while !Task.isCancelled {
                    desk.ring()
                    try? await Task.sleep(for: Self.interval)
                }
            }
            // Apart: an edit must not wait for an index. A small one in this process is swapped in with the films.
            if let keeper {
                group.addTask { await keepIndex(keeper, latest) }
            } else {
                service.note(indexLag: 0)
                group.addTask { await indexBehind() }
            }
        }
    }

    // MARK: The store

    /// One after the other: what was edited, and whether others have changed the table.
    private func follow(_ latest: Latest) async {
        var served = first
        var lookedAt: ContinuousClock.Instant?
        for await _ in desk.calls {
            if Task.isCancelled { break }
            let before = served.version
            let requests = desk.take()
            if !requests.isEmpty { await write(requests, &served) }
            if lookedAt.map({ ContinuousClock.now - $0 >= Self.interval / 2 }) ?? true {
                lookedAt = .now
                await look(&served)
            }
            if served.version != before { latest.set(served.films) }
        }
        desk.close()
    }

    private func look(_ served: inout Served) async {
        do {
            try await update(&served)
            service.impairments.remove(.catalogue)
        } catch {
            if Task.isCancelled { return }
            service.impairments.add(.catalogue, Impairments.reason(error))
        }
    }

    /// Puts the newest films of the store into service, if they are not.
    private func update(_ served: inout Served) async throws {
        let known = served.version
        guard
            let newer = try await BlockingWork.run("catalogue", { [catalogue] _ in try catalogue.read(unless: known) })
        else { return }
        try await serve(newer.snapshot)
        served = Served(version: newer.version, films: newer.snapshot)
        Self.log.info("catalogue in service", ["films": newer.snapshot.count, "version": newer.version])
    }

    /// - Parameter changed: how many films are other ones than those in service.
    private func serve(_ films: CatalogSnapshot, changed: Int? = nil) async throws {
        guard elasticsearch == nil else { return try await service.replace(catalog: films) }
        if let changed, films.count > service.configuration.filmsIndexedAtOnce {
            try await service.replace(catalog: films)
            service.note(indexLag: behind.add(films, changed: changed))
        } else {
            behind.clear()
            let content = try await BlockingWork.run("content-index") { _ in ContentIndex(films.movies) }
            try await service.replace(catalog: films, content: content)
            service.note(indexLag: 0)
        }
    }

    private func indexBehind() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(200))
            guard let (films, number) = behind.take() else { continue }
            let content = try? await BlockingWork.run("content-index", priority: .low) { _ in ContentIndex(films.movies)
            }
            guard let content, behind.isStillWanted(number) else { continue }
            try? await service.replace(content: content)
            service.note(indexLag: behind.count)
        }
    }

    /// Writes what several callers have asked for as one commit, and tells each of them how it went.
    private func write(_ requests: [CatalogueDesk.Request], _ served: inout Served) async {
        var taken: [(request: CatalogueDesk.Request, films: [EditedFilm])] = []
        do {
            // Others write the table, too: an edit is of what they have left.
            try await update(&served)
            var editing = CatalogEditing(served.films)
            for request in requests {
                do throws(CatalogError) {
                    taken.append((request, try editing.apply(request.edits, now: .now)))
                } catch {
                    request.done.resume(throwing: error)
                }
            }
            guard !editing.rows.isEmpty else { return }
            let (rows, films) = (editing.rows, served.films)
            let version = try await BlockingWork.run("catalogue") { [catalogue] _ in
                try catalogue.append(rows, knowing: films)
            }
            if version == served.version.map({ $0 + 1 }) {
                let films = films.updated(with: rows)
                try await serve(films, changed: rows.count)
                served = Served(version: version, films: films)
            } else {
                // The table is new, or somebody else's commit came between.
                try await update(&served)
            }
            Self.log.info("catalogue edited", ["films": rows.count, "version": version])
            for (request, films) in taken { request.done.resume(returning: films) }
        } catch {
            Self.log.error("an edit of the catalogue failed", ["reason": Impairments.reason(error)])
            let told = taken.isEmpty ? requests : taken.map(\.request)
            for request in told { request.done.resume(throwing: ServingError.catalogueUnavailable) }
        }
    }

    // MARK: The index of a search service

    /// The films in service, for those who follow at their own pace.
    private final class Latest: Sendable {
        private let state: Mutex<(films: CatalogSnapshot, number: Int)>

        init(_ films: CatalogSnapshot) { state = Mutex((films, 0)) }

        func set(_ films: CatalogSnapshot) { state.withLock { $0 = (films, $0.number + 1) } }
        func get() -> (films: CatalogSnapshot, number: Int) { state.withLock { $0 } }
    }

    private func keepIndex(_ keeper: SearchIndexKeeper, _ latest: Latest) async {
        var indexed: Int?
        while !Task.isCancelled {
            let (films, number) = latest.get()
            if indexed == number, !(await check(films, keeper)) { indexed = nil }
            if indexed != number, await index(films, keeper) { indexed = number }
            service.note(indexLag: indexed == number ? 0 : nil)
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Whether the index is still as it was left; so long as it cannot be asked, nothing is known.
    private func check(_ films: CatalogSnapshot, _ keeper: SearchIndexKeeper) async -> Bool {
        do {
            let isWhole = try await keeper.check(films)
            service.impairments.remove(.content)
            return isWhole
        } catch {
            if !Task.isCancelled { service.impairments.add(.content, Impairments.reason(error)) }
            return true
        }
    }

    private func index(_ films: CatalogSnapshot, _ keeper: SearchIndexKeeper) async -> Bool {
        do {
            let isWhole = try await keeper.update(to: films)
            try await keeper.warmUp(films)
            service.impairments.remove(.index)
            return isWhole
        } catch {
            // A list without content is better than no service.
            keeper.stopWaiting()
            if !Task.isCancelled { service.impairments.add(.index, Impairments.reason(error)) }
            return false
        }
    }

    /// Not ready before the search service is, unless that cannot be asked.
    public var status: ServiceStatus {
        var status = ServiceStatus(of: name)
        status.obstacle = { [keeper] in keeper?.obstacle }
        return status
    }
}
