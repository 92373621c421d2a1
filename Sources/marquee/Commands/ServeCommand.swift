import Catalog
import Domain
import EventIngest
import HTTPClient
import HTTPServer
import Operations
import Serving
import Trainer

/// `marquee serve`
enum ServeCommand {
    static let command: Command = Command(
        path: ["serve"], summary: "Serve recommendations over HTTP.",
        details: """
            Answers from the model in service, and swaps to the next one without dropping a request. With
            --bootstrap-servers it folds in events as they happen, and takes them in at POST /v1/events; --format says
            how they are written in Kafka. While Kafka
            or Elasticsearch is down it goes on answering from what is left, and says in each answer what is degraded.
            Runs until it is interrupted.
            """,
        options: [
            Options.models.spec, Options.store.spec, Options.port.spec, Options.host.spec,
            Options.bootstrapServers.spec, Options.kafkaConfig.spec, Options.elasticsearch.spec,
            Options.elasticsearchUser.spec,
            Options.elasticsearchPassword.spec, Options.elasticsearchAPIKey.spec, Options.elasticsearchIndex.spec,
            Options.eventFormat.spec, Options.schemaRegistry.spec, Options.schemaRegistryUser.spec,
            Options.schemaRegistryPassword.spec,
        ],
        required: ["models", "store"], takesKafkaProperties: true,
        examples: [
            .init(line: "serve --models models --store data", meaning: "On http://localhost:8080."),
            .init(
                line: "serve --models models --store data --bootstrap-servers localhost:9092 "
                    + "--elasticsearch http://localhost:9200",
                meaning: "With live events, and similarity of content from Elasticsearch."),
        ]
    ) { invocation in
        var feed: KafkaEventFeed?
        var publisher: KafkaEventPublisher?
        if Kafka.isNamed(invocation) {
            // Enough to fill the gap between the last training and now; what the model knows is dropped again.
            let (format, encoding) = try await BlockingWork.run("schema-registry") { _ in
                let registry = try Kafka.registry(invocation)
                return (registry.map { EventFormat.avro($0) } ?? .json, try Kafka.encoding(registry))
            }
            feed = KafkaEventFeed(
                properties: try Kafka.properties(invocation), start: .newest(20_000), format: format,
                observer: Kafka.observer)
            publisher = try KafkaEventPublisher(
                properties: try Kafka.properties(invocation), encoding: encoding, observer: Kafka.observer)
        }
        let server = try await ServeGroup(
            http: HTTPServerConfiguration(
                host: try invocation.value(Options.host), port: try invocation.value(Options.port)),
            registry: ModelRegistry(folder: try invocation.value(Options.models)),
            catalogue: StoredCatalogue(store: try invocation.value(Options.store)),
            elasticsearch: try elasticsearch(invocation), feed: feed, publisher: publisher)
        try server.service.open()
        StandardOutput.write(line: "serving on \(server.address)")
        StandardOutput.flush()
        _ = try await server.group.run()
    }

    private static func elasticsearch(_ invocation: Invocation) throws -> ElasticsearchClient? {
        guard let url = invocation.optional(Options.elasticsearch) else { return nil }
        var credentials = HTTPCredentials.none
        if let key = invocation.optional(Options.elasticsearchAPIKey) {
            Secrets.register(key)
            try invocation.refuse([Options.elasticsearchUser.spec], beside: Options.elasticsearchAPIKey.spec)
            credentials = .apiKey(key)
        } else if let user = invocation.optional(Options.elasticsearchUser) {
            let password = try invocation.value(Options.elasticsearchPassword)
            Secrets.register(password)
            credentials = .basic(user: user, password: password)
        }
        var configuration = try ElasticsearchClient.Configuration(url: url, credentials: credentials)
        configuration.index = try invocation.value(Options.elasticsearchIndex)
        return ElasticsearchClient(configuration)
    }
}

/// The services of one server: HTTP, and the catalogue it follows.
struct ServeGroup {
    let service: RecommendationService
    private(set) var group = ServiceGroup()

    /// Opens model and catalogue; the port is not open yet.
    /// - Parameter elasticsearch: nil to use the embedded content index.
    init(
        http: HTTPServerConfiguration, registry: ModelRegistry, catalogue: StoredCatalogue,
        elasticsearch: ElasticsearchClient?, feed: (any EventFeed)?, publisher: (any EventPublisher)?
    ) async throws {
        let first = try await BlockingWork.run("catalogue") { _ in try catalogue.read() }
        let movies = first?.snapshot ?? .empty
        if first == nil {
            Log("catalogue").warning(
                "there is no table of films yet: items are served without titles", ["store": catalogue.store])
        }
        let content: any ContentSource
        if let elasticsearch { content = elasticsearch } else { content = ContentIndex(movies.movies) }
        service = try await RecommendationService(
            configuration: ServingConfiguration(http: http, version: Version.text), registry: registry,
            catalog: movies, content: content, feed: feed, publisher: publisher)
        group.add(service)
        group.add(
            CatalogueFollower(
                catalogue: catalogue, service: service, elasticsearch: elasticsearch, served: first?.version,
                films: movies))
    }

    /// Where to point a browser.
    var address: String {
        let host = service.configuration.http.host
        let shown = ["127.0.0.1", "0.0.0.0", "::", "::1"].contains(host) ? "localhost" : host
        return "http://\(shown):\(service.port)"
    }
}
