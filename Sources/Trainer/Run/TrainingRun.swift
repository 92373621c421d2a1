internal import Domain
internal import Foundation
internal import Linalg

/// One training from events to a published model.
///
/// 1. The events are split; the settings are fitted to the training part and measured on the rest, beside the
///    baselines and the model in service.
/// 2. The same settings are fitted to all events: that model is published. The measurements describe its recipe, not
///    its very factors, and the manifest says so (docs/decisions/measured-and-published.md).
/// 3. The gate decides on promotion.
///
/// Blocks for as long as it takes and keeps every core busy: run it on a thread of its own.
public struct TrainingRun: Sendable {
    public let configuration: TrainingConfiguration
    public let registry: ModelRegistry

    public init(configuration: TrainingConfiguration, registry: ModelRegistry) {
        self.configuration = configuration
        self.registry = registry
    }

    /// - Parameter onProgress: called on this thread; what it throws stops the run, and nothing is published.
    /// - Returns: the manifest of the published model, promoted or not as its verdict says; of the one that is there, with
    ///   the verdict ``GateVerdict/Finding/alreadyPublished``, if this recipe was trained on this version before.
    /// - Throws: ``TrainerError``, ``ALSError``, and what `onProgress` throws.
    @discardableResult
    public func run(
        _ log: InteractionLog, onProgress: (TrainingProgress) throws -> Void = { _ in }
    ) throws -> Manifest {
        try configuration.validate()
        defer { configuration.engine?.finish() }
        try log.report(onProgress)
        try TrainingMemory(of: log).check(configuration, limit: configuration.memoryLimit)
        let request = try configuration.requestDigest()
        if let there = try published(request, of: log) {
            try onProgress(.alreadyPublished(there))
            return there
        }
        let open = try withSettingsFound(log, request, onProgress)
        let (searched, stopping) = try withEpochsFound(open, log, onProgress: onProgress)
        var evaluation = try CandidateComparison(
            log: log, configuration: searched, request: request,
            incumbent: registry.current().map { try Incumbent(registry.open($0, verifying: true)) },
            largest: registry.largestInService()
        ).run(onProgress)
        // Only now, so that at no time two sets of rows are in memory.
        let everything = try TrainingSet.build(from: log, weights: searched.weights)
        let configuration = evaluation.configuration.settled(for: everything)
        let fitted = try configuration.fit(
            everything, .all, of: log, from: configuration.warmStart, as: .published, onProgress: onProgress)
        if evaluation.verdict.outcome == .promoted, let pin = try registry.pin() { evaluation.hold(by: pin) }
        var manifest = try publish(fitted, of: everything, log, configuration, request, stopping, evaluation)
        if manifest.gate.outcome == .promoted {
            switch try registry.promote(
                trained: manifest.id, inPlaceOf: manifest.gate.incumbent, always: configuration.policy == .always,
                reason: manifest.gate.reason)
            {
            case .promoted: break
            case .pinned(let pin):
                // Rolled back while it was trained.
                evaluation.hold(by: pin)
                manifest.gate = evaluation.verdict
            case .overtaken(let current):
                evaluation.hold(behind: current)
                manifest.gate = evaluation.verdict
            }
        }
        try onProgress(.published(manifest))
        if let kept = configuration.retention { try registry.retain(last: kept) }
        return manifest
    }

    /// The model of this request and version of the data, if there is one: to make it again would only fill the registry
    /// and the way back.
    private func published(_ request: String, of log: InteractionLog) throws -> Manifest? {
        // Of two trainings that left some users out nobody can tell whether they were the same.
        guard let version = log.version, log.leftOut.users == 0, configuration.engine?.isKnownByItsSettings ?? true,
            try registry.exists()
        else { return nil }
        let shape = try CountedEvents(log, configuration.weights)
        for id in try registry.list().reversed() {
            // A damaged one is no reason not to train.
            guard var manifest = try? registry.manifest(of: id), manifest.data.version == version,
                manifest.requestSHA256 == request, manifest.data.leftOut == nil, manifest.data.events == shape.events,
                manifest.data.lastEventAt == shape.last, manifest.data.firstEventAt == shape.first,
                manifest.data.table == nil || manifest.data.table == log.table, isMeasuredAsAsked(manifest)
            else { continue }
            let current = try registry.current()
            if configuration.policy == .always, current != id,
                case .promoted = try registry.promote(
                    trained: id, inPlaceOf: current, always: true, reason: "Promoted as asked for.")
            {
                manifest.gate = GateVerdict(
                    outcome: .promoted, policy: .always, finding: .alreadyPublished,
                    reason: "Promoted as asked for; it was trained with these settings on version \(version) before.",
                    incumbent: current)
                return manifest
            }
            manifest.gate = GateVerdict(
                outcome: .kept, policy: configuration.policy, finding: .alreadyPublished,
                reason: "\(id) has these settings and version \(version) of the data already"
                    + (current == id ? ", and is in service." : "; it is not in service (\(try whyNot(manifest)))"),
                incumbent: current)
            return manifest
        }
        return nil
    }

