import Domain
import EventIngest
import Kafka
import Operations
import Platform

/// `marquee simulate`
enum SimulateCommand {
    static let command: Command = Command(
        path: ["simulate"], summary: "Send the events of a simulated audience to Kafka.",
        details: """
            The audience has tastes, follows fashions, watches in evening sessions and joins over time, so that a model
            has something true to learn. The films are sent to the topic 'movies' first, then views, likes and reviews
            to their topics. Without --count it runs until it is interrupted. With --format avro the event's schema is
            registered for the values of the three event topics.
            """,
        options: [
            Options.bootstrapServers.spec, Options.kafkaConfig.spec, Options.rate.spec, Options.count.spec,
            Options.seed.spec,
            Options.users.spec, Options.catalog.spec, Options.days.spec, Options.malformed.spec, Options.bots.spec,
            Options.truth.spec, Options.followGroup.spec, Options.eventFormat.spec, Options.schemaRegistry.spec,
            Options.schemaRegistryUser.spec, Options.schemaRegistryPassword.spec,
        ],
        takesKafkaProperties: true,
        examples: [
            .init(
                line: "simulate --bootstrap-servers localhost:9092 --rate 50/s",
                meaning: "Fifty events a second, as they happen, until Ctrl-C."),
            .init(
                line: "simulate --bootstrap-servers localhost:9092 --count 200000 --days 60",
                meaning: "Two months of history, as fast as the broker takes it."),
        ]
    ) { invocation in
        let properties = try KafkaOptions.properties(invocation)
        let settings = try settings(invocation)
        let films = try await DemoCatalogue.films(invocation)
        // Now, and not after an hour of sending.
        if let file = invocation.optional(Options.truth) { try ResultFile.check(file) }
        try await properties.requireBroker()
        let encoding = try await BlockingWork.run("schema-registry") { _ in
            try KafkaOptions.registry(invocation)?.encoding() ?? .json
        }
        try await FilmTopic.publish(films, properties)

        let bar = ProgressBar("simulate", total: settings.count, unit: "events")
        var options = SimulatorRun.Options(
            rate: invocation.optional(Options.rate), followedGroup: invocation.optional(Options.followGroup))
        options.encoding = encoding
        options.onProgress = { bar.update($0.sent) }
        let run = SimulatorRun(
            simulator: try Simulator(catalog: films, settings: settings), properties: properties, options: options,
            observer: .logging)
        let (progress, simulator) = try await run.run()
        bar.finish()
        if let file = invocation.optional(Options.truth) {
            try await BlockingWork.run("truth") { _ in
                try ResultFile.write(Array(simulator.truth.jsonLines().utf8), to: file)
            }
        }
        StandardOutput.write(
            line: """
                sent \(Figure.count(progress.sent)) events in \(Figure.seconds(progress.seconds)) \
                (\(Figure.count(Int(progress.eventsPerSecond)))/s), \(Figure.count(progress.malformed)) of them damaged, \
                and \(Figure.count(films.count)) films
                """)
        if settings.count != nil { try Task.checkCancellation() }
    }

    private static func settings(_ invocation: Invocation) throws -> SimulatorSettings {
        let count = invocation.optional(Options.count)
        let seed = UInt64(try invocation.value(Options.seed))
        var settings = SimulatorSettings()
        if let days = invocation.optional(Options.days) {
            guard let count else {
                throw CommandLineError.missingOption(
                    command: "simulate", option: Options.count.spec.name, placeholder: "N (because of --days)",
                    environment: Options.count.spec.environmentName)
            }
            settings = .history(weeks: Double(days) / 7, until: .now, count: count, seed: seed)
        }
        settings.seed = seed
        settings.count = count
        settings.malformed = try invocation.value(Options.malformed)
        settings.bots = try invocation.value(Options.bots)
        if let users = invocation.optional(Options.users) { settings.users = users }
        return settings
    }
}
