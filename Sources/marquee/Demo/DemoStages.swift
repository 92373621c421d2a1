import Domain
import EventIngest
import Foundation
import Kafka
import Operations
import Serving
import Trainer

/// What the demo does in front of the ingestion: history, training, serving.
struct DemoStages: Service {
    let name = "demo"
    let plan: DemoPlan
    let properties: KafkaProperties
    let ingest: IngestService
    let served: Demo.Served

    private var registry: ModelRegistry { ModelRegistry(folder: plan.models) }

    func run() async throws {
        let isNew = try await history()
        try await model(isNew: isNew)
        try await serve()
    }

    /// One line of a stage.
    static func say(_ stage: String, _ text: String) {
        StandardOutput.write(line: lead(stage) + text)
        StandardOutput.flush()
    }

    private static func lead(_ stage: String) -> String { stage + String(repeating: " ", count: 11 - stage.count) }

    // MARK: History

    /// Sees to it that the store has films and events.
    /// - Returns: whether events were added.
    private func history() async throws -> Bool {
        let there = try await BlockingWork.run("store") { [plan] _ in try DemoStore(folder: plan.data).contents() }
        var sent = 0
        if there.films == 0 {
            try await Kafka.publish(plan.films, properties)
            Self.say("catalogue", "\(Figure.count(plan.films.count)) films to the topic \(Topics.movies)")
            sent += plan.films.count
        }
        let events: Int
        switch plan.history {
        case .simulated(let films, let count): events = try await simulate(films, count - there.events)
        case .movielens(let folder, _): events = try await importRatings(folder, there)
        }
        sent += events
        if sent > 0 {
            try await stored(sent)
            Self.say("ingest", ingest.summary)
            try await BlockingWork.run("store") { [plan] _ in try DemoStore(folder: plan.data).markComplete() }
        }
        if events == 0 {
            Self.say(
                "store",
                "\(Figure.count(there.events)) events and \(Figure.count(there.films)) films are in \(plan.data) already"
            )
        }
        return events > 0
    }

    /// - Parameter count: how many events are missing; nothing is done for 0 and less.
    private func simulate(_ films: [Movie], _ count: Int) async throws -> Int {
        guard count > 0 else { return 0 }
        var settings = plan.audience
        settings.count = count
        let bar = ProgressBar("simulate", total: count, unit: "events")
        var options = SimulatorRun.Options(followedGroup: Kafka.ingestGroup)
        options.onProgress = { [ingest] in bar.update($0.sent, note: "\(Figure.count(ingest.progress.rows)) stored") }
        let run = SimulatorRun(
            simulator: try Simulator(catalog: films, settings: settings), properties: properties, options: options,
            observer: Kafka.observer)
        let progress = try await run.run().progress
        bar.finish()
        try Task.checkCancellation()
        Self.say(
            "simulate",
            """
            \(Figure.count(progress.sent)) events of \(Figure.count(settings.users)) users over eight weeks in \
            \(Figure.seconds(progress.seconds)) (\(Figure.count(Int(progress.eventsPerSecond)))/s)
            """)
        return progress.sent
    }

    private func importRatings(_ folder: String, _ there: DemoStore.Contents) async throws -> Int {
        guard !there.isComplete else { return 0 }
        let started = ContinuousClock.now
        let (summary, sent) = try await BlockingWork.run("import") { [plan, properties] flag in
            var summary = ImportSummary()
            // An earlier run that was stopped half-way has stored some.
            let known = there.events == 0 ? [] : try DemoStore(folder: plan.data).eventIDs()
            let sent = try MovieLens(path: folder).publishRatings(
                properties, following: Kafka.ingestGroup, without: known, into: &summary, flag)
            return (summary, sent)
        }
        Self.say(
            "import",
            """
            \(Figure.count(sent)) ratings in \(Figure.seconds(ContinuousClock.now - started)), \
            \(Figure.count(summary.rejectedCount)) lines rejected
            """)
        return sent
    }

    /// Waits until so many messages of this run are in the tables.
    private func stored(_ messages: Int) async throws {
        let bar = ProgressBar("ingest", total: messages, unit: "messages")
        defer { bar.finish() }
        while true {
            let progress = ingest.progress
            let done = progress.rows + progress.rejectedCount
            if done >= messages { return }
            bar.update(done)
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    // MARK: Model

    /// Trains, unless the model of an earlier run is there and there is nothing new to learn.
    private func model(isNew: Bool) async throws {
        let current = try await BlockingWork.run("models") { [registry] _ -> Manifest? in
            guard !isNew, FileManager.default.fileExists(atPath: registry.folder), let id = try registry.current()
            else { return nil }
            return try registry.manifest(of: id)
        }
        if let current {
            Self.say(
                "model",
                "\(current.id) is in \(plan.models) already, trained on \(Figure.count(current.data.events)) events")
            return
        }
        let reporter = TrainingReporter(lead: Self.lead("train"))
        try await BlockingWork.run("train") { [registry, plan] flag in
            var configuration = TrainingConfiguration(codeVersion: Version.text)
            configuration.parameters = plan.parameters
            let run = TrainingRun(configuration: configuration, registry: registry)
            let manifest = try run.run(try InteractionLog.read(storeAt: plan.data)) { progress in
                try flag.check()
                reporter.note(progress)
            }
            // The gate keeps a model from going into service beside a better one; the first has no rival.
            if try registry.current() == nil { try registry.promote(manifest.id, reason: "the first of the demo") }
        }
    }

    // MARK: Serving

    private func serve() async throws {
        let feed = KafkaEventFeed(properties: properties, observer: Kafka.observer)
        let server = try await ServeGroup(
            http: plan.http, registry: registry, catalogue: StoredCatalogue(store: plan.data), elasticsearch: nil,
            feed: feed, publisher: try KafkaEventPublisher(properties: properties, observer: Kafka.observer))
        try server.service.open()
        served.set()
        let (user, item) = try await BlockingWork.run("model") { [registry] _ in
            let model = try registry.openCurrent()
            let items = (0..<model.itemCount).map { ItemIndex($0) }
            let item = items.max { model.popularity(of: $0) < model.popularity(of: $1) }
            return (
                model.userCount > 0 ? model.userID(UserIndex(0)) : "new", item.map { model.itemID($0) } ?? "none"
            )
        }
        Self.say("serve", server.address)
        StandardOutput.write(
            """

              curl -s '\(server.address)/v1/users/\(user)/recommendations?n=5'
              curl -s '\(server.address)/v1/items/\(item)/similar?n=5'
              curl -s '\(server.address)/suggested_movies?user_id=\(user)'

            \(Figure.decimal(plan.liveRate, digits: 0)) simulated events a second keep coming and are folded in. Ctrl-C stops everything.

            """)
        StandardOutput.flush()
        var group = server.group
        group.add(LiveAudience(plan: plan, properties: properties))
        _ = try await group.run()
    }
}

/// A trickle of events while the demo serves.
private struct LiveAudience: Service {
    let name = "audience"
    let plan: DemoPlan
    let properties: KafkaProperties

    func run() async throws {
        var settings = plan.audience
        settings.count = nil
        settings.timeline = .live
        let run = SimulatorRun(
            simulator: try Simulator(catalog: plan.films, settings: settings), properties: properties,
            options: .init(rate: plan.liveRate), observer: Kafka.observer)
        try await run.run()
    }
}
