import Columnar
import Domain
import Kafka
import Synchronization

/// Reads again what lies where the tables end while others go on: on a thread of its own, so that a broker that does not
/// answer holds up nothing but what it leads.
///
/// What it reads is compared by ``IngestRun``, which alone may read the tables.
final class LogInspection: Sendable {
    /// A partition to look at, and up to where the tables have it; nil if they have nothing of it.
    struct Question: Sendable {
        var place: TopicPartition
        var route: Int
        var stored: Int64?
        /// Up to where it is trusted if it is the same log.
        var confirms: Int64 = 0
    }

    /// What the cluster said in time.
    struct Survey: Sendable {
        /// The partitions of each topic, 0 for one that does not exist; without those that nobody told of.
        var partitionCounts: [String: Int] = [:]
        var available: [TopicPartition: Range<Int64>] = [:]
        var identity = LogIdentity(claims: [])
        var messages: [TopicPartition: [LogIdentity.Found]] = [:]
        /// Partitions whose leader did not give in time what it was asked for.
        var unread: Set<TopicPartition> = []
        var trouble: String?
    }

    let start = ContinuousClock.now
    let questions: [Question]
    /// Whether nothing strange was seen: it is looked at from time to time.
    let isRoutine: Bool
    private let configuration: IngestConfiguration
    private let observer: KafkaObserver
    private let outcome = Mutex<Result<Survey, any Error>?>(nil)
    private let isGivenUp = Atomic<Bool>(false)
    /// Seconds for each step. A leader that needs longer is asked again.
    private static let patience = 4.0

    init(_ questions: [Question], isRoutine: Bool, configuration: IngestConfiguration, observer: KafkaObserver) {
        self.questions = questions
        self.isRoutine = isRoutine
        self.configuration = configuration
        self.observer = observer
        step { [self] consumer in try survey(consumer) }
    }

    /// What the newest step found; nil while it is under way.
    var result: Result<Survey, any Error>? { outcome.withLock(\.self) }

    /// Reads what the comparison wants next.
    func readOn(_ survey: Survey) {
        outcome.withLock { $0 = nil }
        step { [self] consumer in
            var survey = survey
            try read(&survey, consumer)
            return survey
        }
    }

    /// Nobody wants to know any more. Does not wait.
    func giveUp() { isGivenUp.store(true, ordering: .releasing) }

    private func step(_ body: @escaping @Sendable (KafkaConsumer) throws -> Survey) {
        SystemThread.start("log-inspection") { [self] in
            let result = Result {
                let consumer = try RangeReader.consumer(
                    properties: configuration.kafka, group: configuration.group, observer: observer)
                defer { consumer.close() }
                return try body(consumer)
            }
            outcome.withLock { $0 = result }
        }
    }

    private func survey(_ consumer: KafkaConsumer) throws -> Survey {
        var survey = Survey()
        for topic in Set(questions.map(\.place.topic)) where !isGivenUp.load(ordering: .acquiring) {
            do {
                survey.partitionCounts[topic] = try consumer.partitionCount(of: topic, timeout: Self.patience) ?? 0
            } catch let error as KafkaError where error.category == .unavailable {
                survey.trouble = error.message
            }
        }
        let places = questions.map(\.place).filter { place in
            survey.partitionCounts[place.topic].map { place.partition < $0 } ?? false
        }
        survey.available = consumer.knownWatermarks(of: places, timeout: Self.patience)
        survey.unread = Set(places).subtracting(survey.available.keys)
        if let place = survey.unread.min() { survey.trouble = "nobody says what there is of \(place)" }
        survey.identity = LogIdentity(
            claims: questions.compactMap { question in
                guard let available = survey.available[question.place], let stored = question.stored, stored > 0
                else { return nil }
                return LogIdentity.Claim(
                    place: question.place, route: question.route, stored: stored, available: available)
            })
        try read(&survey, consumer)
        return survey
    }

    private func read(_ survey: inout Survey, _ consumer: KafkaConsumer) throws {
        var found = FoundMessages(routes: configuration.routes, claims: survey.identity.open)
        let left = try RangeReader.read(
            survey.identity.ranges, with: consumer, timeout: Self.patience,
            unless: { isGivenUp.load(ordering: .acquiring) }
        ) { try found.add($0) }
        survey.messages = found.messages
        if let left {
            survey.unread.formUnion(left.places)
            survey.trouble =
                "what was stored could not be read again from \(left.places.min().map { "\($0)" } ?? "") "
                + "(\(left.trouble))"
        }
    }
}
