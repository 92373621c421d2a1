internal import Domain
public import EventIngest
public import Kafka

/// A server's two ends of the topics of events: what it hears, and what it takes in at `POST /v1/events`.
public struct LiveEvents: Sendable {
    /// New events, and those before them that the store has not.
    public let feed: KafkaEventFeed
    /// The way into the topics.
    public let publisher: KafkaEventPublisher

    /// Blocks while the event's schema is registered; the cluster need not answer yet.
    /// - Parameters:
    ///   - properties: how to reach the cluster.
    ///   - cluster: stands for the cluster's own identifier where the store says how far it is, as for the ingester.
    ///   - registry: events are Avro with its schemas; nil for JSON.
    ///   - publishTimeout: seconds that whoever publishes waits for the cluster.
    /// - Throws: a `KafkaError` for properties that librdkafka does not take; an `IngestError` of the registry.
    public init(
        _ properties: KafkaProperties, cluster: String? = nil, registry: SchemaRegistry? = nil,
        publishTimeout: Double = 2
    ) throws {
        feed = KafkaEventFeed(
            properties: properties, cluster: cluster, format: registry.map { .avro($0) } ?? .json, observer: .logging)
        publisher = try KafkaEventPublisher(
            properties: properties, timeout: publishTimeout, encoding: registry?.encoding() ?? .json,
            observer: .logging)
    }
}
