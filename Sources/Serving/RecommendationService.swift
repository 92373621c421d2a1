public import Catalog
public import Domain
public import Operations
internal import Synchronization
public import Trainer

/// Makes recommendations from the promoted model, the catalogue and the events since.
///
///     let service = try await RecommendationService(
///         registry: ModelRegistry(folder: "models"), catalog: catalog, content: ContentIndex(catalog.movies),
///         feed: feed)
///     router.add(service.routes)      // they answer from here on
///     try await service.run()         // follows models and events until cancelled
public final class RecommendationService: Service {
    public var name: String { "serve" }
    public let configuration: ServingConfiguration
    let contentLookup: ContentLookup
    private let models: any ModelSource
    let feed: (any EventFeed)?
    let archive: (any EventArchive)?
    let publisher: (any EventPublisher)?
    let impressionPublisher: (any ImpressionPublisher)?
    /// What lists have shown; nil where that is not written down.
    let impressionLog: ImpressionLog?
    let editor: (any CatalogueEditor)?
    let overlay: EventOverlay
    /// The newest events of everybody.
    let trends = EventTrends()
    /// See ``note(indexLag:)``; below zero while it is not known.
    let indexLag = Atomic<Int>(-1)
    private let state: Mutex<ServingState>
    /// What was in force before, for the further pages of lists that it began.
    let retired = Mutex(RetiredStates())
    let catalogue: Mutex<Catalogue>
    /// What people did with items, as it was counted a moment ago.
    let activities = RecentlyUsed<ExactText, (at: ContinuousClock.Instant, activity: ItemActivity)>(capacity: 1000)
    /// Lists as they were answered.
    let kept: KeptAnswers
    /// Models that were put back into service, whose newer events are to be read from the store again.
    private let recalls: AsyncStream<Void>.Continuation
    let recalled: AsyncStream<Void>
    /// When the feed was taken up the last time; nil while it is not.
    let hearingSince = Mutex<ContinuousClock.Instant?>(nil)
    /// What does not work just now.
    public let impairments = Impairments()
    /// Models are opened and laid out here, one at a time: it blocks, and can take seconds.
    private let loading = BlockingQueue("model-loading", priority: .low)
    let gauges = ServingGauges()
    static let log = Log("serving")

    struct Catalogue {
        var snapshot: CatalogSnapshot
        var content: any ContentSource
        /// Counts the catalogues.
        var number = 0
    }

    /// Opens the promoted model. O(items × rank² + interactions).
    /// - Parameters:
    ///   - content: Where "films like these" comes from; `ContentIndex` over the same catalogue, or Elasticsearch.
    ///   - feed: New events; nil to serve what the model knows and no more.
    ///   - publisher: Where `POST /v1/events` goes; nil to take none.
    ///   - editor: Where `PUT /v1/items/{item}` and its kin go; nil to change nothing.
    ///   - archive: What is stored of events; nil if nobody can tell.
    ///   - impressions: Where `POST /v1/impressions` goes, and what lists have shown if the configuration asks for it; nil
    ///     for neither.
    ///   - choices: what users' data may be used for; asked in every request.
    ///   - pseudonyms: what users are called in the model, the archive, the feed and among the choices; nil if as they are.
    ///     Requests and answers, and what is published, have the identifiers themselves.
    ///   - opened: the promoted model, if the caller has opened it already.
    /// - Throws: a `TrainerError` if no model is promoted or its files are damaged.
    public convenience init(
        configuration: ServingConfiguration = ServingConfiguration(), registry: ModelRegistry,
        catalog: CatalogSnapshot, content: any ContentSource, feed: (any EventFeed)? = nil,
        publisher: (any EventPublisher)? = nil, editor: (any CatalogueEditor)? = nil,
        archive: (any EventArchive)? = nil, impressions: (any ImpressionPublisher)? = nil,
        choices: any PersonalChoices = NoObjections(), pseudonyms: (any Pseudonymiser)? = nil,
        opened: MappedModel? = nil
    ) async throws {
        try await self.init(
            configuration: configuration, models: registry, catalog: catalog, content: content, feed: feed,
            publisher: publisher, editor: editor, archive: archive, impressions: impressions, choices: choices,
            pseudonyms: pseudonyms, opened: opened)
    }

