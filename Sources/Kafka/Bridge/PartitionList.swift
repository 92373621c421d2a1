import CRdKafka
import Domain

/// Lends librdkafka a list of partitions with offsets; the pointer dies with the closure.
func withPartitionList<R>(
    _ offsets: some Collection<(key: TopicPartition, value: Int64)>,
    _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) throws -> R
) rethrows -> R {
    let list = rd_kafka_topic_partition_list_new(Int32(offsets.count))!
    defer { rd_kafka_topic_partition_list_destroy(list) }
    for (place, offset) in offsets {
        rd_kafka_topic_partition_list_add(list, place.topic, place.partition).pointee.offset = offset
    }
    return try body(list)
}

/// The partitions of a list of librdkafka's, copied.
func partitions(in list: UnsafePointer<rd_kafka_topic_partition_list_t>) -> [TopicPartition] {
    (0..<Int(list.pointee.cnt)).map { i in
        let element = list.pointee.elems[i]
        return TopicPartition(String(cString: element.topic), element.partition)
    }
}
