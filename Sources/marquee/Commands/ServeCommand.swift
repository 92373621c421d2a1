import Catalog
import Domain
import Foundation
import HTTPServer
import Operations
import Platform
import Serving
import Store
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
            Erasures asked for over REST are carried out beside serving, and in what --postgres names, too (docs/privacy.md).
            Without any key (marquee keys create) it answers this machine alone; see docs/security.md.
            Runs until it is interrupted.
            """,
        options: [
            Options.models.spec, Options.store.spec, Options.port.spec, Options.host.spec,
            Options.bootstrapServers.spec, Options.kafkaConfig.spec, Options.cluster.spec, Options.elasticsearch.spec,
            Options.elasticsearchUser.spec,
            Options.elasticsearchPassword.spec, Options.elasticsearchAPIKey.spec, ElasticsearchOptions.authority.spec,
            Options.elasticsearchIndex.spec,
            Options.contentDeadline.spec,
            Options.unknownItems.spec, Options.eventFormat.spec, Options.schemaRegistry.spec,
            Options.schemaRegistryUser.spec,
            Options.schemaRegistryPassword.spec, Options.publishTimeout.spec, Options.keepAnswers.spec,
            Options.keepAnswersSize.spec, Options.logImpressions.spec,
            Options.stateFolder.spec, Options.insecureDev.spec, Options.tlsCertificate.spec, Options.tlsKey.spec,
            Options.corsOrigin.spec, Options.postgres.spec, PrivacyOptions.key.spec, Options.pseudonymiseKey.spec,
        ] + WebhookOptions.specs,
        required: ["models", "store"], takesKafkaProperties: true,
        examples: [
            .init(line: "serve --models models --store data", meaning: "On http://localhost:8080."),
            .init(
                line: "serve --models models --store data --bootstrap-servers localhost:9092 "
                    + "--elasticsearch http://localhost:9200",
                meaning: "With live events, and similarity of content from Elasticsearch."),
        ]
    ) { invocation in
        var live: LiveEvents?
        if KafkaOptions.isNamed(invocation) {
            let timeout = try invocation.value(Options.publishTimeout)
            let cluster = invocation.optional(Options.cluster)
            live = try await BlockingWork.run("schema-registry") { _ in
                try LiveEvents(
                    KafkaOptions.properties(invocation), cluster: cluster, registry: KafkaOptions.registry(invocation),
                    publishTimeout: timeout)
            }
        }
        var configuration = ServingConfiguration()
        configuration.contentDeadline = .seconds(try invocation.value(Options.contentDeadline))
        configuration.answerLifetime = .seconds(try invocation.value(Options.keepAnswers))
        configuration.unknownItems = UnknownItems(rawValue: try invocation.value(Options.unknownItems)) ?? .hide
        configuration.startsWithoutModel = true
        configuration.answerFolder = try invocation.value(Options.stateFolder)
        configuration.maximumAnswerFileBytes = try invocation.value(Options.keepAnswersSize)
        configuration.logsImpressions = try invocation.value(Options.logImpressions)
        if configuration.logsImpressions, live == nil {
            throw CommandLineError.missingOption(
                command: "serve --log-impressions", option: Options.bootstrapServers.spec.name,
                placeholder: "HOST:PORT,…", environment: "MARQUEE_BOOTSTRAP_SERVERS")
        }
        let http = try httpConfiguration(invocation)
        let pseudonyms = try invocation.pseudonyms()
        let access = try await access(invocation, http, pseudonyms: pseudonyms)
        let server = try await RecommendationServer(
            http: http,
            registry: try invocation.registry(),
            catalogue: StoredCatalogue(store: try invocation.store()),
            elasticsearch: try elasticsearch(invocation), feed: live?.feed, publisher: live?.publisher,
            impressions: live?.publisher, configuration: configuration, access: access,
            origins: invocation.optional(Options.corsOrigin) ?? [],
            state: try state(invocation), webhooks: try WebhookOptions.sender(invocation, state(invocation)),
            postgres: try invocation.optional(Options.postgres).map { try DeliverCommand.address($0) },
            receiptKey: invocation.optional(PrivacyOptions.key), pseudonyms: pseudonyms,
            traces: try TraceExport.Settings(environment: ProcessInfo.processInfo.environment).map { TraceExport($0) })
        try server.http.open()
        let hangups = http.tls == nil ? nil : HangupWatch { server.http.reloadCertificate() }
        defer { hangups?.end() }
        StandardOutput.write(line: "serving on \(server.address)")
        StandardOutput.flush()
        _ = try await server.group.run()
    }

    /// An answer waits five seconds for another process that writes the state: then it is 503, and may be tried again.
    private static func state(_ invocation: Invocation) throws -> StateDatabase {
        StateDatabase(folder: try invocation.value(Options.stateFolder), patience: 5)
    }

    /// Who may ask; refuses to listen for other machines without a key.
    /// - Parameter pseudonyms: what users of requests are called in the audit log; nil if as they are.
    static func access(
        _ invocation: Invocation, _ http: HTTPServerConfiguration, pseudonyms: PseudonymKeys? = nil
    ) async throws -> AccessControl {
        let isForDevelopment = try invocation.value(Options.insecureDev)
        let state = try state(invocation)
        return try await BlockingWork.run("access") { _ in
            try PersonalRegister(state).settle(key: pseudonyms?.keyID)
            let access = try AccessControl(state, pseudonyms: pseudonyms)
            try access.checkHost(of: http, isForDevelopment: isForDevelopment)
            return access
        }
    }

    /// Where to listen, and how.
    static func httpConfiguration(_ invocation: Invocation) throws -> HTTPServerConfiguration {
        var http = HTTPServerConfiguration(
            host: try invocation.value(Options.host), port: try invocation.value(Options.port))
        switch (invocation.optional(Options.tlsCertificate), invocation.optional(Options.tlsKey)) {
        case (nil, nil): break
        case (let certificate?, let key?): http.tls = TLSFiles(certificate: certificate, key: key)
        case (_?, nil): _ = try invocation.value(Options.tlsKey)
        case (nil, _?): _ = try invocation.value(Options.tlsCertificate)
        }
        return http
    }

    private static func elasticsearch(_ invocation: Invocation) throws -> ElasticsearchClient? {
        try ElasticsearchOptions.client(
            invocation, index: invocation.value(Options.elasticsearchIndex),
            queryDeadline: .seconds(invocation.value(Options.contentDeadline)))
    }
}