    init(
        configuration: ServingConfiguration, models: any ModelSource, catalog: CatalogSnapshot,
        content: any ContentSource, feed: (any EventFeed)?, publisher: (any EventPublisher)?,
        editor: (any CatalogueEditor)? = nil, archive: (any EventArchive)? = nil,
        impressions: (any ImpressionPublisher)? = nil, choices: any PersonalChoices = NoObjections(),
        pseudonyms: (any Pseudonymiser)? = nil, opened: (any FactorModel)? = nil
    ) async throws {
        overlay = EventOverlay(choices: choices, pseudonyms: pseudonyms)
        self.configuration = configuration
        self.models = models
        self.feed = feed
        self.publisher = publisher
        self.editor = editor
        self.archive = archive
        (recalled, recalls) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        impressionPublisher = impressions
        impressionLog =
            configuration.logsImpressions ? impressions.map { [impairments] in ImpressionLog($0, impairments) } : nil
        contentLookup = ContentLookup(
            deadline: configuration.contentDeadline, failures: ContentFailures(impairments))
        kept = KeptAnswers(
            lifetime: configuration.answerLifetime, maximumBytes: configuration.maximumAnswerBytes,
            file: configuration.answerFolder.map {
                AnswerLog(
                    folder: $0, maximumBytes: configuration.maximumAnswerFileBytes,
                    lifetime: configuration.answerLifetime)
            })
        catalogue = Mutex(Catalogue(snapshot: catalog, content: content))
        let first = try await loading.run {
            try ServingState(
                model: try opened ?? Self.first(of: models, configuration), catalog: catalog, content: content,
                unknownItems: configuration.unknownItems)
        }
        state = Mutex(first)
        noteNoModel()
        announce(first)
    }

    private func announce(_ state: ServingState) {
        let model = state.model.identity.id
        Self.log.info("model in service", ["model": model, "items": state.items.count])
        guard let key = state.model.pseudonymKey, key != overlay.pseudonymKey else { return }
        Self.log.warning(
            "the model knows users by pseudonyms of another key: to it everybody is new until one is trained on the tables as they are",
            ["model": model, "its key": key])
    }

    /// The promoted model, or one that knows nothing where none is promoted yet and that is allowed.
    private static func first(
        of models: any ModelSource, _ configuration: ServingConfiguration
    ) throws -> any FactorModel {
        do {
            return try models.openCurrent()
        } catch TrainerError.noPromotedModel where configuration.startsWithoutModel {
            return try NoModel()
        }
    }

    // MARK: Running

