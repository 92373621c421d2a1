public import Catalog
public import Operations
public import Serving

/// Keeps a running server's catalogue as new as the store's, and Elasticsearch's index as new as the catalogue.
public struct CatalogueFollower: Service {
    public let name = "catalogue"
    private let catalogue: StoredCatalogue
    private let service: RecommendationService
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
        self.served = served
        self.films = films
    }

    public func run() async throws {
        var served = served
        var toIndex: CatalogSnapshot? = elasticsearch == nil ? nil : films
        var trouble = Trouble()
        while !Task.isCancelled {
            do {
                let known = served
                let newer = try await BlockingWork.run("catalogue") { _ in try catalogue.read(unless: known) }
                if let newer {
                    try await service.replace(
                        catalog: newer.snapshot, content: elasticsearch ?? ContentIndex(newer.snapshot.movies))
                    served = newer.version
                    if elasticsearch != nil { toIndex = newer.snapshot }
                    Self.log.info("catalogue in service", ["films": newer.snapshot.count, "version": newer.version])
                }
                if let films = toIndex, let elasticsearch {
                    try await index(films, elasticsearch)
                    toIndex = nil
                }
                trouble.isOver()
            } catch {
                if Task.isCancelled { return }
                trouble.tell(error)
            }
            try? await Task.sleep(for: Self.interval)
        }
    }

    private func index(_ films: CatalogSnapshot, _ elasticsearch: ElasticsearchClient) async throws {
        guard films.count > 0 else { return }
        try await elasticsearch.createIndex()
        let outcome = try await elasticsearch.index(films.movies)
        try await elasticsearch.refresh()
        Self.log.info(
            "catalogue indexed",
            ["indexed": outcome.indexed, "unchanged": outcome.stale, "rejected": outcome.rejected.count])
        for rejected in outcome.rejected.prefix(5) {
            Self.log.warning("a film was not indexed", ["item": rejected.itemID, "reason": rejected.reason])
        }
    }

    /// Says a trouble once, not at every attempt.
    private struct Trouble {
        private var said = ""

        mutating func tell(_ error: any Error) {
            let text = "\(error)"
            if text != said { log.warning("cannot bring the catalogue up to date; trying again", ["error": text]) }
            said = text
        }

        mutating func isOver() { said = "" }
    }
}
