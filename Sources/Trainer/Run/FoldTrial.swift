internal import Domain
internal import Foundation
internal import Linalg

/// Trains again and again as time goes on, and measures each model as it ages: how often to retrain. See ``Staleness``.
///
/// The later half of the events, by their times, is cut into windows of equal length. A model is trained on all that comes
/// before each window, by the same recipe; it is measured on that window and on all later ones, twice: as it is served where
/// newer events are folded in (the user's row solved anew for all likings up to the window, over the model's own item
/// factors), and as it is served without (users' rows as trained, the popularity list for users who are new to it). Blocks,
/// and keeps every core busy: N fits, and N² measurements or so.
public struct FoldTrial: Sendable {
    public let configuration: TrainingConfiguration
    /// Windows, and models.
    public var folds: Int
    /// The relative loss that should not be passed.
    public var tolerance: Double

    /// The numbers of windows that can be asked for.
    public static let allowed = 2...100

    /// - Parameters:
    ///   - configuration: the recipe, with or without a rule; its split and cut-offs do not matter.
    ///   - folds: in ``allowed``.
    ///   - tolerance: the relative loss that should not be passed, between 0 and 1.
    public init(_ configuration: TrainingConfiguration, folds: Int, tolerance: Double = 0.02) {
        self.configuration = configuration
        self.folds = folds
        self.tolerance = tolerance
    }

    /// What the windows told.
    public struct Result: Sendable {
        /// With newer events folded in; without, if the model is of a kind that has none.
        public var staleness: Staleness
        public var section: ReportSection
    }

    /// A window with the model that is new in it.
    private struct Window {
        var at: Timestamp
        var end: Timestamp
        var users: Int
        var new: Interval
        var popular: Interval
    }

    /// One model, with what it needs to be measured among the users and items of a later window.
    private struct Model {
        var factors: ALSFactors
        var users: IdentifierPool
        var items: IdentifierPool
        var popularity: [Int32]
        var parameters: ALSParameters
    }

    /// By user of the log, by age, the sum of differences and the sum of the new model's values.
    private typealias Sums = [Int32: [(difference: Double, new: Double)]]

    /// - Throws: ``TrainerError/invalidSetting(name:value:allowed:)``; ``TrainerError/nothingToEvaluate(reason:advice:)`` if the log
    ///   has no span of time, or a window has nobody to measure.
    public func run(
        _ log: InteractionLog, onProgress: (TrainingProgress) throws -> Void = { _ in }
    ) throws -> Result {
        guard Self.allowed.contains(folds) else {
            throw TrainerError.invalidSetting(name: "the number of folds", value: "\(folds)", allowed: "2 to 100")
        }
        guard tolerance > 0, tolerance < 1 else {
            throw TrainerError.invalidSetting(name: "the loss", value: "\(tolerance)", allowed: "between 0 and 1")
        }
        guard let start = try Split.time(0.5).resolve(log, weights: configuration.weights).at?.microseconds,
            (log.last.microseconds - start) / Int64(folds) > 0
        else {
            throw TrainerError.nothingToEvaluate(reason: "the events have no times that windows could be cut from")
        }
        let length = (log.last.microseconds + 1 - start) / Int64(folds)
        var models: [Model] = []
        var windows: [Window] = []
        var (folded, alone): (Sums, Sums) = ([:], [:])
        var bootstrap = Bootstrap(resamples: configuration.bootstrapResamples)
        for fold in 0..<folds {
            let at = start + Int64(fold) * length
            // The last window takes what the division left over.
            let end = fold == folds - 1 ? log.last.microseconds + 1 : at + length
            let experiment = try experiment(log, from: at, to: end)
            bootstrap = experiment.bootstrap
            let fitted = try experiment.configuration.recipe.fit(
                experiment.training, as: .evaluation, onProgress: onProgress)
            let training = experiment.training
            models.append(
                Model(
                    factors: fitted.factors, users: training.users, items: training.items,
                    popularity: training.popularity, parameters: experiment.configuration.parameters))
            let new = try measured(
                FactorRanker(name: "fold \(fold + 1)", factors: fitted.factors), experiment, onProgress)
            let popular = ListRanker(name: "popular", scores: training.popularity.map(Double.init))
            windows.append(
                Window(
                    at: Timestamp(microseconds: at), end: Timestamp(microseconds: end), users: new.count,
                    new: bootstrap.intervals(of: new, width: 1)[0],
                    popular: bootstrap.intervals(of: try measured(popular, experiment, onProgress), width: 1)[0]))
            for old in 0..<fold {
                let age = fold - old - 1
                let values = try asAged(models[old], experiment, onProgress)
                try add(values.alone, new, age, experiment, log, to: &alone)
                if let values = values.folded { try add(values, new, age, experiment, log, to: &folded) }
            }
        }
        func staleness(_ sums: Sums) -> Staleness {
            Staleness(
                metric: "ndcg@\(Manifest.headlineCutoff)", windowSeconds: Double(length) / 1e6, tolerance: tolerance,
                users: sums.sorted { $0.key < $1.key }.map(\.value), windows: (1..<folds).map { folds - $0 }, bootstrap)
        }
        let without = staleness(alone)
        guard configuration.explicit == nil else {
            return Result(staleness: without, section: section(without, nil, windows))
        }
        let with = staleness(folded)
        return Result(staleness: with, section: section(with, without, windows))
    }

