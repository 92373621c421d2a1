import CRdKafka
public import Domain

/// One message as it lies in librdkafka's memory. The buffers are valid only inside the closure that lent the batch.
public struct KafkaMessage {
    public let partition: Int32
    public let offset: Int64
    /// Milliseconds since 1970, or -1 if the message carries none.
    public let timestamp: Int64
    /// Empty for a tombstone, too.
    public let payload: UnsafeRawBufferPointer
    /// Whether it has no payload, not even an empty one: to a compacted topic, that the key is no more.
    public var isTombstone: Bool { payload.baseAddress == nil }
    public let key: UnsafeRawBufferPointer

    init(_ message: UnsafeMutablePointer<rd_kafka_message_t>) {
        partition = message.pointee.partition
        offset = message.pointee.offset
        var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        timestamp = rd_kafka_message_timestamp(message, &kind)
        payload = UnsafeRawBufferPointer(start: message.pointee.payload, count: message.pointee.len)
        key = UnsafeRawBufferPointer(start: message.pointee.key, count: message.pointee.key_len)
    }
}

/// Consecutive messages of one partition, in the order of their offsets. Valid only inside the closure that lent them.
public struct KafkaMessages {
    let pointers: UnsafeBufferPointer<UnsafeMutablePointer<rd_kafka_message_t>?>
    public let topic: String
    public let partition: Int32

    /// At least 1.
    public var count: Int { pointers.count }

    /// One message with everything it carries but its headers.
    public subscript(position: Int) -> KafkaMessage { KafkaMessage(pointers[position]!) }

    /// The bytes of one message: all that a decoder needs, without the rest of ``KafkaMessage``.
    /// - Precondition: `position` is in `0..<count`; this is not checked in release builds.
    package func payload(at position: Int) -> UnsafeRawBufferPointer {
        let message = pointers[position].unsafelyUnwrapped
        return UnsafeRawBufferPointer(start: message.pointee.payload, count: message.pointee.len)
    }

    /// The place of one message in its partition, under the same precondition.
    package func offset(at position: Int) -> Int64 { pointers[position].unsafelyUnwrapped.pointee.offset }

    /// When one message was sent, or taken by the broker, as its topic says: milliseconds since 1970, or -1.
    package func timestamp(at position: Int) -> Int64 {
        var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        return rd_kafka_message_timestamp(pointers[position], &kind)
    }

    /// Brings messages into this core's cache, all at the same time: another core wrote them, and one by one each is waited
    /// for. Returns a number that means nothing, so that the compiler does not leave the reading out.
    package func touch(_ range: Range<Int>) -> Int {
        var sum = 0
        for position in range { sum &+= pointers[position].unsafelyUnwrapped.pointee.len }
        return sum
    }

    /// Names and values of a message's headers, copied.
    public func headers(at position: Int) -> [(name: String, value: [UInt8])] { headersOf(pointers[position]!) }

    /// Bytes of all payloads together.
    package var payloadBytes: Int { pointers.reduce(0) { $0 + $1.unsafelyUnwrapped.pointee.len } }

    /// The partition all of them lie in.
    package var place: TopicPartition { TopicPartition(topic, partition) }
}

/// What one poll of a consumer found, in order.
public enum KafkaArrival {
    case messages(KafkaMessages)
    /// Everything before `offset` was read; nothing newer is there at this moment.
    case endOfPartition(TopicPartition, offset: Int64)
    /// The broker does not have the offset that was asked for.
    case offsetOutOfRange(TopicPartition, reason: String)
    case failure(TopicPartition?, reason: String, isFatal: Bool)
}

extension KafkaMessages {
    /// The same messages but those at `offsets`, as runs of neighbours.
    package func runs(without offsets: Set<Int64>) -> [KafkaMessages] {
        if offsets.isEmpty { return [self] }
        var runs: [KafkaMessages] = []
        var first = 0
        for position in 0...count where position == count || offsets.contains(offset(at: position)) {
            if first < position {
                runs.append(
                    KafkaMessages(
                        pointers: UnsafeBufferPointer(rebasing: pointers[first..<position]), topic: topic,
                        partition: partition))
            }
            first = position + 1
        }
        return runs
    }

    /// Some of them.
    package func slice(_ range: Range<Int>) -> KafkaMessages {
        KafkaMessages(pointers: UnsafeBufferPointer(rebasing: pointers[range]), topic: topic, partition: partition)
    }

    /// The same messages without the first `count`.
    package func dropping(_ count: Int) -> KafkaMessages {
        count == 0
            ? self
            : KafkaMessages(
                pointers: UnsafeBufferPointer(rebasing: pointers[count...]), topic: topic, partition: partition)
    }
}