    /// Follows models and events until cancelled.
    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.followModels() }
            group.addTask { await self.followEvents() }
            group.addTask { await self.watchFeed() }
            group.addTask { await self.followChoices() }
            group.addTask { await self.recallStored() }
            group.addTask { await self.kept.writeBehind(self.impairments) }
            if let impressionLog { group.addTask { await impressionLog.run() } }
            group.addTask { await self.followRecent() }
        }
    }

    /// Serves another catalogue from now on, with the same model. O(films).
    /// - Parameter content: nil to go on with the one there is: its index may follow the films at its own pace, and knows
    ///   nothing of new ones until then.
    public func replace(catalog: CatalogSnapshot, content: (any ContentSource)? = nil) async throws {
        catalogue.withLock {
            $0 = Catalogue(snapshot: catalog, content: content ?? $0.content, number: $0.number + 1)
        }
        try await loading.run { [self] in install(try layOut(current.layout)) }
    }

    /// Serves another source of content similarity from now on, with the same model and catalogue. O(films).
    public func replace(content: any ContentSource) async throws {
        catalogue.withLock { $0 = Catalogue(snapshot: $0.snapshot, content: content, number: $0.number + 1) }
        try await loading.run { [self] in install(try layOut(current.layout)) }
    }

    /// Swaps in the promoted model if it is another than the one in service. One that served lately is still laid out.
    /// - Returns: whether it was.
    @discardableResult
    public func reloadModel() async throws -> Bool {
        // Asked in the queue: of two who see the same promotion one lays it out.
        let before = current.model
        let id = try await loading.run { [self] () throws -> String? in
            guard let id = try models.currentID(), id != current.model.identity.id else { return nil }
            let number = catalogue.withLock { $0.number }
            let kept = retired.withLock { $0.state(of: id) }
            if let kept {
                install(kept.catalogueNumber == number ? kept : try layOut(kept.layout))
            } else {
                install(try layOut(try layout(of: try models.open(id))))
            }
            return id
        }
        guard id != nil else { return false }
        announce(current)
        gauges.swaps.increment()
        let model = current.model
        // Back to an older one: what newer models had learned was let go, and is in the store.
        if model.identity.isOlder(than: before.identity) { recalls.yield() }
        // What only one of the two knows stays: the other comes back with a rollback.
        overlay.forget { user in
            guard let known = model.lastEvent(ofUser: user), let knownBefore = before.lastEvent(ofUser: user) else {
                return nil
            }
            return min(known, knownBefore)
        }
        return true
    }

    /// A state of this model and the newest catalogue. Blocks: only on the loading queue.
    /// With the films of the newest catalogue that are new to the model. O(items × rank²).
    private func layout(of model: any FactorModel) throws -> ModelLayout {
        try ModelLayout(model, with: catalogue.withLock { $0.snapshot })
    }

    /// - Parameter moved: rows of films that are new to the model as events have moved them; nil for those there are.
    private func layOut(_ layout: ModelLayout, moved: [ExactText: [Float]]? = nil) throws -> ServingState {
        let catalogue = catalogue.withLock { $0 }
        return ServingState(
            try layout.following(catalogue.snapshot, moved: moved), catalog: catalogue.snapshot,
            content: catalogue.content, unknownItems: configuration.unknownItems, catalogueNumber: catalogue.number,
            before: current)
    }

    /// Lays the state out anew with the rows of new films as the events have moved them.
    /// - Returns: the state in force.
    func moveNewFilms(_ state: ServingState) async -> ServingState {
        guard state.model is ExtendedModel else { return state }
        do {
            try await loading.run { [self] in
                let moved = try NewFilmRows(state, overlay)?.rows(trends) ?? [:]
                // Another model or catalogue came meanwhile: it gets its turn with the next look.
                guard !moved.isEmpty, current.identity == state.identity else { return }
                install(try layOut(state.layout, moved: moved))
            }
        } catch {
            Self.log.error("the rows of new films stay as they were", ["reason": Impairments.reason(error)])
        }
        return current
    }

    /// Puts a state in force: requests at work go on with the one they took.
    private func install(_ next: ServingState) {
        let last = state.withLock { state in
            defer { state = next }
            return state
        }
        // With other films but the same model its lists go on.
        if last.model.identity.id != next.model.identity.id { retired.withLock { $0.add(last, now: .now) } }
    }

    /// Says so while no model was promoted yet.
    /// - Returns: whether none was.
    @discardableResult
    func noteNoModel() -> Bool {
        guard current.model is NoModel else { return false }
        impairments.add(.model, "no model has been promoted yet: lists are of the catalogue alone")
        return true
    }

    // MARK: Answering

    var current: ServingState { state.withLock { $0 } }

    /// A pipeline on the state in force: one for each request.
    func pipeline() -> Pipeline {
        Pipeline(state: current, overlay: overlay, weights: configuration.weights)
    }

    /// A pipeline for one page of a list: on the model that made the first page; nil if it must be opened again.
    func pipeline(for page: ListPage) -> Pipeline? {
        let current = current
        guard let cursor = page.cursor, cursor.modelID != current.model.identity.id else {
            return Pipeline(state: current, overlay: overlay, weights: configuration.weights)
        }
        return retired.withLock { $0.state(of: cursor.modelID) }.map {
            Pipeline(state: $0, overlay: overlay, weights: configuration.weights)
        }
    }

    /// Opens the model again that made the first page, as after a restart: one of them at a time, for the whole life of
    /// a cursor, so that old cursors cannot fill the memory. One that was promoted just now, and that another server
    /// has seen first, is put into service.
    /// - Throws: ``ServingError/cursorExpired`` if it is not in the registry any more, or another one is open.
    func reopened(for page: ListPage) async throws -> Pipeline {
        guard let id = page.cursor?.modelID else { throw ServingError.cursorExpired }
        if try await isPromoted(id) {
            try await reloadModel()
            if let pipeline = pipeline(for: page) { return pipeline }
        }
        guard retired.withLock({ $0.mayReopen(id, now: .now) }) else { throw ServingError.cursorExpired }
        let opened = try await loading.run { [self] in
            if let there = retired.withLock({ $0.state(of: id) }) { return there }
            guard let model = try? models.open(id) else { throw ServingError.cursorExpired }
            // What is newer than this model, and not than the one in service, was never read, or is forgotten.
            try recallStored(unknownTo: model)
            let state = try layOut(try layout(of: model))
            retired.withLock { $0.reopen(state, now: .now) }
            return state
        }
        return Pipeline(state: opened, overlay: overlay, weights: configuration.weights)
    }

    private func isPromoted(_ id: String) async throws -> Bool {
        try await loading.run { [self] in (try? models.currentID()) == id }
    }

    /// Says what the service lacks of the parts that such a list is made from, and counts.
    func finished(
        _ list: RecommendationList, of parts: [ServingPart] = [.model, .catalogue, .index, .events]
    ) -> RecommendationList {
        var list = list
        if !impairments.isClear {
            for part in parts where impairments.has(part) && !list.degraded.contains(part.degradedName) {
                list.degraded.append(part.degradedName)
            }
        }
        if !list.degraded.isEmpty { gauges.degraded.increment() }
        return list
    }

    /// The model in service, as every answer names it.
    public var modelJSON: [UInt8] { current.modelJSON }

    /// Brings the gauges up to date that cost too much to keep so with every event: for whoever shows the metrics.
    public func updateGauges() {
        let counts = overlay.counts
        gauges.overlayEvents.set(Double(counts.held))
        gauges.modelAge.set(freshness(now: .now).modelAge)
        let state = current
        gauges.modelItems.set(Double(state.popularity.order.count))
        for (gauge, bytes) in zip(gauges.memory, [state.memory.ownBytes, state.memory.mappedBytes]) {
            gauge.set(Double(bytes))
        }
    }
}
