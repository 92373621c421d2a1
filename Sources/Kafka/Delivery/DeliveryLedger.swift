import CRdKafka
import Synchronization

/// What became of a producer's messages, through all the clients it had.
final class DeliveryLedger: Sendable {
    struct Failures: Sendable {
        var count = 0
        /// Why the first one failed.
        var first: String?
    }

    private let recorded = Mutex(Failures())
    private let stranded = Mutex<[StrandedMessage]>([])
    private let waiting = Atomic<Int>(0)
    private let taken = Atomic<Int>(0)

    var failures: Failures { recorded.withLock { $0 } }

    /// Stranded messages that no other client has taken yet.
    var waitingCount: Int { waiting.load(ordering: .sequentiallyConsistent) }

    /// How often another client took a message.
    var takenCount: Int { taken.load(ordering: .relaxed) }

    func failed(_ reason: String, _ delivery: Delivery?) {
        recorded.withLock { failures in
            failures.count += 1
            if failures.first == nil { failures.first = reason }
        }
        delivery?.reported(failure: reason)
    }

    /// Keeps a message of a client that died; it waits until it is taken or has failed.
    func strand(_ message: StrandedMessage) {
        waiting.add(1, ordering: .sequentiallyConsistent)
        stranded.withLock { $0.append(message) }
    }

    /// All that are kept, in the order in which they were first sent. They go on waiting.
    func takeStranded() -> [StrandedMessage] {
        let all = stranded.withLock { stranded in
            let all = stranded
            stranded = []
            return all
        }
        return all.sorted { $0.number < $1.number }
    }

    /// Keeps what could not be sent after all.
    func putBack(_ messages: some Sequence<StrandedMessage>) {
        stranded.withLock { $0.append(contentsOf: messages) }
    }

    /// A stranded message is in another client's hands.
    func wasTaken() {
        taken.add(1, ordering: .relaxed)
        waiting.subtract(1, ordering: .sequentiallyConsistent)
    }

    /// A stranded message cannot be sent.
    func failed(_ message: StrandedMessage, _ reason: String) {
        failed(reason, message.delivery)
        waiting.subtract(1, ordering: .sequentiallyConsistent)
    }

    /// Everything stranded has failed.
    func failStranded(_ reason: String) {
        for message in takeStranded() { failed(message, reason) }
    }
}

/// A message that a client has handed back because it died, copied out of librdkafka's memory.
struct StrandedMessage: Sendable {
    /// Its place in the order of sending.
    let number: Int
    let topic: String
    let key: [UInt8]?
    let payload: [UInt8]?
    let timestamp: Int64
    let headers: [(name: String, value: [UInt8])]
    let delivery: Delivery?

    init(_ message: UnsafePointer<rd_kafka_message_t>, _ tag: MessageTag) {
        number = tag.number
        delivery = tag.delivery
        topic = String(cString: rd_kafka_topic_name(message.pointee.rkt))
        func bytes(_ start: UnsafeMutableRawPointer?, _ count: Int) -> [UInt8]? {
            start.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) }
        }
        key = bytes(message.pointee.key, message.pointee.key_len)
        payload = bytes(message.pointee.payload, message.pointee.len)
        timestamp = max(0, marquee_timestamp_of_failed(message))
        headers = headersOf(message)
    }
}