    private func experiment(_ log: InteractionLog, from at: Int64, to end: Int64) throws -> SplitExperiment {
        let part = try InteractionLog(
            source: log.source, version: log.version, clock: min(log.clock, Timestamp(microseconds: end)))
        try part.append(log) { $0.at < end }
        var configuration = configuration
        configuration.split = .after(Timestamp(microseconds: at))
        configuration.cutoffs = [Manifest.headlineCutoff]
        configuration.warmStart = nil
        do {
            let experiment = try SplitExperiment(log: part, configuration: configuration)
            try experiment.requireItems(for: configuration.parameters.rank, in: "what comes before a window")
            return experiment
        } catch let error as TrainerError where error.isTooFewEvents {
            throw TrainerError.nothingToEvaluate(
                reason:
                    "the window from \(Timestamp(microseconds: at)) has too few events of known users; fewer folds are wider"
            )
        }
    }

    /// By held-out user.
    private func measured(
        _ ranker: some Ranker, _ experiment: SplitExperiment, _ onProgress: (TrainingProgress) throws -> Void
    ) throws -> [Double] {
        try experiment.measure(ranker, onProgress).perUser(.ndcg, at: Manifest.headlineCutoff)
    }

    /// An older model on a later window: as trained, and with newer events folded in (nil of models of stars).
    private func asAged(
        _ model: Model, _ experiment: SplitExperiment, _ onProgress: (TrainingProgress) throws -> Void
    ) throws -> (alone: [Double], folded: [Double]?) {
        let (training, rank) = (experiment.training, model.factors.rank)
        let items = (0..<training.itemCount).map { model.items.index(of: $0, in: training.items) }
        var unknown = ItemBitmap(itemCount: training.itemCount)
        for (place, item) in items.enumerated() where item == nil { unknown.insert(ItemIndex(place)) }
        let factors = try model.factors.carried(
            users: (0..<training.userCount).map { model.users.index(of: $0, in: training.users) }, items: items, seed: 1
        )
        func ranked(_ factors: ALSFactors) throws -> [Double] {
            try measured(FactorRanker(name: "aged", factors: factors, unknown: unknown), experiment, onProgress)
        }
        // Whoever is new to the model gets its popularity list.
        let heldOut = experiment.evaluator.heldOut.users
        let isKnown = heldOut.map { model.users.index(of: Int($0), in: training.users) != nil }
        var alone = try ranked(factors)
        if isKnown.contains(false) {
            let scores = items.map { $0.map { Double(model.popularity[Int($0)]) } ?? -1 }
            let popular = try measured(ListRanker(name: "aged popularity", scores: scores), experiment, onProgress)
            for place in heldOut.indices where !isKnown[place] { alone[place] = popular[place] }
        }
        guard configuration.explicit == nil else { return (alone, nil) }
        let foldIn = try FoldIn(itemFactors: model.factors.itemFactors, parameters: model.parameters)
        var rows = try Matrix(rows: training.userCount, columns: rank)
        for user in heldOut {
            let entries = training.interactions.entries(ofRow: Int(user)).filter {
                items[Int(training.interactions.columnIndices[$0])] != nil
            }
            let vector = try foldIn.vector(
                items: entries.map { items[Int(training.interactions.columnIndices[$0])]! },
                confidences: entries.map { training.interactions.values[$0] })
            rows.withUnsafeMutableElements { elements in
                for (t, value) in vector.enumerated() { elements[Int(user) * rank + t] = value }
            }
        }
        return (alone, try ranked(ALSFactors(userFactors: rows, itemFactors: factors.itemFactors)))
    }

    private func add(
        _ old: [Double], _ new: [Double], _ age: Int, _ experiment: SplitExperiment, _ log: InteractionLog,
        to sums: inout Sums
    ) throws {
        for (place, user) in experiment.evaluator.heldOut.users.enumerated() {
            guard let person = log.users.index(of: Int(user), in: experiment.training.users) else { continue }
            var row = sums[person] ?? .init(repeating: (0, 0), count: folds - 1)
            row[age].difference += old[place] - new[place]
            row[age].new += new[place]
            sums[person] = row
        }
    }

    private func section(_ first: Staleness, _ without: Staleness?, _ windows: [Window]) -> ReportSection {
        let curves =
            [(without == nil ? "as trained" : "newer events folded in", first)]
            + (without.map { [("as trained", $0)] } ?? [])
        let plot = ReportPlot(
            .lines, title: "NDCG by the age of the model", x: "days older than a new model",
            y: "relative difference of \(first.metric), 95 % interval", yUnit: .percent,
            series: curves.map { name, curve in
                .init(name: name, points: curve.points.map { .init($0.ageSeconds / 86_400, $0.difference) })
            })
        var text = [first.answer]
        if let without { text.append("Served without new events (no broker): \(without.answer)") }
        text.append(
            "\(folds) models, each trained on all events before its window of \(Staleness.text(first.windowSeconds)), and measured "
                + "on it and on all later windows beside the model that is new there, on the same users. Intervals are over "
                + "users; that the windows themselves differ is not in them.")
        return ReportSection(
            id: "staleness", title: "How often to retrain", text: text, plots: [plot],
            tables: [
                ReportTable(
                    title: "The model by its age",
                    columns: ["older than a new model", "windows"] + curves.map(\.0),
                    rows: first.points.indices.map { place in
                        [.text(Staleness.text(first.points[place].ageSeconds)), .count(first.points[place].windows)]
                            + curves.map {
                                $0.1.points.count > place ? .percent($0.1.points[place].difference) : .missing
                            }
                    }),
                ReportTable(
                    title: "Rolling windows",
                    columns: ["from", "to", "users", "new model, \(first.metric)", "popular"],
                    rows: windows.map {
                        [
                            .text(Timestamp(seconds: $0.at.seconds).description),
                            .text(Timestamp(seconds: $0.end.seconds).description), .count($0.users),
                            .interval($0.new), .interval($0.popular),
                        ]
                    }),
            ])
    }
}
