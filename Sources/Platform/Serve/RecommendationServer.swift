public import Catalog
public import Domain
public import HTTPServer
public import Operations
public import Serving
public import Trainer

/// The services of a process that serves recommendations: the recommender, the catalogue it follows, and HTTP.
///
///     let server = try await RecommendationServer(
///         http: HTTPServerConfiguration(port: 8080), registry: ModelRegistry(folder: "models"),
///         catalogue: StoredCatalogue(store: EventStore(folder: "data")))
///     try server.http.open()              // the port answers from here on
///     _ = try await server.group.run()    // until cancelled
public struct RecommendationServer: Sendable {
    /// What answers.
    public let service: RecommendationService
    /// What listens.
    public let http: HTTPService
    /// All of it, to be run; others may be added.
    public var group = ServiceGroup()

    /// Opens model and catalogue; the port is not open yet.
    /// - Parameters:
    ///   - elasticsearch: nil to use the embedded content index.
    ///   - feed: new events; nil to serve what the model knows and no more.
    ///   - publisher: where `POST /v1/events` goes; nil to take none.
    ///   - access: who may ask for what; nil to ask nobody for a key.
    ///   - origins: of pages whose browsers may read the answers.
    ///   - traces: sends the spans of requests to a collector; nil to send none.
    ///   - routes: of other rooms of this process, and of whoever embeds it.
    /// - Throws: a `TrainerError` if no model is promoted or its files are damaged; what reading the films may throw.
    public init(
        http: HTTPServerConfiguration, registry: ModelRegistry, catalogue: StoredCatalogue,
        elasticsearch: ElasticsearchClient? = nil, feed: (any EventFeed)? = nil,
        publisher: (any EventPublisher)? = nil, configuration: ServingConfiguration = ServingConfiguration(),
        access: AccessControl? = nil, origins: [String] = [], traces: TraceExport? = nil, routes: [Route] = []
    ) async throws {
        let first = try await BlockingWork.run("catalogue") { _ in try catalogue.read() }
        let movies = first?.snapshot ?? .empty
        if first == nil {
            Log("catalogue").warning(
                "there is no table of films yet: items are served without titles", ["store": catalogue.store])
        }
        let content: any ContentSource
        if let elasticsearch { content = elasticsearch } else { content = ContentIndex(movies.movies) }
        let desk = CatalogueDesk()
        service = try await RecommendationService(
            configuration: configuration, registry: registry, catalog: movies, content: content, feed: feed,
            publisher: publisher, editor: desk)
        let follower = CatalogueFollower(
            catalogue: catalogue, service: service, elasticsearch: elasticsearch, desk: desk, served: first?.version,
            films: movies)
        let jobs = TrainingJobs(store: catalogue.store, registry: registry)
        let models = ModelRoutes(registry: registry, service: service, jobs: jobs)
        self.http = HTTPService(
            http, routes: service.routes + service.oryxRoutes + models.table + routes,
            watching: [service.status, follower.status], access: access, origins: origins)
        if let traces { group.add(traces) }
        group.add(service)
        group.add(follower)
        group.add(jobs)
        if let access { group.add(access) }
        // Last, so that it is the first to stop: what it leads to is there until it has drained.
        group.add(self.http)
    }

    /// Where to point a browser.
    public var address: String { http.address }
}

extension RecommendationService {
    /// What it tells of itself. It has a model from the start and answers without all else, so it is ready, and says what
    /// it lacks.
    public var status: ServiceStatus {
        var status = ServiceStatus(of: name)
        status.impairments = { [impairments] in
            impairments.all.map { ($0.part.rawValue, $0.part.degradedName, $0.reason) }
        }
        status.facts = { [self] in [("model", modelJSON)] }
        status.factSchemas = [JSONSchema.Member(name: "model", schema: Self.modelSchema, isRequired: false)]
        status.refresh = { [self] in updateGauges() }
        return status
    }
}
