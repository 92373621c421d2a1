public import Catalog
public import Operations
public import Serving

/// Keeps a running server's catalogue as new as the store's, and Elasticsearch's index as new as the catalogue.
public struct CatalogueFollower: Service {
    public let name = "catalogue"
    private let catalogue: StoredCatalogue
    private let service: RecommendationService
    private let keeper: SearchIndexKeeper?
    private let elasticsearch: ElasticsearchClient?
    private let served: Int64?
    private let films: CatalogSnapshot

    private static let log = Log("catalogue")
    private static let interval = Duration.seconds(3)

    /// - Parameters:
    ///   - elasticsearch: whose index to keep; nil if the service has the embedded one.
    ///   - served: the version of the table that is served already.
    ///   - films: its films.
    public init(
        catalogue: StoredCatalogue, service: RecommendationService, elasticsearch: ElasticsearchClient?,
        served: Int64?, films: CatalogSnapshot
    ) {
        self.catalogue = catalogue
        self.service = service
        self.elasticsearch = elasticsearch
        keeper = elasticsearch.map { SearchIndexKeeper($0) }
        self.served = served
        self.films = films
    }

    public func run() async throws {
        var served = served
        var films = films
        var isIndexed = keeper == nil
        while !Task.isCancelled {
            do {
                let known = served
                if let newer = try await BlockingWork.run("catalogue", { _ in try catalogue.read(unless: known) }) {
                    try await service.replace(
                        catalog: newer.snapshot, content: elasticsearch ?? ContentIndex(newer.snapshot.movies))
                    served = newer.version
                    films = newer.snapshot
                    isIndexed = keeper == nil
                    Self.log.info("catalogue in service", ["films": films.count, "version": newer.version])
                }
                service.impairments.remove(.catalogue)
            } catch {
                if Task.isCancelled { return }
                service.impairments.add(.catalogue, Impairments.reason(error))
            }
            if let keeper {
                if isIndexed { isIndexed = await check(films, keeper) }
                if !isIndexed { isIndexed = await index(films, keeper) }
            }
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
