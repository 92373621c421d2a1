import CRdKafka
import Domain
import Foundation

/// Questions to the cluster, the same for producers and consumers. All of them block.
extension KafkaClient {
    /// The cluster's identifier.
    /// - Throws: ``KafkaError/brokerUnreachable(servers:detail:)``.
    func clusterID(timeout: Double) throws -> String {
        let limit = Int32(timeout * 1000)
        // Asked for at once: `rd_kafka_clusterid` alone waits for metadata that come by themselves, in most runs a second.
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let code = rd_kafka_metadata(handle, 0, nil, &metadata, limit)
        if let metadata { rd_kafka_metadata_destroy(metadata) }
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let text = rd_kafka_clusterid(handle, limit) else {
            throw failure(RD_KAFKA_RESP_ERR__TIMED_OUT, at: "asking for the cluster id")
        }
        defer { rd_kafka_mem_free(handle, text) }
        return String(cString: text)
    }

    /// Repeats a question until it is answered, refused for good, or `timeout` seconds have passed: a leader that moves
    /// or a connection that breaks is no answer. A broker that is silent is asked for a part of the time only, because
    /// another one may have taken its place.
    private func retrying(
        _ operation: String, for timeout: Double, _ ask: (_ milliseconds: Int32) -> rd_kafka_resp_err_t
    ) throws {
        let start = ContinuousClock.now
        while true {
            let left = timeout - (ContinuousClock.now - start).inSeconds
            let code = ask(Int32(min(max(left, 0.1), 4) * 1000))
            if code == RD_KAFKA_RESP_ERR_NO_ERROR { return }
            guard Self.transient.contains(code.rawValue), left > 0.1 else { throw failure(code, at: operation) }
            if case .authenticationRefused = failure(code, at: operation) { throw failure(code, at: operation) }
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    private static let transient: Set<Int32> = Set(
        [
            RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__WAIT_COORD,
            RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
            RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH, RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR__FAIL, RD_KAFKA_RESP_ERR__BAD_MSG,
        ].map(\.rawValue))

    /// What librdkafka and brokers say of a topic or partition that they have not heard of.
    private static let unknown: Set<Int32> = Set(
        [
            RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
            RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        ].map(\.rawValue))

    /// The number of partitions of a topic, or nil if the topic does not exist.
    func partitionCount(of topic: String, timeout: Double) throws -> Int? {
        guard let rkt = rd_kafka_topic_new(handle, topic, nil) else {
            throw KafkaError.topicRefused(topic: topic, reason: describe(rd_kafka_last_error()))
        }
        defer { rd_kafka_topic_destroy(rkt) }
        var metadata: UnsafePointer<rd_kafka_metadata>?
        try check(
            rd_kafka_metadata(handle, 0, rkt, &metadata, Int32(timeout * 1000)), "asking for the partitions of \(topic)"
        )
        guard let metadata else { return nil }
        defer { rd_kafka_metadata_destroy(metadata) }
        guard metadata.pointee.topic_cnt > 0 else { return nil }
        let found = metadata.pointee.topics[0]
        switch found.err {
        case RD_KAFKA_RESP_ERR_NO_ERROR: return found.partition_cnt == 0 ? nil : Int(found.partition_cnt)
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE: return nil
        default: throw KafkaError.topicRefused(topic: topic, reason: describe(found.err))
        }
    }

    /// The offsets the broker has of a partition: `low..<high`.
    func watermarks(of place: TopicPartition, timeout: Double) throws -> Range<Int64> {
        let start = ContinuousClock.now
        let low = try end(of: place, LogicalOffset.beginning, timeout: timeout)
        let left = timeout - (ContinuousClock.now - start).inSeconds
        return low..<max(low, try end(of: place, LogicalOffset.end, timeout: left))
    }

    /// The first or last offset of a partition.
    private func end(of place: TopicPartition, _ end: Int64, timeout: Double) throws -> Int64 {
        var offset: Int64 = 0
        try retrying("asking for the offsets of \(place)", for: timeout) { left in
            let code = withPartitionList([(key: place, value: end)]) { list in
                // Not `rd_kafka_query_watermark_offsets`: in librdkafka 2.0.2 that may wait far beyond its time.
                let code = rd_kafka_offsets_for_times(handle, list, left)
                guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { return code }
                let element = list.pointee.elems[0]
                offset = element.offset
                // One below 0 is the question, which nobody answered.
                return element.err == RD_KAFKA_RESP_ERR_NO_ERROR && offset < 0
                    ? RD_KAFKA_RESP_ERR__TIMED_OUT : element.err
            }
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return code }
            // librdkafka would go on asking the leader it knows until its metadata are five minutes old.
            let count = try? partitionCount(of: place.topic, timeout: 2)
            // Of a topic that was just made what it knows may be older than who said that there is the partition.
            let isNews = Self.unknown.contains(code.rawValue) && count.map { place.partition < $0 } ?? false
            return isNews ? RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE : code
        }
        return offset
    }

    /// The offsets the broker has of many partitions, in the order of `places`: two requests to each leader, whatever the
    /// number of its partitions. One by one, a few hundred partitions take seconds.
    ///
    /// Whatever this has no clean answer for (a leader that moved, a broker that is away) is asked one by one, as
    /// ``watermarks(of:timeout:)`` does.
    /// - Parameter timeout: seconds for all of them.
    func watermarks(of places: [TopicPartition], timeout: Double) throws -> [Range<Int64>] {
        let start = ContinuousClock.now
        let known = knownWatermarks(of: places, timeout: timeout)
        return try places.map { place in
            try known[place]
                ?? watermarks(of: place, timeout: max(0.1, timeout - (ContinuousClock.now - start).inSeconds))
        }
    }

    /// The offsets of those partitions whose leaders answer at once: one that is away costs its own partitions only.
    func knownWatermarks(of places: [TopicPartition], timeout: Double) -> [TopicPartition: Range<Int64>] {
        let lows = answersByLeader(for: places, at: LogicalOffset.beginning, timeout: timeout)
        let highs = answersByLeader(for: Array(lows.keys), at: LogicalOffset.end, timeout: timeout)
        return highs.reduce(into: [:]) { known, high in
            if let low = lows[high.key] { known[high.key] = low..<max(low, high.value) }
        }
    }

    /// As ``answers(for:at:timeout:)``, but where one leader's silence leaves all without an answer, leader by leader.
    private func answersByLeader(
        for places: [TopicPartition], at end: Int64, timeout: Double
    ) -> [TopicPartition: Int64] {
        let together = answers(for: places, at: end, timeout: timeout)
        guard together.isEmpty else { return together }
        return leaders(of: places, timeout: timeout).values.reduce(into: [:]) { found, own in
            found.merge(answers(for: own, at: end, timeout: min(timeout, 2))) { $1 }
        }
    }

    /// The partitions by the broker that leads them, as far as any broker knows; without those that nobody leads.
    func leaders(of places: [TopicPartition], timeout: Double) -> [Int32: [TopicPartition]] {
        var groups: [Int32: [TopicPartition]] = [:]
        for (topic, own) in Dictionary(grouping: places, by: \.topic) {
            guard let rkt = rd_kafka_topic_new(handle, topic, nil) else { continue }
            defer { rd_kafka_topic_destroy(rkt) }
            var metadata: UnsafePointer<rd_kafka_metadata>?
            guard
                rd_kafka_metadata(handle, 0, rkt, &metadata, Int32(min(timeout, 2) * 1000))
                    == RD_KAFKA_RESP_ERR_NO_ERROR,
                let metadata
            else { return groups }
            defer { rd_kafka_metadata_destroy(metadata) }
            guard metadata.pointee.topic_cnt > 0 else { continue }
            let found = metadata.pointee.topics[0]
            let wanted = Set(own.map(\.partition))
            for i in 0..<Int(found.partition_cnt) where wanted.contains(found.partitions[i].id) {
                guard found.partitions[i].leader >= 0 else { continue }
                groups[found.partitions[i].leader, default: []].append(TopicPartition(topic, found.partitions[i].id))
            }
        }
        return groups
    }

    /// The first or last offset of each partition whose leader said so at the first time of asking.
    ///
    /// On the wire the question for a time and the question for an end of the log are the same request (ListOffsets), in
    /// which −2 and −1 stand for the ends.
    func answers(
        for places: [TopicPartition], at end: Int64, timeout: Double
    ) -> [TopicPartition: Int64] {
        guard !places.isEmpty else { return [:] }
        return withPartitionList(places.map { (key: $0, value: end) }) { list in
            let code = rd_kafka_offsets_for_times(handle, list, Int32(min(timeout, 4) * 1000))
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { return [:] }
            var result: [TopicPartition: Int64] = [:]
            for i in 0..<Int(list.pointee.cnt) {
                let element = list.pointee.elems[i]
                guard element.err == RD_KAFKA_RESP_ERR_NO_ERROR, element.offset >= 0 else { continue }
                result[TopicPartition(String(cString: element.topic), element.partition)] = element.offset
            }
            return result
        }
    }

    /// One past the last message of a partition, as the newest fetch said.
    func fetchedEnd(of place: TopicPartition) -> Int64? {
        var low: Int64 = 0
        var high: Int64 = 0
        let code = rd_kafka_get_watermark_offsets(handle, place.topic, place.partition, &low, &high)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : nil
    }

    /// Whether any broker answers within so many seconds.
    func isAnswered(timeout: Double) -> Bool {
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let code = rd_kafka_metadata(handle, 0, nil, &metadata, Int32(timeout * 1000))
        if let metadata { rd_kafka_metadata_destroy(metadata) }
        return code == RD_KAFKA_RESP_ERR_NO_ERROR
    }

    /// The offsets that the client's group has told the broker; absent where it has told none.
    func committed(_ places: [TopicPartition], timeout: Double) throws -> [TopicPartition: Int64] {
        try withPartitionList(places.map { (key: $0, value: Int64(0)) }) { list in
            try retrying("asking for the group's offsets", for: timeout) { rd_kafka_committed(handle, list, $0) }
            var result: [TopicPartition: Int64] = [:]
            for i in 0..<Int(list.pointee.cnt) where list.pointee.elems[i].offset >= 0 {
                let element = list.pointee.elems[i]
                result[TopicPartition(String(cString: element.topic), element.partition)] = element.offset
            }
            return result
        }
    }

    /// Creates topics through the admin API; those that exist are left as they are.
    /// - Throws: ``KafkaError/topicRefused(topic:reason:)``, also where the broker has no admin API.
    func create(topics: [String], partitions: Int, replication: Int, timeout: Double) throws {
        var specifications: [OpaquePointer?] = []
        defer { for case let specification? in specifications { rd_kafka_NewTopic_destroy(specification) } }
        for topic in topics {
            let specification = try withErrorText { text, size in
                guard let made = rd_kafka_NewTopic_new(topic, Int32(partitions), Int32(replication), text, size) else {
                    throw KafkaError.topicRefused(topic: topic, reason: String(cString: text))
                }
                return made
            }
            specifications.append(specification)
        }
        let reply: OpaquePointer = rd_kafka_queue_new(handle)
        defer { rd_kafka_queue_destroy(reply) }
        let options = rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_CREATETOPICS)
        defer { rd_kafka_AdminOptions_destroy(options) }
        _ = withErrorText { text, size in
            rd_kafka_AdminOptions_set_request_timeout(options, Int32(timeout * 1000), text, size)
        }
        rd_kafka_CreateTopics(handle, &specifications, specifications.count, options, reply)
        guard let event = rd_kafka_queue_poll(reply, Int32(timeout * 1000) + 2000) else {
            throw failure(RD_KAFKA_RESP_ERR__TIMED_OUT, at: "creating topics")
        }
        defer { rd_kafka_event_destroy(event) }
        let outcome = rd_kafka_event_error(event)
        if outcome != RD_KAFKA_RESP_ERR_NO_ERROR {
            // "Timed out waiting for controller" and the like say nothing of the topics.
            if Self.transient.contains(outcome.rawValue) { throw failure(outcome, at: "creating topics") }
            let reason = rd_kafka_event_error_string(event).map { String(cString: $0) } ?? describe(outcome)
            throw KafkaError.topicRefused(topic: topics.joined(separator: ", "), reason: reason)
        }
        guard let result = rd_kafka_event_CreateTopics_result(event) else { return }
        var count = 0
        guard let results = rd_kafka_CreateTopics_result_topics(result, &count) else { return }
        for i in 0..<count {
            let code = rd_kafka_topic_result_error(results[i])
            if code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS { continue }
            let name = String(cString: rd_kafka_topic_result_name(results[i]))
            throw KafkaError.topicRefused(topic: name, reason: describe(code))
        }
    }
}
