import Domain
import EventIngest
import Operations
import Platform
import Store

/// `marquee ingest`
enum IngestCommand {
    private static let mirror = Option<String>.text(
        "mirror-postgres", "URL", "Also store events in this PostgreSQL database; better in MARQUEE_MIRROR_POSTGRES.")
    private static let enrichEvery = Option<Double>(
        "enrich-every", "TIME|off", default: "5m",
        "How often findings about films, and what events say of them, are made anew if something changed.",
        must: "be a length of time such as 5m, or off"
    ) { $0 == "off" ? 0 : Option<Double>.length($0) }

    private static let consents = Option<Bool>.flag(
        "consents", "Also write down in --state what the topic consents says that persons allow.")

    static let command: Command = Command(
        path: ["ingest"], summary: "Move events and films from Kafka into the store, each exactly once.",
        details: """
            Reads the topics movie-views, movie-likes, movie-reviews and movies into the Delta tables events and movies.
            What cannot be decoded goes, whole and with its reason, to the table dead_letters. The offsets are part of
            each commit: after a crash at any instant the next run goes on where the tables say. Runs until it is
            interrupted, and stores what it has before it ends.
            """,
        options: [
            Options.bootstrapServers.spec, Options.kafkaConfig.spec, Options.store.spec, Options.untilEnd.spec,
            Options.group.spec, Options.commitRows.spec, Options.commitBytes.spec, Options.commitInterval.spec,
            Options.tidy.spec, enrichEvery.spec, Options.history.spec, Options.createTopics.spec,
            Options.replication.spec,
            Options.onDataLoss.spec,
            Options.deadLetterTopic.spec, Options.cluster.spec, Options.metricsPort.spec, Options.metricsHost.spec,
            Options.reportEvery.spec,
            Options.eventFormat.spec, Options.schemaRegistry.spec, Options.schemaRegistryUser.spec,
            Options.schemaRegistryPassword.spec, Options.duplicateWindow.spec, Options.keepText.spec,
            Options.pseudonymiseKey.spec,
            QualityOptions.expectations.spec, consents.spec,
            Options.stateFolder.spec, mirror.spec,
        ],
        required: ["store"], takesKafkaProperties: true,
        examples: [
            .init(
                line: "ingest --bootstrap-servers localhost:9092 --store data", meaning: "Goes on until Ctrl-C."),
            .init(
                line: "ingest --bootstrap-servers localhost:9092 --store data --until-end",
                meaning: "Stores what is there now and ends, for scripts."),
            .init(
                line: "ingest --kafka-config client.properties --store data --group eu-1 --metrics-port 9400",
                meaning: "One of several that share the topics of a cluster, as its provider describes it."),
            .init(
                line:
                    "ingest --bootstrap-servers localhost:9092 --store data --commit-interval 30s --commit-bytes 512M",
                meaning: "Fewer, larger files, for rows that may be half a minute late."),
            .init(
                line: """
                    ingest --bootstrap-servers localhost:9092 --store data --format avro \
                    --schema-registry http://localhost:8081
                    """, meaning: "Events in Avro, read by the schemas they were written with."),
        ]
    ) { invocation in
        let store = try invocation.store()
        let window = try invocation.value(Options.duplicateWindow)
        let keepsText = try invocation.value(Options.keepText)
        let pseudonyms = try invocation.pseudonyms()
        let routes = try await BlockingWork.run("routes") { _ in
            let format = try KafkaOptions.registry(invocation).map { EventFormat.avro($0) } ?? .json
            return try StoreRoutes.all(
                into: store, format: format, duplicateWindow: window, keepingText: keepsText,
                pseudonyms: pseudonyms)
        }
        var configuration = IngestConfiguration(
            store: store, kafka: try KafkaOptions.properties(invocation), routes: routes)
        configuration.pseudonymKey = pseudonyms?.keyID
        if try invocation.value(consents) {
            let state = try invocation.state()
            try await invocation.settle(state)
            configuration.consents = state
            configuration.routes.append(ConsentTable.route(pseudonyms: pseudonyms))
        }
        configuration.untilEnd = try invocation.value(Options.untilEnd)
        if let group = invocation.optional(Options.group) {
            configuration.group = group
            configuration.sharing = .group
        }
        configuration.commit = CommitPolicy(
            rows: try invocation.value(Options.commitRows), bytes: try invocation.value(Options.commitBytes),
            age: try invocation.value(Options.commitInterval))
        configuration.history = Int64(try invocation.value(Options.history).rounded(.up))
        configuration.createTopics = invocation.optional(Options.createTopics)
        configuration.replication = invocation.optional(Options.replication)
        configuration.onDataLoss = try invocation.value(Options.onDataLoss)
        configuration.deadLetterTopic = invocation.optional(Options.deadLetterTopic)
        configuration.cluster = invocation.optional(Options.cluster)

        var sinks = IngestService.Sinks.tables
        if let text = invocation.optional(mirror) {
            let address = try DeliverCommand.address(text)
            try await BlockingWork.run("postgres") { _ in try DeliveryService.check(address) }
            sinks = .alsoEvents(in: address)
        }

        // A bar for whoever waits and watches, log lines for whoever reads them later.
        let isWatched = StandardError.isTerminal || configuration.untilEnd
        let bar = ProgressBar("ingest", total: nil, unit: "rows")
        let service = IngestService(
            configuration, reportEvery: isWatched ? nil : .seconds(try invocation.value(Options.reportEvery)),
            onProgress: { [isShared = configuration.sharing == .group] progress in
                guard isWatched else { return }
                var note = progress.lag.map { "\(Figure.count(Int($0))) behind" } ?? "Kafka is away"
                // What nobody has yet after a rebalance is in nobody's count.
                if isShared, progress.lag != nil {
                    note =
                        progress.partitions == 0
                        ? "waiting for partitions" : "\(note) in \(Figure.count(progress.partitions)) partitions"
                }
                bar.update(progress.rows, note: note)
            }, sinks: sinks)
        var group = ServiceGroup()
        if let port = invocation.optional(Options.metricsPort) {
            group.add(
                try HTTPService.aboutProcess(
                    host: try invocation.value(Options.metricsHost), port: port, watching: [service.status]))
        }
        group.add(service)
        // What ends at the end has no time to tidy.
        if try invocation.value(Options.tidy) == "on", !configuration.untilEnd { group.add(TidyService(store: store)) }
        let pause = try invocation.value(enrichEvery)
        if pause > 0, !configuration.untilEnd {
            group.add(FilmTablesService(store: store, every: .seconds(pause)))
        }
        if let expected = try invocation.optional(QualityOptions.expectations).map({ try QualityOptions.read($0) }),
            !configuration.untilEnd
        {
            group.add(QualityService(store: store, expected))
        }
        let outcome = try await group.run()
        bar.finish()
        StandardOutput.write(prose: service.progress.summary)
        if configuration.untilEnd, case .stopped = outcome { try Task.checkCancellation() }
    }
}

extension IngestProgress {
    /// One line on what was stored.
    var summary: String { summary(of: "stored \(Figure.count(rows)) rows") }

    /// One line that begins with what was done.
    func summary(of deed: String) -> String {
        var text = """
            \(deed) in \(Figure.seconds(seconds)) \
            (\(Figure.count(Int(rowsPerSecond)))/s), \(Figure.count(commits)) commits, \
            \(Figure.count(rejectedCount)) dead letters
            """
        let reasons = rejected.sorted { $0.key < $1.key }.map { "\($0.key) \(Figure.count($0.value))" }
        if !reasons.isEmpty { text += " (\(reasons.joined(separator: ", ")))" }
        if known > 0 { text += "; \(Figure.count(known)) rows were there already" }
        if !heldBack.isEmpty {
            let offsets = heldBack.values.reduce(0) { $0 + $1.count }
            text += "; \(Figure.count(offsets)) offsets behind open transactions were not read"
        }
        return text
    }
}
