public import Kafka
internal import Operations

/// How to reach a Kafka cluster, as an operator says it: a properties file, single properties, the brokers.
public struct KafkaSettings: Sendable {
    /// A `client.properties` file.
    public var file: String?
    /// By librdkafka's names; they go before those of the file.
    public var properties: [String: String]
    /// `HOST:PORT,…`; goes before both.
    public var bootstrapServers: String?

    /// - Parameters: see the properties of the same names.
    public init(file: String? = nil, properties: [String: String] = [:], bootstrapServers: String? = nil) {
        self.file = file
        self.properties = properties
        self.bootstrapServers = bootstrapServers
    }

    /// Whether a cluster was named at all.
    public var namesCluster: Bool { bootstrapServers != nil || file != nil }

    /// All of it as one; secrets of the file are kept out of the log from here on. Names and values are not checked.
    /// - Throws: an error that says what is wrong with the file.
    public func merged() throws -> KafkaProperties {
        var merged = KafkaProperties()
        if let file {
            merged = try KafkaProperties(contentsOfFile: file)
            for secret in merged.secrets { Secrets.register(secret) }
            if !merged.ignored.isEmpty {
                Log("kafka").info(
                    "these properties are for Java clients only",
                    ["file": file, "ignored": merged.ignored.joined(separator: ", ")])
            }
        }
        merged = merged.merging(KafkaProperties(properties))
        if let bootstrapServers { merged["bootstrap.servers"] = bootstrapServers }
        return merged
    }
}

extension KafkaProperties {
    /// Fails within seconds, and clearly, where no broker answers: producers alone would try for minutes.
    public func requireBroker() async throws {
        try await BlockingWork.run("kafka-check") { _ in
            let consumer = try KafkaConsumer(
                properties: self, group: "marquee-check", batch: 1, observer: .logging)
            _ = try consumer.clusterID(timeout: 6)
        }
    }
}
