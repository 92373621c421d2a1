public import Catalog
internal import Columnar
internal import Dashboard
public import Delivery
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
    ///   - impressions: where `POST /v1/impressions` goes, and what lists have shown if the configuration asks for it.
    ///   - access: who may ask for what; nil to ask nobody for a key.
    ///   - origins: of pages whose browsers may read the answers.
    ///   - state: where the training runs of the deployment stand; one in memory knows those of this process alone.
    ///   - webhooks: are told how trainings ended that were asked for over REST.
    ///   - traces: sends the spans of requests to a collector; nil to send none.
    ///   - routes: of other rooms of this process, and of whoever embeds it.
    /// - Throws: a `TrainerError` if no model is promoted or its files are damaged; what reading the films may throw.
    public init(
        http: HTTPServerConfiguration, registry: ModelRegistry, catalogue: StoredCatalogue,
        elasticsearch: ElasticsearchClient? = nil, feed: (any EventFeed)? = nil,
        publisher: (any EventPublisher)? = nil, impressions: (any ImpressionPublisher)? = nil,
        configuration: ServingConfiguration = ServingConfiguration(), access: AccessControl? = nil,
        origins: [String] = [], state: StateDatabase = StateDatabase(), webhooks: WebhookSender? = nil,
        traces: TraceExport? = nil, routes: [Route] = []
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
            publisher: publisher, editor: desk, archive: StoredEvents(store: catalogue.store),
            impressions: impressions)
        let markers = await Self.recall(from: StoredEvents(store: catalogue.store), service)
        feed?.begin(behind: markers)
        let follower = CatalogueFollower(
            catalogue: catalogue, service: service, elasticsearch: elasticsearch, desk: desk, served: first?.version,
            films: movies)
        // A route's changes are written down with who asked; what comes of a run has nobody else to tell it.
        var trained = registry
        trained.audit = { action, target, reason, change in
            try AuditLog(state).record(by: "training", action, of: target, reason: reason, change)
        }
        let jobs = TrainingJobs(store: catalogue.store, registry: trained, state: state, webhooks: webhooks)
        let models = ModelRoutes(registry: registry, service: service, jobs: jobs)
        let watched = [service.status, follower.status, jobs.status]
        let figures = DashboardFigures(watching: watched + (access.map { [$0.status] } ?? []))
        let stream = LiveStream(
            [LivePart("freshness", RecommendationService.freshnessSchema) { [service] in service.freshnessJSON }]
                + figures.parts)
        let dashboard = Dashboard(stream: stream) { try? Gzip.compress($0, level: 9) }
        let ingestion = IngestionRoutes(store: catalogue.store) { feed?.freshness }
        self.http = HTTPService(
            http,
            routes: service.routes + service.oryxRoutes + models.table + ingestion.table + dashboard.routes + routes,
            watching: watched, access: access, origins: origins)
        if let traces { group.add(traces) }
        group.add(service)
        group.add(follower)
        if let webhooks { group.add(webhooks) }
        group.add(jobs)
        if let access { group.add(access) }
        group.add(stream)
        // Last, so that it is the first to stop: what it leads to is there until it has drained.
        group.add(self.http)
    }

    /// Lets the service know what is stored and the model has not learned from: without it whoever came after the training
    /// would be a stranger again.
    /// - Returns: where the table goes on in each partition, for the feed.
    static func recall(from stored: StoredEvents, _ service: RecommendationService) async -> [String: Int64] {
        let log = Log("serving")
        let model = service.modelIdentity
        do {
            let reading = try await BlockingWork.run("events") { _ in
                try stored.read(since: model.dataAt) { service.remember($0) }
            }
            if reading.isCut {
                log.warning(
                    "the model is far behind the store: only the events of the newest days are known",
                    ["events": reading.events, "advice": "train again"])
            } else if reading.version != nil {
                log.info(
                    "stored events were read", ["events": reading.events, "version": reading.version ?? 0])
            }
            return reading.markers
        } catch {
            // A service that knows less is better than none.
            log.error("stored events cannot be read: lists know only what is heard", ["why": Impairments.reason(error)])
            return [:]
        }
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
