internal import Domain
internal import EventIngest
internal import Kafka
public import Operations
internal import Store
internal import Synchronization

/// The whole loop on one machine: a broker, ingestion in the background, and the stages one after another in front of it.
///
///     let demo = Demo(try await DemoPlan(http: http, data: "data", models: "models", history: history)) { print($0) }
///     _ = try await demo.run()        // until cancelled
public final class Demo: Sendable {
    private let plan: DemoPlan
    private let tell: @Sendable (DemoNews) -> Void
    private let served = Served()

    /// Set once the demo serves.
    final class Served: Sendable {
        private let flag = Atomic<Bool>(false)
        func set() { flag.store(true, ordering: .releasing) }
        var isSet: Bool { flag.load(ordering: .acquiring) }
    }

    /// - Parameter tell: hears what happens, on any thread, one at a time.
    public init(_ plan: DemoPlan, tell: @escaping @Sendable (DemoNews) -> Void) {
        self.plan = plan
        self.tell = tell
    }

    /// Whether it came as far as serving.
    public var hasServed: Bool { served.isSet }

    /// Runs until cancelled.
    /// - Throws: what any of its services may throw.
    public func run() async throws -> ServiceGroup.Outcome {
        let broker = try BrokerService()
        tell(.broker(bootstrapServers: broker.bootstrapServers))
        let properties = KafkaProperties(bootstrapServers: broker.bootstrapServers)
        try await Self.makeTopics(properties)
        let routes = try await BlockingWork.run("routes") { [plan] _ in
            try StoreRoutes.all(into: EventStore(folder: plan.data))
        }
        var configuration = IngestConfiguration(store: EventStore(folder: plan.data), kafka: properties, routes: routes)
        // Every embedded broker counts from 0, so each run must be a cluster of its own to the tables.
        let cluster = "demo-\(Timestamp.now.milliseconds)"
        configuration.cluster = cluster
        // A file a second would soon be many while a few events a second trickle in.
        configuration.commit.age = 3
        let ingest = IngestService(configuration)

        var group = ServiceGroup()
        group.add(broker)
        group.add(ingest)
        group.add(TidyService(store: EventStore(folder: plan.data)))
        group.add(
            DemoStages(
                plan: plan, properties: properties, group: configuration.group, cluster: cluster, ingest: ingest,
                served: served, tell: tell))
        return try await group.run()
    }

    /// Topics come into being when they are first asked for, but not soon enough for a consumer that starts at once.
    private static func makeTopics(_ properties: KafkaProperties) async throws {
        try await BlockingWork.run("topics") { _ in
            let consumer = try KafkaConsumer(
                properties: properties, group: "marquee-demo", batch: 1, observer: .logging)
            _ = try consumer.partitions(of: Topics.events + [Topics.movies])
        }
    }
}
