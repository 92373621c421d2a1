import CRdKafka
public import Domain
import Synchronization

/// Reads messages, by group or by hand-made assignment. One thread owns it.
///
/// It never decides on its own where to read: offsets are given with each assignment, nothing is committed to the broker
/// unless ``commitHint(_:)`` asks, and an offset that the broker does not have is reported, never jumped over.
public final class KafkaConsumer {
    private let client: KafkaClient
    private let queue: OpaquePointer
    private let buffer: UnsafeMutableBufferPointer<UnsafeMutablePointer<rd_kafka_message_t>?>
    private var isClosed = false
    private var waker = FetchWaker()
    /// In a group that has given nothing yet.
    private var isWaitingForGroup = false

    /// A change of the partitions that the group gives this consumer. Reading goes on only after it was answered.
    public enum Rebalance: Sendable, Equatable {
        case assigned([TopicPartition])
        /// `lost` means that they may already belong to someone else.
        case revoked([TopicPartition], lost: Bool)
    }

    /// - Parameter batch: the most messages one poll returns.
    /// - Throws: ``KafkaError/invalidProperty(name:reason:)``. No connection is made yet.
    public init(
        properties: KafkaProperties, group: String, batch: Int = 8192, observer: KafkaObserver = KafkaObserver()
    ) throws {
        var effective = KafkaProperties([
            "partition.assignment.strategy": "cooperative-sticky", "fetch.wait.max.ms": "100",
            // An eighth of a second of reading. A message of the queue takes three times its bytes, in memory that librdkafka
            // writes and the reader finds again: the less of it there is, the more often it is still in a cache.
            "queued.max.messages.kbytes": "32768", "fetch.message.max.bytes": "1048576",
            // Bytes alone bound the queue. A partition with more than this many messages waiting is looked at again only
            // about a second later, and the default, 100000, is a tenth of a second's work.
            "queued.min.messages": "1000000",
            // A group sees new partitions within half a minute, and not only after librdkafka's five.
            "topic.metadata.refresh.interval.ms": "30000",
        ])
        if observer.statistics != nil { effective["statistics.interval.ms"] = "5000" }
        effective = effective.merging(properties)
        // Not negotiable: exactly-once rests on these.
        effective["group.id"] = group
        effective["enable.auto.commit"] = "false"
        effective["enable.auto.offset.store"] = "false"
        effective["auto.offset.reset"] = "error"
        effective["enable.partition.eof"] = "true"
        client = try KafkaClient(RD_KAFKA_CONSUMER, effective, observer: observer)
        queue = rd_kafka_queue_get_consumer(client.handle)
        buffer = .allocate(capacity: batch)
        buffer.initialize(repeating: nil)
    }

    deinit {
        close()
        // The queue holds a reference into the client, which is destroyed after this body.
        rd_kafka_queue_destroy(queue)
        buffer.deallocate()
    }