    /// Whether it was measured on the split that somebody asks for by name: another one is another question.
    private func isMeasuredAsAsked(_ manifest: Manifest) -> Bool {
        configuration.widensWindow
            || manifest.evaluation.map { $0.split == configuration.split.description } ?? true
    }

    /// Why a model that is there is not in service, as it stands now.
    private func whyNot(_ manifest: Manifest) throws -> String {
        let hint = "'marquee models promote \(manifest.id)' puts it there"
        // A manifest is written before its model is promoted, and is not changed when another was there first.
        if manifest.gate.outcome == .promoted { return "another one is, since it was made; \(hint)" }
        guard manifest.gate.finding == .pinned, try registry.pin() == nil else { return manifest.gate.reason }
        return "another was pinned when it was made; \(hint)"
    }

    /// The settings with what a search finds, or what one has found before for the same request.
    private func withSettingsFound(
        _ log: InteractionLog, _ request: String, _ onProgress: (TrainingProgress) throws -> Void
    ) throws -> TrainingConfiguration {
        guard let search = configuration.search else { return configuration }
        if search.reusesEarlier, try registry.exists() {
            for id in try registry.list().reversed() {
                guard let manifest = try? registry.manifest(of: id), manifest.requestSHA256 == request,
                    let found = manifest.chosen?.search
                else { continue }
                return AutoSearch.applied(found, to: configuration)
            }
        }
        return try AutoSearch(configuration, search).run(log, onProgress: onProgress)
    }

    /// The settings with the number of epochs that the validation window calls for, if that is asked for.
    private func withEpochsFound(
        _ configuration: TrainingConfiguration, _ log: InteractionLog, onProgress: (TrainingProgress) throws -> Void
    ) throws -> (TrainingConfiguration, Manifest.EarlyStopping?) {
        guard let patience = configuration.patience else { return (configuration, nil) }
        do {
            let found = try EpochSearch(configuration: configuration, patience: patience)
                .run(log, onProgress: onProgress)
            var configuration = configuration
            configuration.parameters.epochs = found.best
            try onProgress(.stopped(found))
            return (configuration, found)
        } catch let error as TrainerError where error.isTooFewEvents {
            try onProgress(.notEvaluated("no validation window, so all epochs are run: \(error.message)"))
            return (configuration, nil)
        }
    }

    private func publish(
        _ fitted: FittedModel, of training: TrainingSet, _ log: InteractionLog, _ configuration: TrainingConfiguration,
        _ request: String, _ stopping: Manifest.EarlyStopping?, _ evaluation: CandidateComparison.Result
    ) throws -> Manifest {
        let recipe = configuration.recipe.recorded
        let blend = try evaluation.blend?.published(log, training, configuration)
        let content = try configuration.content.flatMap { try ContentRidge.of(training, fitted.factors, $0) }
        return try registry.publish(at: .now) { folder in
            try ModelFiles.write(fitted, of: training, to: folder)
            try blend?.write(to: folder)
            if let content { try ModelContent.write(content, to: folder) }
            if let report = evaluation.report {
                try Files.write(report.json(), to: "\(folder)/\(ModelFiles.evaluation)")
                try Files.write(report.html(), to: "\(folder)/\(ModelFiles.report)")
            }
        } manifest: { id, files in
            Manifest(
                id: id, trainedAt: .now, kind: recipe.kind,
                data: .init(
                    source: training.source, version: training.version,
                    committedAt: training.version == nil ? nil : log.clock, events: training.eventCount,
                    users: training.userCount, items: training.itemCount, interactions: training.interactions.count,
                    liked: training.likedCount, firstEventAt: training.first, lastEventAt: training.last,
                    badRows: log.badRows.count == 0 ? nil : log.badRows.byReason,
                    leftOut: log.leftOut.users == 0 ? nil : log.leftOut, pseudonymKey: log.pseudonymKey,
                    table: log.table),
                parameters: recipe.parameters, weights: recipe.weights, explicit: recipe.explicit,
                ratings: fitted.ratings.map { .init(neutral: ConfidenceWeights.neutralStars, mean: $0.mean) },
                warmStart: recipe.warmStart, engine: fitted.engine, earlyStopping: stopping,
                chosen: configuration.chosen,
                requestSHA256: request, seed: recipe.parameters.seed,
                configurationSHA256: try recipe.digest(),
                codeVersion: configuration.codeVersion, factorsSHA256: files[ModelFiles.factors]?.sha256 ?? "",
                training: fitted.summary,
                evaluation: evaluation.report.map { report in
                    .init(
                        describes: report.describes, split: report.data.split, splitAt: report.data.splitAt,
                        users: report.data.heldOut.evaluatedUsers, metrics: report.metrics,
                        popularity: report.baselines.first?.metrics ?? [:])
                },
                gate: evaluation.verdict, drift: evaluation.drift, files: files)
        }
    }
}
