import Catalog
import Domain
import EventIngest
import Foundation
import HTTPClient
import Kafka
import Operations

/// What the commands that speak to Kafka share.
enum Kafka {
    private static let log = Log("kafka")

    /// librdkafka's own log lines, at our levels.
    static let observer = KafkaObserver(log: { level, facility, text in
        // Some messages may arrive twice; or why none will.
        if facility == KafkaObserver.takeover { return log.warning(text) }
        switch level {
        // A broker that cannot be reached is told once, by the command that needs it; librdkafka repeats it for ever.
        case ...3: log.debug(text, ["facility": facility])
        case 4: log.debug(text, ["facility": facility])
        default: log.trace(text, ["facility": facility])
        }
    })

    /// Whether a cluster was named at all.
    static func isNamed(_ invocation: Invocation) -> Bool {
        invocation.optional(Options.bootstrapServers) != nil || invocation.optional(Options.kafkaConfig) != nil
    }

    /// The properties of the file of `--kafka-config`, overridden by `kafka.*`, overridden by `--bootstrap-servers`.
    /// - Throws: ``IngestError`` for what librdkafka does not know or accept; ``CommandLineError`` without a cluster.
    static func properties(_ invocation: Invocation) throws -> KafkaProperties {
        var properties = KafkaProperties()
        if let path = invocation.optional(Options.kafkaConfig) {
            properties = try KafkaProperties(contentsOfFile: path)
            for secret in properties.secrets { Secrets.register(secret) }
            if !properties.ignored.isEmpty {
                log.info(
                    "these properties are for Java clients only",
                    ["file": path, "ignored": properties.ignored.joined(separator: ", ")])
            }
        }
        properties = properties.merging(KafkaProperties(invocation.kafkaProperties))
        if let servers = invocation.optional(Options.bootstrapServers) { properties["bootstrap.servers"] = servers }
        if properties.bootstrapServers.isEmpty { _ = try invocation.value(Options.bootstrapServers) }
        do {
            try properties.check()
        } catch KafkaError.unknownProperty(let name, _) {
            throw KafkaError.unknownProperty(
                name: name, suggestion: Suggestion.closest(to: name, among: KafkaProperties.knownNames))
        }
        return properties
    }

    /// The consumer group under which the ingester tells the broker how far it is.
    static let ingestGroup = "marquee-ingest"

    /// The schema registry of `--schema-registry`, or else of the file of `--kafka-config`, which answers; nil with
    /// `--format json`. Blocks.
    static func registry(_ invocation: Invocation) throws -> SchemaRegistry? {
        guard try invocation.value(Options.eventFormat) == "avro" else { return nil }
        let inFile = isNamed(invocation) ? try RegistryAddress(properties(invocation).schemaRegistry) : nil
        let named = invocation.optional(Options.schemaRegistry).map { RegistryAddress(url: $0) }
        var address = try named ?? inFile ?? RegistryAddress(url: invocation.value(Options.schemaRegistry))
        if let user = invocation.optional(Options.schemaRegistryUser) {
            address.credentials = .basic(user: user, password: try invocation.value(Options.schemaRegistryPassword))
        }
        if case .basic(_, let password) = address.credentials { Secrets.register(password) }
        let registry = SchemaRegistry(address)
        try registry.check()
        return registry
    }

    /// How to write events: with a registry in Avro, whose schema is registered for the values of each event topic; the
    /// registry gives it one number. Blocks.
    static func encoding(_ registry: SchemaRegistry?) throws -> EventEncoding {
        guard let registry else { return .json }
        let ids = try Topics.events.map { try registry.register(AvroEventEncoder.schema, for: "\($0)-value") }
        return .avro(schemaID: ids[0])
    }

    /// Which topics become which tables of a store. Films are put in relation to those there already. Blocks.
    /// - Parameters:
    ///   - format: how event messages are written; films are always JSON.
    ///   - duplicateWindow: see ``DuplicatePolicy``; 0 for none.
    static func routes(
        store: String, format: EventFormat = .json, duplicateWindow: Int = 65_536
    ) throws -> [TopicRoute] {
        let known = FileManager.default.fileExists(atPath: store) ? try StoredCatalogue(store: store).read() : nil
        let normalizer = CatalogNormalizer(knowing: known?.snapshot ?? .empty)
        return [
            EventTable.route(
                format: format,
                duplicates: duplicateWindow == 0 ? nil : DuplicatePolicy(window: Int64(duplicateWindow), store: store)),
            .values(
                topics: [Topics.movies], table: Tables.movies, schema: MovieTable.schema,
                decode: { try MovieJSON.decode($0, updatedAt: $1) },
                batch: { try MovieTable.batch(normalizer.normalised($0)) }),
        ]
    }

    /// Fails within seconds, and clearly, where no broker answers: producers alone would try for minutes.
    static func requireBroker(_ properties: KafkaProperties) async throws {
        try await BlockingWork.run("kafka-check") { _ in
            let consumer = try KafkaConsumer(
                properties: properties, group: "marquee-check", batch: 1, observer: observer)
            _ = try consumer.clusterID(timeout: 6)
        }
    }

    /// Sends films to their topic and waits until the cluster has them.
    static func publish(_ movies: [Movie], _ properties: KafkaProperties) async throws {
        try await BlockingWork.run("publish-films") { flag in try publish(movies, properties, flag) }
    }

    /// The same for a thread that may wait.
    static func publish(_ movies: [Movie], _ properties: KafkaProperties, _ flag: CancellationFlag) throws {
        let producer = try KafkaProducer(properties: properties, observer: observer)
        for movie in movies {
            try flag.check()
            try producer.send(MovieJSON.encode(movie), key: movie.itemID, topic: Topics.movies)
        }
        try producer.flush()
    }
}
