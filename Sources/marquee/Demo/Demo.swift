import Domain
import EventIngest
import Kafka
import Operations
import Synchronization

/// The demo: a broker, ingestion in the background, and the stages one after another in front of it.
final class Demo: Sendable {
    private let plan: DemoPlan
    private let served = Served()

    /// Set once the demo serves.
    final class Served: Sendable {
        private let flag = Atomic<Bool>(false)
        func set() { flag.store(true, ordering: .releasing) }
        var isSet: Bool { flag.load(ordering: .acquiring) }
    }

    init(_ plan: DemoPlan) { self.plan = plan }

    /// Whether it came as far as serving.
    var hasServed: Bool { served.isSet }

    /// Runs until cancelled.
    func run() async throws -> ServiceGroup.Outcome {
        let broker = try EmbeddedBroker()
        DemoStages.say("broker", "\(broker.bootstrapServers), embedded; other terminals may join in")
        let properties = KafkaProperties(bootstrapServers: broker.bootstrapServers)
        try await Self.makeTopics(properties)
        let routes = try await BlockingWork.run("routes") { [plan] _ in try Kafka.routes(store: plan.data) }
        var configuration = IngestConfiguration(store: plan.data, kafka: properties, routes: routes)
        configuration.group = Kafka.ingestGroup
        // Every embedded broker counts from 0, so each run must be a cluster of its own to the tables.
        configuration.cluster = "demo-\(Timestamp.now.milliseconds)"
        // A file a second would soon be many while a few events a second trickle in.
        configuration.commit.age = 3
        let ingest = IngestService(configuration)

        var group = ServiceGroup()
        group.add(ingest)
        group.add(DemoStages(plan: plan, properties: properties, ingest: ingest, served: served))
        let outcome = try await group.run()
        withExtendedLifetime(broker) {}
        return outcome
    }

    /// Topics come into being when they are first asked for, but not soon enough for a consumer that starts at once.
    private static func makeTopics(_ properties: KafkaProperties) async throws {
        try await BlockingWork.run("topics") { _ in
            let consumer = try KafkaConsumer(
                properties: properties, group: "marquee-demo", batch: 1, observer: Kafka.observer)
            _ = try consumer.partitions(of: Topics.events + [Topics.movies])
        }
    }
}
