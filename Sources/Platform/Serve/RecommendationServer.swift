public import Catalog
internal import Columnar
internal import Dashboard
public import Delivery
public import Domain
public import HTTPServer
public import Operations
public import PostgreSQL
public import Serving
internal import Store
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
    ///   - state: where the training runs of the deployment stand; one in memory knows those of this process alone, and
    ///     serves no persons' rights.
    ///   - webhooks: are told how trainings ended that were asked for over REST, and of every change of the model in service.
    ///   - postgres: what is delivered there is erased and handed out, too.
    ///   - receiptKey: a file with the operator's key for receipts of erasures; nil for one of the state's own.
    ///   - pseudonyms: what users are called in the tables, in models and in the state; nil if as they are. Requests, answers,
    ///     the feed and what is published have the identifiers themselves.
    ///   - traces: sends the spans of requests to a collector; nil to send none.
    ///   - routes: of other rooms of this process, and of whoever embeds it.
    /// - Throws: a `TrainerError` if no model is promoted or its files are damaged; what reading the films may throw.
    public init(
        http: HTTPServerConfiguration, registry: ModelRegistry, catalogue: StoredCatalogue,
        elasticsearch: ElasticsearchClient? = nil, feed: (any EventFeed)? = nil,
        publisher: (any EventPublisher)? = nil, impressions: (any ImpressionPublisher)? = nil,
        configuration: ServingConfiguration = ServingConfiguration(), access: AccessControl? = nil,
        origins: [String] = [], state: StateDatabase = StateDatabase(), webhooks: WebhookSender? = nil,
        postgres: PostgresAddress? = nil, receiptKey: String? = nil, pseudonyms: PseudonymKeys? = nil,
        traces: TraceExport? = nil, routes: [Route] = []
    ) async throws {
        let feed = feed.map { feed in pseudonyms.map { PseudonymousFeed(feed: feed, keys: $0) } ?? feed }
        // Beside the films: the digest of its largest file is one core's, and the longest part of the start.
        async let opened = Self.promoted(of: registry)
        let first = try await BlockingWork.run("catalogue") { _ in
            try catalogue.store.checkPseudonyms(pseudonyms?.keyID)
            return try catalogue.read()
        }
        let movies = first?.snapshot ?? .empty
        if first == nil {
            Log("catalogue").warning(
                "there is no table of films yet: items are served without titles", ["store": catalogue.store])
        }
        let content: any ContentSource
        if let elasticsearch {
            content = elasticsearch
        } else {
            content = try await BlockingWork.run("content-index") { _ in ContentIndex(movies.movies) }
        }
        let desk = CatalogueDesk()
        let choices = try await BlockingWork.run("choices") { _ in try PersonalGuard(state) }
        service = try await RecommendationService(
            configuration: configuration, registry: registry, catalog: movies, content: content, feed: feed,
            publisher: publisher, editor: desk, archive: StoredEvents(store: catalogue.store),
            impressions: impressions, choices: choices, pseudonyms: pseudonyms, opened: opened)
        let markers = await Self.recall(from: StoredEvents(store: catalogue.store), service)
        await service.catchUp()
        feed?.begin(behind: markers)
        let follower = CatalogueFollower(
            catalogue: catalogue, service: service, elasticsearch: elasticsearch, desk: desk, served: first?.version,
            films: movies)
        // A route's changes are written down with who asked; what comes of a run has nobody else to tell it.
        let jobs = TrainingJobs(
            store: catalogue.store, registry: Self.audited(registry, by: "training", state), state: state,
            webhooks: webhooks)
        let watched = [service.status, follower.status, jobs.status]
        let figures = DashboardFigures(watching: watched + (access.map { [$0.status] } ?? []))
        let stream = LiveStream(
            [LivePart("freshness", RecommendationService.freshnessSchema) { [service] in service.freshnessJSON }]
                + figures.parts)
        let dashboard = Dashboard(stream: stream) { try? Gzip.compress($0, level: 9) }
        let ingestion = IngestionRoutes(store: catalogue.store) { feed?.freshness }
        var privacy: PrivacyRoutes?
        if state.isKept {
            let stores = PersonalStores(
                store: catalogue.store, registry: Self.audited(registry, by: "privacy", state), state: state,
                elasticsearch: elasticsearch, postgres: postgres)
            let erasures = ErasureService(Eraser(stores, state: state, keyFile: receiptKey), state: state)
            privacy = PrivacyRoutes(
                stores: stores, erasures: erasures, state: state, service: service, choices: choices,
                pseudonyms: pseudonyms)
        }
        let models = ModelRoutes(registry: registry, service: service, jobs: jobs)
        var http = http
        // Whoever waits for the store is told by the route what became of the events, also after a minute.
        http.answerDeadline = max(http.answerDeadline, RecommendationService.longestWait + .seconds(5))
        let own = service.routes + service.oryxRoutes + models.table + ingestion.table + dashboard.routes
        self.http = HTTPService(
            http, routes: own + (privacy?.table ?? []) + routes,
            watching: watched, access: access, origins: origins)
        if let traces { group.add(traces) }
        group.add(choices)
        group.add(service)
        group.add(follower)
        if let webhooks {
            group.add(webhooks)
            group.add(ModelWatch(registry: registry, webhooks: webhooks))
        }
        group.add(jobs)
        if let privacy { group.add(privacy.erasures) }
        if let access { group.add(access) }
        group.add(stream)
        // Last, so that it is the first to stop: what it leads to is there until it has drained.
        group.add(self.http)
    }

    /// The promoted model, opened and compared with its digests; nil if none is promoted.
    private static func promoted(of registry: ModelRegistry) async throws -> MappedModel? {
        try await BlockingWork.run("model") { _ in
            do {
                return try registry.openCurrent(verifying: true)
            } catch TrainerError.noPromotedModel {
                return nil
            }
        }
    }

    private static func audited(_ registry: ModelRegistry, by who: String, _ state: StateDatabase) -> ModelRegistry {
        var registry = registry
        registry.audit = { action, target, reason, change in
            try AuditLog(state).record(by: who, action, of: target, reason: reason, change)
        }
        return registry
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
