import Catalog
import Domain
import EventIngest
import HTTPClient
import Kafka
import Platform

/// The options of the commands that speak to Kafka.
enum KafkaOptions {
    /// What was said of the cluster.
    private static func settings(_ invocation: Invocation) -> KafkaSettings {
        KafkaSettings(
            file: invocation.optional(Options.kafkaConfig), properties: invocation.kafkaProperties,
            bootstrapServers: invocation.optional(Options.bootstrapServers))
    }

    /// Whether a cluster was named at all.
    static func isNamed(_ invocation: Invocation) -> Bool { settings(invocation).namesCluster }

    /// The properties of the file of `--kafka-config`, overridden by `kafka.*`, overridden by `--bootstrap-servers`.
    /// - Throws: ``KafkaError`` for what librdkafka does not know or accept; ``CommandLineError`` without a cluster.
    static func properties(_ invocation: Invocation) throws -> KafkaProperties {
        let properties = try settings(invocation).merged()
        if properties.bootstrapServers.isEmpty { _ = try invocation.value(Options.bootstrapServers) }
        do {
            try properties.check()
        } catch KafkaError.unknownProperty(let name, _) {
            throw KafkaError.unknownProperty(
                name: name, suggestion: Suggestion.closest(to: name, among: KafkaProperties.knownNames))
        }
        return properties
    }

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
        return try SchemaRegistry.reached(at: address)
    }
}
