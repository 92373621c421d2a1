import CRdKafka
public import Domain
public import Kafka

/// What an operator does to topics, by the admin API.
extension KafkaServer {
    public func make(_ topic: String, partitions: Int) async throws {
        let consumer = try KafkaConsumer(properties: properties, group: "setup")
        var trouble = "\(topic) was not made"
        for _ in 0..<100 {
            do {
                try consumer.create(topics: [topic], partitions: partitions)
                if try consumer.partitionCount(of: topic) == partitions { return }
            } catch let error as KafkaError {
                // A controller that has not heard of its broker for a while says that it has too few of them.
                trouble = "\(topic) was not made: \(error.message)"
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Failure(message: trouble)
    }

    /// Deletes a topic, and returns when no broker knows it.
    public func delete(_ topic: String) async throws {
        try admin { handle, queue in
            var request = rd_kafka_DeleteTopic_new(topic)
            defer { rd_kafka_DeleteTopic_destroy(request) }
            rd_kafka_DeleteTopics(handle, &request, 1, nil, queue)
        }
        let consumer = try KafkaConsumer(properties: properties, group: "setup")
        for _ in 0..<200 where try consumer.partitionCount(of: topic) != nil {
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Deletes a topic and makes it again, as an operator does: some seconds lie between.
    public func remake(_ topic: String, partitions: Int) async throws {
        try await delete(topic)
        try await Task.sleep(for: .seconds(3))
        try await make(topic, partitions: partitions)
    }

    /// Deletes the messages of a partition before an offset; −1 is its end.
    public func cut(_ place: TopicPartition, before offset: Int64) throws {
        try admin { handle, queue in
            let list = rd_kafka_topic_partition_list_new(1)
            defer { rd_kafka_topic_partition_list_destroy(list) }
            rd_kafka_topic_partition_list_add(list, place.topic, place.partition).pointee.offset = offset
            var request = rd_kafka_DeleteRecords_new(list)
            defer { rd_kafka_DeleteRecords_destroy(request) }
            rd_kafka_DeleteRecords(handle, &request, 1, nil, queue)
        }
    }

    private func admin(_ ask: (OpaquePointer, OpaquePointer) -> Void) throws {
        let client = try RawProducer(properties)
        let queue: OpaquePointer = rd_kafka_queue_new(client.handle)
        defer { rd_kafka_queue_destroy(queue) }
        ask(client.handle, queue)
        guard let event = rd_kafka_queue_poll(queue, 30_000) else { throw Failure(message: "no answer") }
        defer { rd_kafka_event_destroy(event) }
        let code = rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw Failure(message: "\(code.rawValue)") }
    }
}

/// A bare producer of librdkafka.
private final class RawProducer {
    let handle: OpaquePointer

    init(_ properties: KafkaProperties, _ more: [String: String] = [:]) throws {
        let conf: OpaquePointer = rd_kafka_conf_new()
        for (name, value) in more.merging(["bootstrap.servers": properties.bootstrapServers], uniquingKeysWith: { $1 })
        {
            rd_kafka_conf_set(conf, name, value, nil, 0)
        }
        guard let handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nil, 0) else {
            throw KafkaServer.Failure(message: "no producer")
        }
        self.handle = handle
    }

    deinit { rd_kafka_destroy(handle) }
}

/// Sends messages in transactions; the product itself only reads them.
public final class TransactionalProducer {
    private let producer: RawProducer

    public init(_ properties: KafkaProperties, id: String) throws {
        producer = try RawProducer(properties, ["transactional.id": id])
        try check(rd_kafka_init_transactions(producer.handle, 60_000))
    }

    public func begin() throws { try check(rd_kafka_begin_transaction(producer.handle)) }

    /// Sends a message to the first partition.
    public func send(_ text: String, topic: String) throws {
        let rkt = rd_kafka_topic_new(producer.handle, topic, nil)
        defer { rd_kafka_topic_destroy(rkt) }
        var bytes = Array(text.utf8)
        // RD_KAFKA_MSG_F_COPY
        guard rd_kafka_produce(rkt, 0, 2, &bytes, bytes.count, nil, 0, nil) == 0 else {
            throw KafkaServer.Failure(message: "not sent")
        }
    }

    public func flush() { rd_kafka_flush(producer.handle, 30_000) }

    public func abort() throws {
        flush()
        try check(rd_kafka_abort_transaction(producer.handle, 60_000))
    }

    private func check(_ error: OpaquePointer?) throws {
        guard let error else { return }
        defer { rd_kafka_error_destroy(error) }
        throw KafkaServer.Failure(message: String(cString: rd_kafka_error_string(error)))
    }
}
