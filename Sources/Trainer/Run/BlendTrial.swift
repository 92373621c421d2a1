internal import Domain
internal import Linalg

/// The blend of a candidate.
///
/// What is published is learned on the window that the candidate was measured on, from factors that saw none of it. What
/// the report says is of the same procedure one window earlier: learned before the test window, measured on it.
struct BlendTrial {
    /// Nil if the window says too little.
    private(set) var blend: LearnedBlend?
    private(set) var section: ReportSection?

    /// - Parameters:
    ///   - experiment: by time; of other splits nothing is learned, because what is recent has no meaning there.
    ///   - fitted: factors of its training part.
    init(
        _ experiment: SplitExperiment, _ fitted: FittedModel, _ onProgress: (TrainingProgress) throws -> Void
    ) throws {
        let configuration = experiment.configuration
        guard configuration.learnsBlend, configuration.explicit == nil, experiment.log.negatives == nil,
            experiment.splitAt != nil
        else { return }
        // First, so that the sources of both are not in memory at once.
        // A cluster is not asked for one fit more: its report goes without the section.
        let before = configuration.engine == nil ? try Self.earlier(experiment, onProgress) : nil
        let sources = try experiment.blendSources(fitted)
        let window = try BlendWindow(experiment.log, sources, isTest: experiment.isTest)
        blend = try Self.learned(window, sources, experiment.log, isTest: experiment.isTest)
        guard let (earlier, part) = before else { return }
        let sliced = try sources.slices(at: Int(window.from.date.year)).map { slice in
            (
                slice: slice,
                window: try BlendWindow(
                    experiment.log, sources, among: slice, most: BlendWindow.most / 2, isTest: experiment.isTest)
            )
        }
        section = BlendMeasurement(
            blend: earlier, sources: sources, window: window, sliced: sliced, bootstrap: experiment.bootstrap,
            learned:
                "The blend was learned from \(earlier.window.lists) lists of the events from \(earlier.window.from) to "
                + "\(earlier.window.until), with \(part), and measured on later ones. The published one is learned in the "
                + "same way from the events it is measured on here."
        ).section()
    }

    /// The blend of a window, learned from its lists and from those of nothing but films of few events: in the others such
    /// films hardly ever stand at the top, so nothing would be learned of how they are told apart.
    private static func learned(
        _ window: BlendWindow, _ sources: BlendSources, _ log: InteractionLog,
        isTest: (InteractionLog.Record) -> Bool
    ) throws -> LearnedBlend? {
        let few = try BlendWindow(log, sources, among: sources.fewEvents, isTest: isTest)
        return try BlendFit.blend(
            window, filtered: few.lists.filter { $0.knowledge != .none }, BlendSources.halfLives,
            workers: sources.workers)
    }

    /// The blend that a training just before the test window would have learned.
    private static func earlier(
        _ experiment: SplitExperiment, _ onProgress: (TrainingProgress) throws -> Void
    ) throws -> (LearnedBlend, String)? {
        let log = experiment.log
        let early = try InteractionLog(source: log.source, version: log.version, clock: log.clock)
        try early.append(log) { !experiment.isTest($0) }
        guard early.count > 0 else { return nil }
        var configuration = experiment.configuration
        // As many events as the test window has.
        let share = Double(log.count - early.count) / Double(early.count)
        configuration.split = .time(1 - min(max(share, 0.05), 0.5))
        configuration.cutoffs = [Manifest.headlineCutoff]
        configuration.warmStart = nil
        do {
            let inner = try SplitExperiment(log: early, configuration: configuration)
            try inner.requireItems(for: configuration.parameters.rank)
            let fitted = try inner.configuration.recipe.fit(inner.training, as: .validation, onProgress: onProgress)
            let sources = try inner.blendSources(fitted)
            let window = try BlendWindow(early, sources, isTest: inner.isTest)
            return try learned(window, sources, early, isTest: inner.isTest).map {
                ($0, "factors of the \(inner.training.eventCount) events before")
            }
        } catch let error as TrainerError where error.isTooFewEvents {
            return nil
        }
    }
}

extension SplitExperiment {
    /// What proposes items to the users of the training part.
    func blendSources(_ fitted: FittedModel) throws -> BlendSources {
        try BlendSources(
            log, training, fitted.factors, configuration.recipe.parameters, configuration.weights,
            content: configuration.content, neighbours: neighbourLinks(), workers: evaluator.workers
        ) { !isTest($0) }
    }
}

extension LearnedBlend {
    /// The blend with its sources made of all events.
    func published(
        _ log: InteractionLog, _ everything: TrainingSet, _ configuration: TrainingConfiguration
    ) throws -> ModelBlend {
        func counts(_ source: Source) -> Bool { Knowledge.allCases.contains { !self[$0].ignores(source) } }
        let workers = Workers(count: configuration.parameters.threads)
        let recent = try RecentLikings.of(
            log, everything, configuration.weights, halfLives: [halfLifeDays], where: { _ in true })
        let hasLinear = counts(.linear) && ItemLinks.linearBytes(of: everything) <= ItemLinks.linearLimit
        return ModelBlend(
            blend: self, recent: recent[0],
            neighbours: counts(.neighbours)
                ? try ItemLinks.cosine(of: everything, keeping: BlendSources.links, workers: workers) : nil,
            linear: hasLinear ? try ItemLinks.linear(of: everything, keeping: BlendSources.links) : nil)
    }
}
