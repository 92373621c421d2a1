import CRdKafka
import Domain
import Synchronization

/// The clients of a producer, one at a time: when one has died of a fatal error of librdkafka, the next takes over.
///
/// An idempotent client dies when its numbering of messages and the broker's disagree, of which librdkafka before 2.4
/// is the cause itself: after a time-out or a lost connection with several requests on their way it may expect a wrong number
/// (confluentinc/librdkafka#4438). The dead client gives back what it had not sent, or not for sure; all of that is given
/// to a new one, before anything else is.
final class ProducerSuccession: Sendable {
    /// How often is too often.
    struct Limits: Sendable {
        /// After this many clients in a row that died without having delivered anything there is no further one,
        var fruitless = 3
        /// until something is sent again after a while.
        var rest = Duration.seconds(30)
        /// How long requests that are on their way may take to be answered: what is answered is not sent twice.
        var grace = Duration.seconds(2)
        /// How long the next client is given to take all messages of the one before.
        var patience = Duration.seconds(60)
    }

    private struct State {
        var client: KafkaClient
        var topics: [String: ProducerTopic] = [:]
        /// Who is about to take over.
        var heir: KafkaClient?
        /// Why, and when, nobody took over.
        var end: (error: KafkaError, at: ContinuousClock.Instant)?
    }

    private struct History {
        var fruitless = 0
        var delivered = 0
    }

    let deliveries = DeliveryLedger()
    /// Messages that librdkafka has taken, each once, whichever client sent it in the end.
    let accepted = Atomic<Int>(0)
    /// Numbers given to messages.
    private let numbered = Atomic<Int>(0)
    private let stopping = Atomic<Bool>(false)
    private let state: Mutex<State>
    /// Held by whoever replaces a client; the others wait for it.
    private let takeover = Mutex(History())
    private let properties: KafkaProperties
    private let observer: KafkaObserver
    private let limits: Limits

    init(_ properties: KafkaProperties, observer: KafkaObserver, limits: Limits) throws {
        self.properties = properties
        self.observer = observer
        self.limits = limits
        state = Mutex(
            State(client: try KafkaClient(RD_KAFKA_PRODUCER, properties, observer: observer, deliveries: deliveries)))
    }

    var client: KafkaClient { state.withLock { $0.client } }

    var isStopping: Bool { stopping.load(ordering: .acquiring) }

    /// The error that ended the succession, if nobody took over.
    var end: KafkaError? { state.withLock { $0.end?.error } }

    /// The first of `count` consecutive numbers.
    func numbers(_ count: Int) -> Int { numbered.add(count, ordering: .relaxed).oldValue }

    /// A topic of the current client.
    func topic(_ name: String) throws -> ProducerTopic {
        try state.withLock { state in
            if let known = state.topics[name] { return known }
            let made = try ProducerTopic(name, of: state.client)
            state.topics[name] = made
            return made
        }
    }

    func took(_ count: Int, _ topic: ProducerTopic) {
        guard count > 0 else { return }
        accepted.add(count, ordering: .relaxed)
        topic.isKnown.store(true, ordering: .relaxed)
    }

    /// Messages accepted and not reported on yet, wherever they are.
    var queued: Int {
        while true {
            let (client, heir) = state.withLock { ($0.client, $0.heir) }
            // In the order in which a message moves, so that it is seen at least once.
            var sum = Int(rd_kafka_outq_len(client.handle)) + deliveries.waitingCount
            if let heir { sum += Int(rd_kafka_outq_len(heir.handle)) }
            if state.withLock({ $0.client === client && $0.heir === heir }) { return sum }
        }
    }

    // MARK: Taking over

    /// Serves delivery reports for a moment, and has a dead client replaced. For the producer's own thread.
    func serve() {
        let client = client
        rd_kafka_poll(client.handle, 100)
        // Without need of it there is no further try.
        if client.isDead, end == nil { try? replace(client) }
    }

    /// Returns when another client has taken the place of one that died, and has its messages: also one that was handed to it
    /// just when it died, so whoever did that calls this. Blocks.
    /// - Throws: ``KafkaError/producerLost(clients:reason:)`` if there will be none.
    func replace(_ dead: KafkaClient) throws {
        try takeover.withLock { history in
            var dead = dead
            while true {
                let (current, end) = state.withLock { ($0.client, $0.end) }
                guard current === dead else { return sweep(dead, into: current) }
                if let end {
                    guard ContinuousClock.now - end.at >= limits.rest else {
                        drain(dead)
                        deliveries.failStranded(end.error.message)
                        throw end.error
                    }
                    state.withLock { $0.end = nil }
                    // One more try.
                    history.fruitless = limits.fruitless - 2
                }
                let heir = try succeed(dead, &history)
                // It may have died of the messages it was given.
                guard heir.isDead else { return }
                dead = heir
            }
        }
    }