    /// Leaves the group and stops fetching. Blocks until the broker has answered or its time-out has passed.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        client.context.closing.store(true, ordering: .releasing)
        // A rebalance that nobody answered would keep close from ending.
        if !client.context.rebalances.withLock({ $0 }).isEmpty { rd_kafka_assign(client.handle, nil) }
        if !KafkaClient.finish("close", client.handle, client.context, { rd_kafka_consumer_close($0) }) {
            return client.abandon()
        }
        // Destroyed between the group's answer and the assignment, librdkafka 2.0 ends the process: it asserts that its
        // sticky assignor has a state, which comes with the first assignment only.
        if isWaitingForGroup { client.abandon() }
    }

    // MARK: Assignment

    /// Joins the group; partitions come as ``Rebalance`` requests.
    public func subscribe(_ topics: [String]) throws {
        try withPartitionList(topics.map { (key: TopicPartition($0, -1), value: Int64(0)) }) { list in
            try client.check(rd_kafka_subscribe(client.handle, list), "subscribing")
        }
        isWaitingForGroup = true
    }

    /// Reads exactly these partitions from these offsets, without a group.
    public func assign(_ offsets: [TopicPartition: Int64]) throws {
        try withPartitionList(offsets) { try client.check(rd_kafka_assign(client.handle, $0), "assigning partitions") }
        waker.begin()
    }

    /// Adds partitions to, or takes them from, a hand-made assignment.
    public func assign(adding offsets: [TopicPartition: Int64]) throws {
        try withPartitionList(offsets) {
            try client.check(rd_kafka_incremental_assign(client.handle, $0), "adding partitions")
        }
        waker.begin()
    }

    /// Begins anew at other offsets in partitions that are already assigned, also in those that are not fetched any more:
    /// librdkafka stops fetching where the broker does not have an offset, and a seek does not begin it again (its issue
    /// 2961). Messages fetched before are dropped.
    /// - Parameters:
    ///   - offsets: where to begin; partitions that are assigned.
    ///   - all: where to go on in every partition that is assigned. Used only in groups whose protocol is eager.
    public func restart(_ offsets: [TopicPartition: Int64], among all: [TopicPartition: Int64]) throws {
        guard !offsets.isEmpty else { return }
        if rd_kafka_rebalance_protocol(client.handle).map({ String(cString: $0) }) == "EAGER" {
            return try assign(all.merging(offsets) { $1 })
        }
        try withPartitionList(offsets) { list in
            try client.check(rd_kafka_incremental_unassign(client.handle, list), "beginning anew")
            try client.check(rd_kafka_incremental_assign(client.handle, list), "beginning anew")
        }
        waker.begin()
    }

    /// The oldest change of assignment that waits for an answer, if any.
    public var pendingRebalance: Rebalance? {
        guard let oldest = client.context.rebalances.withLock({ $0.first }) else { return nil }
        if oldest.isAssignment { return .assigned(oldest.partitions) }
        return .revoked(oldest.partitions, lost: rd_kafka_assignment_lost(client.handle) == 1)
    }

    /// Answers ``pendingRebalance``. `offsets` must say where to go on in every partition that is ours afterwards: the
    /// assigned ones, and those that a cooperative rebalance leaves with us.
    public func answerRebalance(offsets: [TopicPartition: Int64]) throws {
        let answered = client.context.rebalances.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        guard let answered else { return }
        if answered.isAssignment { isWaitingForGroup = false }
        let cooperative = rd_kafka_rebalance_protocol(client.handle).map { String(cString: $0) } == "COOPERATIVE"
        let list = answered.partitions.map { (key: $0, value: offsets[$0] ?? LogicalOffset.beginning) }
        try withPartitionList(list) { list in
            switch (answered.isAssignment, cooperative) {
            case (true, true): try client.check(rd_kafka_incremental_assign(client.handle, list), "taking partitions")
            case (true, false): try client.check(rd_kafka_assign(client.handle, list), "taking partitions")
            case (false, true):
                try client.check(rd_kafka_incremental_unassign(client.handle, list), "giving partitions")
            case (false, false): try client.check(rd_kafka_assign(client.handle, nil), "giving partitions")
            }
        }
        if answered.isAssignment { waker.begin() }
        // While the group rebalances librdkafka pauses the partitions that stay, and drops what the poll in progress had
        // collected of them; before its version 2.1 they then go on behind what was dropped (its pull request 4208).
        if cooperative { try seek(offsets.filter { !answered.partitions.contains($0.key) }) }
    }

    /// Continues at other offsets in partitions that are already assigned. Messages fetched before are dropped. A
    /// partition of which nothing was fetched yet begins where it was assigned.
    public func seek(_ offsets: [TopicPartition: Int64], timeout: Double = 60) throws {
        guard !offsets.isEmpty else { return }
        try withPartitionList(offsets) { list in
            try client.check(rd_kafka_seek_partitions(client.handle, list, Int32(timeout * 1000)), "seeking")
            for i in 0..<Int(list.pointee.cnt) where list.pointee.elems[i].err != RD_KAFKA_RESP_ERR__STATE {
                try client.check(list.pointee.elems[i].err, "seeking")
            }
        }
    }

    // MARK: Reading

    /// Waits up to `timeout` seconds for messages and lends what came, in order. Returns how many messages came.
    ///
    /// O(messages), and no allocation per message: runs of one partition are lent as they lie in librdkafka's memory.
    /// When a rebalance arrives the poll may end early; look at ``pendingRebalance`` after each.
    @discardableResult
    public func poll(timeout: Double, _ body: (KafkaArrival) throws -> Void) rethrows -> Int {
        // Errors and statistics have a queue of their own, which ``KafkaClient/failure(_:at:)`` reads too.
        rd_kafka_poll(client.handle, 0)
        let count = take(timeout: waker.limit(timeout))
        guard count > 0 else {
            waker.foundNothing(of: client.handle)
            return 0
        }
        waker.look(at: queue, of: client.handle, taken: count)
        defer { for i in 0..<count { rd_kafka_message_destroy(buffer[i]) } }
        var messages = 0
        var start = 0
        while start < count {
            let first = buffer[start]!
            if first.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR {
                try body(problem(first))
                start += 1
                continue
            }
            var end = start + 1
            while end < count, let next = buffer[end], next.pointee.rkt == first.pointee.rkt,
                next.pointee.partition == first.pointee.partition, next.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR
            {
                end += 1
            }
            let topic = String(cString: rd_kafka_topic_name(first.pointee.rkt))
            messages += end - start
            try body(
                .messages(
                    KafkaMessages(
                        pointers: UnsafeBufferPointer(rebasing: buffer[start..<end]), topic: topic,
                        partition: first.pointee.partition)))
            start = end
        }
        return messages
    }

    /// What waits in the queue, or else what comes first and whatever is there by then: told to wait, librdkafka waits for
    /// the whole batch, and what came last would lie there until the time is up.
    private func take(timeout: Double) -> Int {
        func take(_ places: Range<Int>, _ milliseconds: Int32) -> Int {
            let start = buffer.baseAddress! + places.lowerBound
            return max(0, rd_kafka_consume_batch_queue(queue, milliseconds, start, places.count))
        }
        let waiting = take(0..<buffer.count, 0)
        guard waiting == 0, timeout > 0 else { return waiting }
        guard take(0..<1, Int32(timeout * 1000)) == 1 else { return 0 }
        return 1 + take(1..<buffer.count, 0)
    }

    private func problem(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> KafkaArrival {
        let code = message.pointee.err
        let place = message.pointee.rkt.map {
            TopicPartition(String(cString: rd_kafka_topic_name($0)), message.pointee.partition)
        }
        let reason = rd_kafka_message_errstr(message).map { String(cString: $0) } ?? describe(code)
        switch (code, place) {
        case (RD_KAFKA_RESP_ERR__PARTITION_EOF, let place?):
            return .endOfPartition(place, offset: message.pointee.offset)
        case (RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, let place?), (RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, let place?):
            return .offsetOutOfRange(place, reason: reason)
        default:
            let fatal: Set<Int32> = [
                RD_KAFKA_RESP_ERR__FATAL.rawValue, RD_KAFKA_RESP_ERR__AUTHENTICATION.rawValue,
                RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED.rawValue,
                RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED.rawValue,
            ]
            return .failure(place, reason: reason, isFatal: fatal.contains(code.rawValue))
        }
    }

    // MARK: Offsets at the broker

    /// Tells the broker how far we are, for lag monitors and followers. Only a hint: nobody starts from it. Never waits.
    public func commitHint(_ offsets: [TopicPartition: Int64]) {
        guard !offsets.isEmpty, !isClosed else { return }
        withPartitionList(offsets) { _ = rd_kafka_commit(client.handle, $0, 1) }
    }

    var kafka: KafkaClient { client }
    /// How often librdkafka had to be woken, see ``FetchWaker``.
    var wakes: Int { waker.count }
}
