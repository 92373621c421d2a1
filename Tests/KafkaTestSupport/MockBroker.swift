public import Domain
import EventIngest
public import Kafka

/// Runs `body` with an embedded broker that is gone afterwards.
/// - Parameter topics: names and partition counts to create first; others get four partitions when first named.
public func withMockBroker<R>(
    brokers: Int = 1, topics: [String: Int] = [:], _ body: (EmbeddedBroker) async throws -> R
) async throws -> R {
    let broker = try EmbeddedBroker(brokers: brokers)
    for (name, partitions) in topics { try broker.createTopic(name, partitions: partitions, replication: brokers) }
    return try await body(broker)
}

extension EmbeddedBroker {
    /// Properties of a client of this broker.
    public var properties: KafkaProperties { KafkaProperties(bootstrapServers: bootstrapServers) }
}

/// Sends texts to one topic and waits until they are there. Blocks shortly.
public func produce(_ texts: [String], key: String? = nil, to topic: String, of properties: KafkaProperties) throws {
    let producer = try KafkaProducer(properties: properties)
    for text in texts { try producer.send(Array(text.utf8), key: key, topic: topic) }
    try producer.flush(timeout: 30)
}

/// Everything that lies in a topic at this moment, as text by partition and offset. Blocks shortly.
public func contents(of topic: String, at properties: KafkaProperties) throws -> [TopicPartition: [String]] {
    let consumer = try KafkaConsumer(properties: properties, group: "contents")
    let places = try consumer.partitions(of: [topic])
    var wanted: [TopicPartition: Int64] = [:]
    for place in places {
        let range = try consumer.watermarks(of: place)
        if !range.isEmpty { wanted[place] = range.upperBound }
    }
    var result: [TopicPartition: [String]] = [:]
    guard !wanted.isEmpty else { return result }
    try consumer.assign(wanted.mapValues { _ in LogicalOffset.beginning })
    while !wanted.isEmpty {
        consumer.poll(timeout: 0.2) { arrival in
            switch arrival {
            case .messages(let messages):
                let place = TopicPartition(messages.topic, messages.partition)
                for i in 0..<messages.count {
                    result[place, default: []].append(String(decoding: messages[i].payload, as: UTF8.self))
                    if let end = wanted[place], messages[i].offset + 1 >= end { wanted[place] = nil }
                }
            case .endOfPartition(let place, let offset):
                if let end = wanted[place], offset >= end { wanted[place] = nil }
            default: break
            }
        }
    }
    return result
}