    private func succeed(_ dead: KafkaClient, _ history: inout History) throws -> KafkaClient {
        let cause = dead.causeOfDeath
        drain(dead)
        let delivered = accepted.load(ordering: .relaxed) - deliveries.failures.count - deliveries.waitingCount
        history.fruitless = delivered > history.delivered ? 0 : history.fruitless + 1
        history.delivered = delivered
        guard history.fruitless < limits.fruitless else {
            throw giveUp(.producerLost(clients: history.fruitless, reason: cause))
        }
        let heir: KafkaClient
        do {
            heir = try KafkaClient(RD_KAFKA_PRODUCER, properties, observer: observer, deliveries: deliveries)
        } catch {
            throw giveUp(.producerLost(clients: history.fruitless, reason: "\(cause); \(error)"))
        }
        observer.log?(
            4, KafkaObserver.takeover,
            """
            the producer \(String(cString: rd_kafka_name(dead.handle))) died and was replaced; the \
            \(deliveries.waitingCount) messages it had left are sent again, so that some may arrive twice: \(cause)
            """)
        let known = state.withLock { state in
            state.heir = heir
            return state.topics.mapValues { $0.isKnown.load(ordering: .relaxed) }
        }
        var topics: [String: ProducerTopic] = [:]
        hand(deliveries.takeStranded(), to: heir) { name in
            if let made = topics[name] { return made }
            let made = try ProducerTopic(name, of: heir, isKnown: known[name] ?? false)
            topics[name] = made
            return made
        }
        // The topics of the dead client are released outside of the lock, and the client with the last of them.
        let old = state.withLock { state in
            let old = state.topics
            state.client = heir
            state.topics = topics
            state.heir = nil
            return old
        }
        withExtendedLifetime(old) {}
        return heir
    }

    /// Has a dead client report on everything it holds.
    private func drain(_ dead: KafkaClient) {
        let start = ContinuousClock.now
        while rd_kafka_outq_len(dead.handle) > 0 {
            // librdkafka purges its queue itself, once; a message that another thread was just sending may have come later.
            var what = RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING
            if isStopping || ContinuousClock.now - start > limits.grace { what |= RD_KAFKA_PURGE_F_INFLIGHT }
            rd_kafka_purge(dead.handle, what)
            rd_kafka_poll(dead.handle, 20)
        }
    }

    /// A sender may have been about to hand over a message when the client died, and have done so after all had been taken.
    private func sweep(_ dead: KafkaClient, into current: KafkaClient) {
        guard rd_kafka_outq_len(dead.handle) > 0 else { return }
        drain(dead)
        hand(deliveries.takeStranded(), to: current, topic)
    }

    /// Sends what another client left. If the heir dies meanwhile the rest stays stranded, for its own successor.
    /// - Parameter topic: gives the heir's topic of a name.
    private func hand(
        _ messages: [StrandedMessage], to heir: KafkaClient, _ topic: (String) throws -> ProducerTopic
    ) {
        let end = ContinuousClock.now + limits.patience
        for (position, message) in messages.enumerated() {
            do {
                let topic = try topic(message.topic)
                var code = topic.produce(message)
                // All of it was in a queue of the same size before, so there is room; but the broker may not know a topic yet.
                while code != RD_KAFKA_RESP_ERR_NO_ERROR, !heir.isDead, topic.passes(code), !isStopping,
                    ContinuousClock.now < end
                {
                    rd_kafka_poll(heir.handle, 20)
                    code = topic.produce(message)
                }
                if code == RD_KAFKA_RESP_ERR_NO_ERROR {
                    deliveries.wasTaken()
                } else if heir.isDead {
                    return deliveries.putBack(messages[position...])
                } else {
                    deliveries.failed(message, describe(code))
                }
            } catch {
                deliveries.failed(message, "\(error)")
            }
        }
    }

    private func giveUp(_ error: KafkaError) -> KafkaError {
        state.withLock { $0.end = (error, .now) }
        deliveries.failStranded(error.message)
        observer.log?(3, KafkaObserver.takeover, error.message)
        return error
    }

    /// Tells the producer's own thread to end.
    func stop() { stopping.store(true, ordering: .releasing) }

    /// Whatever is still queued is reported as failed, so that nobody waits for it for ever. For the producer's own thread,
    /// when nobody sends any more.
    func close() {
        let client = client
        client.context.closing.store(true, ordering: .releasing)
        let start = ContinuousClock.now
        while rd_kafka_outq_len(client.handle) > 0, ContinuousClock.now - start < .seconds(1) {
            rd_kafka_purge(client.handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
            rd_kafka_poll(client.handle, 20)
        }
        deliveries.failStranded(describe(RD_KAFKA_RESP_ERR__PURGE_QUEUE))
    }
}
