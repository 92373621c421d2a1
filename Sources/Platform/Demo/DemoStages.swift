internal import Domain
internal import EventIngest
internal import Foundation
internal import Kafka
internal import Operations
internal import Serving
internal import Store
internal import Trainer

/// What the demo does in front of the ingestion: history, training, serving.
struct DemoStages: Service {
    let name = "demo"
    let plan: DemoPlan
    let properties: KafkaProperties
    /// The consumer group that the ingester reports its place under.
    let group: String
    /// What the tables call the broker of this run.
    let cluster: String
    let ingest: IngestService
    let served: Demo.Served
    let tell: @Sendable (DemoNews) -> Void

    private var registry: ModelRegistry { ModelRegistry(folder: plan.models) }

    func run() async throws {
        // Somebody waits for these rows; live events have time, and a file a second would soon be many.
        ingest.hurry()
        let isNew = try await history()
        ingest.hurry(false)
        try await model(isNew: isNew)
        try await serve()
    }

    // MARK: History

    /// Sees to it that the store has films and events.
    /// - Returns: whether events were added.
    private func history() async throws -> Bool {
        let there = try await BlockingWork.run("store") { [plan] _ in try DemoStore(folder: plan.data).contents() }
        var sent = 0
        if there.films == 0 {
            try await FilmTopic.publish(plan.films, properties)
            tell(.catalogueSent(films: plan.films.count))
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
            tell(.stored(ingest.progress))
            try await BlockingWork.run("store") { [plan] _ in try DemoStore(folder: plan.data).markComplete() }
        }
        if events == 0 {
            tell(.storeIsThere(events: there.events, films: there.films, folder: plan.data))
        }
        return events > 0
    }

    /// - Parameter count: how many events are missing; nothing is done for 0 and less.
    private func simulate(_ films: [Movie], _ count: Int) async throws -> Int {
        guard count > 0 else { return 0 }
        var settings = plan.audience
        settings.count = count
        var options = SimulatorRun.Options(followedGroup: group)
        options.onProgress = { [ingest, tell] in
            tell(.simulating(sent: $0.sent, of: count, stored: ingest.progress.rows))
        }
        let run = SimulatorRun(
            simulator: try Simulator(catalog: films, settings: settings), properties: properties, options: options,
            observer: .logging)
        let progress = try await run.run().progress
        try Task.checkCancellation()
        tell(.simulated(progress, users: settings.users))
        return progress.sent
    }

    private func importRatings(_ folder: String, _ there: DemoStore.Contents) async throws -> Int {
        guard !there.isComplete else { return 0 }
        let started = ContinuousClock.now
        let (summary, sent) = try await BlockingWork.run("import") { [plan, properties, group, tell] flag in
            var summary = ImportSummary()
            // An earlier run that was stopped half-way has stored some.
            let known = there.events == 0 ? [] : try DemoStore(folder: plan.data).eventIDs()
            let files = try MovieLens(path: folder)
            let sent = try files.publishRatings(
                properties, following: group, without: known, into: &summary, flag
            ) { tell(.importing(bytes: $0, of: files.byteCount)) }
            return (summary, sent)
        }
        tell(
            .imported(
                ratings: sent, rejectedLines: summary.rejectedCount, took: ContinuousClock.now - started))
        return sent
    }

    /// Waits until so many messages of this run are in the tables.
    private func stored(_ messages: Int) async throws {
        while true {
            let progress = ingest.progress
            let done = progress.rows + progress.rejectedCount
            if done >= messages { return }
            tell(.storing(done, of: messages))
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    // MARK: Model

    /// So much larger than what a model was trained on a store is worth another training.
    private static let growthToRetrain = 1.05

    /// Trains, unless the model of an earlier run is there and there is little new to learn.
    private func model(isNew: Bool) async throws {
        let current = try await BlockingWork.run("models") { [registry] _ -> Manifest? in
            guard !isNew, FileManager.default.fileExists(atPath: registry.folder), let id = try registry.current()
            else { return nil }
            return try registry.manifest(of: id)
        }
        if let current {
            let events = try await BlockingWork.run("store") { [plan] _ in
                try DemoStore(folder: plan.data).contents().events
            }
            guard Double(events) < Self.growthToRetrain * Double(current.data.events) else {
                tell(.modelIsOld(current, events: events))
                return try await train()
            }
            tell(.modelIsThere(current, folder: plan.models))
            return
        }
        try await train()
    }

    private func train() async throws {
        try await BlockingWork.run("train") { [registry, plan, tell] flag in
            var configuration = TrainingConfiguration(codeVersion: Release.version)
            var search = AutoSearch.Request()
            // Somebody waits; what is found by then is good already.
            search.seconds = 10
            configuration.search = search
            configuration.content = try FilmContent.read(from: EventStore(folder: plan.data))
            let run = TrainingRun(configuration: configuration, registry: registry)
            let manifest = try run.run(try InteractionLog.read(from: EventStore(folder: plan.data))) { progress in
                try flag.check()
                tell(.training(progress))
            }
            // The gate keeps a model from going into service beside a better one; the first has no rival.
            if try registry.current() == nil { try registry.promote(manifest.id, reason: "the first of the demo") }
        }
    }

    // MARK: Serving

    private func serve() async throws {
        let publisher = try KafkaEventPublisher(properties: properties, observer: .logging)
        let state = plan.access?.state ?? StateDatabase()
        var configuration = ServingConfiguration()
        // As `serve` does: a list is shown again after a restart too.
        if state.isKept { configuration.answerFolder = state.folder }
        let server = try await RecommendationServer(
            http: plan.http, registry: registry, catalogue: StoredCatalogue(store: EventStore(folder: plan.data)),
            feed: KafkaEventFeed(properties: properties, cluster: cluster, observer: .logging),
            publisher: publisher, impressions: publisher, configuration: configuration, access: plan.access,
            state: state)
        try server.http.open()
        served.set()
        let (user, item) = try await BlockingWork.run("model") { [registry] _ in
            let model = try registry.openCurrent()
            let items = (0..<model.itemCount).map { ItemIndex($0) }
            let item = items.max { model.popularity(of: $0) < model.popularity(of: $1) }
            return (
                model.userCount > 0 ? model.userID(UserIndex(0)) : "new", item.map { model.itemID($0) } ?? "none"
            )
        }
        tell(.serving(address: server.address, user: user, item: item, eventsPerSecond: plan.liveRate))
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
            options: .init(rate: plan.liveRate), observer: .logging)
        try await run.run()
    }
}
