internal import Domain
internal import Operations
internal import Synchronization
internal import Trainer

/// What a running service follows: promotions, the feed of events, and what is stored.
extension RecommendationService {
    /// The time in which a feed that was taken up has found its brokers, or failed.
    private static let settling = Duration.seconds(10)

    func followModels() async {
        while !Task.isCancelled {
            do {
                try await reloadModel()
                if !noteNoModel() { impairments.remove(.model) }
            } catch {
                // The model in service goes on.
                impairments.add(.model, Impairments.reason(error))
            }
            retired.withLock { $0.forget(now: .now) }
            try? await Task.sleep(for: configuration.modelInterval)
        }
    }

    /// Reads what is stored since the data of a model that came back, so that lists know it again.
    func recallStored() async {
        for await _ in recalled {
            do {
                try await BlockingWork.run("recall", priority: .low) { [self] flag in
                    try recallStored(unknownTo: current.model) { flag.isSet }
                }
            } catch {
                Self.log.error(
                    "stored events cannot be read: lists know less than before the rollback",
                    ["why": Impairments.reason(error)])
            }
        }
    }

    /// Takes in the events that are stored and that a model does not know. Blocks.
    func recallStored(unknownTo model: any FactorModel, unless isUnwanted: () -> Bool = { false }) throws {
        try archive?.events(storedSince: model.identity.dataAt) { events in
            guard !isUnwanted() else { return }
            overlay.recall(
                events.filter { event in model.lastEvent(ofUser: event.userID).map { event.at > $0 } ?? true })
        }
    }

    /// Asks the feed whether it hears anything: a broker that is gone sends no error, only nothing.
    func watchFeed() async {
        guard let feed else { return }
        while !Task.isCancelled {
            switch feed.state {
            case .down(_, let reason): impairments.add(.events, reason)
            case .hearing:
                // A feed that was just taken up again may not know yet that nobody is there.
                let isSettled = hearingSince.withLock { $0.map { ContinuousClock.now - $0 > Self.settling } ?? false }
                if isSettled { impairments.remove(.events) }
            }
            try? await Task.sleep(for: configuration.modelInterval)
        }
    }

    func followEvents() async {
        guard let feed else { return }
        var pause = Duration.milliseconds(250)
        while !Task.isCancelled {
            do {
                hearingSince.withLock { $0 = .now }
                try await feed.run { [self] events in
                    impairments.remove(.events)
                    overlay.receive(events)
                    trends.receive(events)
                    gauges.heard(events)
                }
                return
            } catch {
                if Task.isCancelled { return }
                hearingSince.withLock { $0 = nil }
                impairments.add(.events, Impairments.reason(error))
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(10))
        }
    }
}
