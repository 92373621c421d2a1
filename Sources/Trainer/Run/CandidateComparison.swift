internal import Domain
internal import Foundation
internal import Linalg

/// A candidate's settings against the baselines and the model in service, all on one split of the events.
///
/// A split by time holds out the latest tenth. While that shows too little, because too few users are in it, a window one
/// tenth wider is tried, down to half of the events (``TrainingConfiguration/widensWindow``). If no split by time leaves
/// anything to measure on, as when all events are of one moment, the last item of every user is held out instead.
struct CandidateComparison {
    let log: InteractionLog
    let configuration: TrainingConfiguration
    /// See ``Manifest/requestSHA256``.
    let request: String
    /// The model in service, if there is one.
    let incumbent: Incumbent?
    /// See ``ModelRegistry/largestInService()``.
    let largest: Manifest?

    /// What held-out events said.
    struct Result {
        /// Nil if there was nothing to evaluate on.
        var report: EvaluationReport?
        var verdict: GateVerdict
        /// Whether the newest events are like those before them.
        var drift: DriftReport
        /// The settings with what the rule says for the training part.
        var configuration: TrainingConfiguration
        /// How lists are mixed; nil if the events say too little.
        var blend: LearnedBlend?

        /// A rollback holds what would have been promoted, also what should always be.
        mutating func hold(by pin: RegistryPin) {
            hold(
                .pinned,
                "\(pin.model) is pinned since the rollback of \(pin.at); 'marquee models unpin' lets trainings promote again."
            )
        }

        /// Another model was put into service while this one was trained.
        mutating func hold(behind current: ModelID) {
            hold(
                .overtaken,
                "\(current) was put into service while this one was trained; 'marquee models promote ID' overrules that."
            )
        }

        private mutating func hold(_ finding: GateVerdict.Finding, _ reason: String) {
            verdict.outcome = .kept
            verdict.finding = finding
            verdict.reason = "\(reason) \(verdict.reason.replacing(Gate.asked, with: ""))"
            report?.gate = verdict
        }
    }

    /// Fits the candidate to the training part, measures it and the others on the rest, and lets the gate decide.
    func run(_ onProgress: (TrainingProgress) throws -> Void) throws -> Result {
        let everything = try CountedEvents(log, configuration.weights)
        var evidence = Gate.Evidence()
        evidence.incumbent = incumbent?.manifest.id
        evidence.isSameRecipe = try incumbent?.hasSameRecipe(as: configuration, request) ?? false
        evidence.collapsed =
            incumbent.flatMap { everything.collapsed(against: $0.manifest) }
            ?? (incumbent == nil ? nil : largest.flatMap { everything.collapsed(against: $0) })
        let drift = try DriftDetector(log).report(model: incumbent?.model)
        evidence.broken = drift.broken
        try onProgress(.drift(drift))
        let gate = Gate(policy: configuration.policy)
        var configuration = configuration
        var best: SplitTrial?
        // The first window that teaches a blend, while the one that shows most has too few people for it.
        var teacher: SplitTrial?
        var reason = ""
        for split in splits {
            configuration.split = split
            do {
                let experiment = try SplitExperiment(log: log, configuration: configuration)
                try experiment.requireItems(for: experiment.configuration.parameters.rank)
                // Settled once: every window measures the same settings.
                configuration = experiment.configuration
                if let best { try onProgress(.widened(best.experiment.configuration.split, to: split, best.shortage)) }
                let trial = try SplitTrial(experiment, incumbent, isSameRecipe: evidence.isSameRecipe, onProgress)
                if best.map({ $0.detectable > trial.detectable }) ?? true { best = trial }
                teacher = best?.canTeachABlend == true ? nil : teacher ?? (trial.canTeachABlend ? trial : nil)
                if trial.isConclusive { break }
            } catch let error as TrainerError where error.isTooFewEvents {
                // Too few events to hold any out is no reason not to train.
                if reason.isEmpty { reason = error.message + " " + error.advice }
            }
            // Only if nothing else gave anything: it looks into the future of others.
            if split == splits.dropLast().last, best != nil { break }
        }
        guard let best else {
            try onProgress(.notEvaluated(reason))
            return Result(
                verdict: gate.verdict(evidence, unmeasured: reason), drift: drift, configuration: configuration)
        }
        evidence.baselines = best.baselines
        evidence.rival = best.rival
        evidence.failures = best.failures
        if evidence.rival == nil, evidence.isSameRecipe, let incumbent {
            if let (contest, how, failures) = try best.onUnseenEvents(incumbent, onProgress) {
                evidence.rival = (contest, how)
                evidence.failures = failures
            }
        }
        if !best.isConclusive { evidence.remedy = try remedy(best) }
        let verdict = gate.verdict(evidence)
        let taught = teacher ?? best
        let blending = try BlendTrial(taught.experiment, taught.fitted, onProgress)
        var report = best.report()
        report.gate = verdict
        report.sections += [drift.section, blending.section].compactMap { $0 }
        try onProgress(.evaluated(report))
        configuration.split = best.experiment.configuration.split
        return Result(
            report: report, verdict: verdict, drift: drift, configuration: configuration, blend: blending.blend)
    }

    /// What is held out, the first choice first; the last is the resort.
    private var splits: [Split] {
        guard configuration.widensWindow, case .time(let first) = configuration.split else {
            return [configuration.split]
        }
        let wider = stride(from: 8, through: 5, by: -1).map { Double($0) / 10 }.filter { $0 < first - 0.001 }
        return [configuration.split] + wider.map(Split.time) + [.leaveLastOut]
    }

    /// How many users another split would hold out, and what they could show, if that is more.
    private func remedy(_ best: SplitTrial) throws -> String? {
        guard best.experiment.configuration.split != .leaveLastOut else { return nil }
        var other = best.experiment.configuration
        other.split = .leaveLastOut
        guard let experiment = try? SplitExperiment(log: log, configuration: other) else { return nil }
        let (users, now) = (experiment.evaluator.heldOut.users.count, best.experiment.evaluator.heldOut.users.count)
        guard users > now else { return nil }
        return "--split last holds out the last item of \(users) users, but looks into the future."
    }
}

/// What counts of a log, without the training set itself. One pass.
struct CountedEvents {
    private(set) var events = 0
    private(set) var users = 0
    private(set) var items = 0
    private(set) var first = Timestamp(microseconds: .max)
    private(set) var last = Timestamp(microseconds: .min)

    init(_ log: InteractionLog, _ weights: ConfidenceWeights) throws {
        var isUser = [Bool](repeating: false, count: log.users.count)
        var isItem = [Bool](repeating: false, count: log.items.count)
        var (first, last) = (Int64.max, Int64.min)
        try log.forEachChunk { chunk in
            for record in chunk where weights.counts(record.kind) {
                events += 1
                isUser[Int(record.user)] = true
                isItem[Int(record.item)] = true
                first = min(first, record.at)
                last = max(last, record.at)
            }
        }
        users = isUser.count { $0 }
        items = isItem.count { $0 }
        self.first = Timestamp(microseconds: first)
        self.last = Timestamp(microseconds: last)
    }

    func collapsed(against before: Manifest) -> String? {
        Gate.collapsed(events: events, users: users, items: items, against: before)
    }
}
