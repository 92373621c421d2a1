import CRdKafka
import Domain

/// Wakes librdkafka where it lets a queue run dry that was full.
///
/// The thread of a broker that finds the queue full looks at it again after a second, or when something else is to be done
/// (2.0.2; later ones have `fetch.queue.backoff.ms`). Whoever reads faster than a queue a second waits for the rest of that
/// second. So where half of the queue has been read and none was added for ten milliseconds, or for a tenth of a second in any
/// case, the leaders of all partitions are asked for their ends: something to be done. Nobody waits for the answer, and it
/// changes nothing.
///
/// The same second passes between an assignment and the first fetch, where the thread had looked just before; so they are
/// asked then too, until something comes.
struct FetchWaker {
    private static let (patience, impatience) = (Duration.milliseconds(100), Duration.milliseconds(10))
    /// Messages in the queue when it was looked at last.
    private var waiting = 0
    /// The most that there were since a message was added.
    private var fullest = 0
    /// When a message was added last, or the leaders were asked.
    private var since = ContinuousClock.now
    /// How often they were asked.
    private(set) var count = 0
    /// How often they may still be asked after an assignment; 0 once something came.
    private var starts = 0

    /// Partitions were assigned or sought in.
    mutating func begin() { starts = 50 }

    /// How long a poll is to wait, in seconds.
    func limit(_ timeout: Double) -> Double { starts > 0 ? min(timeout, 0.02) : timeout }

    /// Called after a poll that found nothing.
    mutating func foundNothing(of client: OpaquePointer) {
        guard starts > 0 else { return }
        starts -= 1
        Self.askLeaders(client)
    }

    /// Called after each poll that took `taken` messages out of `queue`.
    mutating func look(at queue: OpaquePointer, of client: OpaquePointer, taken: Int) {
        starts = 0
        let left = rd_kafka_queue_length(queue)
        let now = ContinuousClock.now
        let hasGrown = left + taken > waiting
        waiting = left
        if hasGrown { fullest = left }
        if hasGrown || left == 0 {
            since = now
        } else if now - since >= (left <= fullest / 2 ? Self.impatience : Self.patience) {
            since = now
            count += 1
            Self.askLeaders(client)
        }
    }

    private static func askLeaders(_ client: OpaquePointer) {
        var assigned: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        guard rd_kafka_assignment(client, &assigned) == RD_KAFKA_RESP_ERR_NO_ERROR, let list = assigned else { return }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        // In the place of an instant; see `answers(for:at:timeout:)`.
        for i in 0..<Int(list.pointee.cnt) { list.pointee.elems[i].offset = LogicalOffset.end }
        // librdkafka drops answers that come after the time is up.
        _ = rd_kafka_offsets_for_times(client, list, 1)
    }
}
