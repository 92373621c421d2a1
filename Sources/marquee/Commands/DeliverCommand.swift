import Delivery
import Domain
import EventIngest
import Operations
import Platform
import PostgreSQL
import Serving
import Store
import Trainer

/// `marquee deliver`
enum DeliverCommand {
    private static let migrate = Option<Bool>.flag(
        "migrate", "Make the schema marquee, or bring it up to this version, and end.")
    private static let number = Option<Int>.integer(
        "list-length", in: 1...500, default: 10, "Items of each list.")

    static let command: Command = Command(
        path: ["deliver"], summary: "Bring events, and each user's new list, to PostgreSQL, each exactly once.",
        details: """
            Follows the topics movie-views, movie-likes and movie-reviews. Each event becomes a row of marquee.events,
            and each user with new events gets a fresh list in marquee.recommendations: one for all events of a
            second. The offsets of Kafka are stored in the same transaction: after a crash at any instant, of this
            program or of the server, the next run goes on where the database says. While the server is away it waits
            and tries again. See docs/delivery-postgresql.md for the tables, the views and the rights it needs.
            """,
        options: [
            Options.postgres.spec, migrate.spec, Options.models.spec, Options.store.spec, Options.bootstrapServers.spec,
            Options.kafkaConfig.spec, Options.untilEnd.spec, Options.group.spec, number.spec, Options.commitRows.spec,
            Options.commitBytes.spec, Options.commitInterval.spec, Options.unknownItems.spec, Options.onDataLoss.spec,
            Options.cluster.spec, Options.metricsPort.spec, Options.metricsHost.spec, Options.reportEvery.spec,
            Options.eventFormat.spec, Options.schemaRegistry.spec, Options.schemaRegistryUser.spec,
            Options.schemaRegistryPassword.spec,
        ],
        required: ["postgres"], takesKafkaProperties: true,
        examples: [
            .init(
                line: "deliver --postgres postgresql://owner@db/films --migrate",
                meaning: "Makes tables and views, once and after each new version."),
            .init(
                line: "deliver --postgres postgresql://marquee@db/films --models models --store data "
                    + "--bootstrap-servers localhost:9092",
                meaning: "Delivers until Ctrl-C; the password comes from ~/.pgpass or PGPASSWORD."),
        ]
    ) { invocation in
        let address = try Self.address(try invocation.value(Options.postgres))
        if try invocation.value(migrate) {
            let steps = try await BlockingWork.run("migrate") { _ in
                try DeliverySchema.migrate(try PostgresConnection(address))
            }
            let done = steps.isEmpty ? "nothing to do" : "made \(steps.joined(separator: ", "))"
            return StandardOutput.write(
                line: "the schema marquee at \(address) has version \(DeliverySchema.version): \(done)")
        }
        var configuration = try await configuration(invocation)
        configuration.untilEnd = try invocation.value(Options.untilEnd)
        try await BlockingWork.run("postgres") { _ in try DeliveryService.check(address) }
        var serving = ServingConfiguration()
        serving.unknownItems = UnknownItems(rawValue: try invocation.value(Options.unknownItems)) ?? .hide
        let lists = try await DeliveryLists(
            registry: try invocation.registry(),
            catalogue: StoredCatalogue(store: configuration.store), configuration: serving,
            count: try invocation.value(number))
        let isWatched = StandardError.isTerminal || configuration.untilEnd
        let bar = ProgressBar("deliver", total: nil, unit: "events")
        let service = DeliveryService(
            configuration, to: address, lists: lists,
            reportEvery: isWatched ? nil : .seconds(try invocation.value(Options.reportEvery))
        ) { progress in
            guard isWatched else { return }
            bar.update(progress.rows, note: progress.lag.map { "\(Figure.count(Int($0))) behind" } ?? "Kafka is away")
        }
        var group = ServiceGroup()
        if let port = invocation.optional(Options.metricsPort) {
            group.add(
                try HTTPService.aboutProcess(
                    host: try invocation.value(Options.metricsHost), port: port,
                    watching: [service.status, lists.status]))
        }
        for part in lists.services { group.add(part) }
        group.add(service)
        let outcome = try await group.run()
        bar.finish()
        StandardOutput.write(prose: service.progress.summary)
        if configuration.untilEnd, case .stopped = outcome { try Task.checkCancellation() }
    }

    /// The address, whose password no log line shows from now on.
    static func address(_ text: String) throws -> PostgresAddress {
        let address = try PostgresAddress(text)
        if let password = address.password { Secrets.register(password) }
        return address
    }

    private static func configuration(_ invocation: Invocation) async throws -> IngestConfiguration {
        let store = try invocation.store()
        let route = try await BlockingWork.run("routes") { _ in
            // What was sent twice is told by the database, however long ago the first was.
            EventTable.route(
                format: try KafkaOptions.registry(invocation).map { .avro($0) } ?? .json, duplicates: nil)
        }
        var configuration = IngestConfiguration(
            store: store, kafka: try KafkaOptions.properties(invocation), routes: [route])
        configuration.group = "marquee-deliver"
        if let group = invocation.optional(Options.group) {
            configuration.group = group
            configuration.sharing = .group
        }
        configuration.commit = CommitPolicy(
            rows: min(try invocation.value(Options.commitRows), 100_000),
            bytes: try invocation.value(Options.commitBytes), age: try invocation.value(Options.commitInterval))
        configuration.onDataLoss = try invocation.value(Options.onDataLoss)
        configuration.cluster = invocation.optional(Options.cluster)
        return configuration
    }
}
