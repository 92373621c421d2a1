public import Domain
internal import Foundation

/// How the models of a registry were measured one after another, and which went into service: oldest first.
public struct QualityHistory: Codable, Sendable {
    /// One model.
    public struct Entry: Codable, Hashable, Sendable {
        public var model: ModelID
        public var trainedAt: Timestamp
        public var users: Int
        /// NDCG at ``Manifest/headlineCutoff``; nil if nothing was measured.
        public var ndcg: Interval?
        /// The same of the popularity list, on the same users.
        public var popular: Interval?
        public var outcome: GateVerdict.Outcome
        /// When it went into service, by a promotion or a rollback; nil if it never did.
        public var promotedAt: Timestamp?
        public var isInService: Bool

        private enum CodingKeys: String, CodingKey {
            case model, users, ndcg, popular, outcome
            case trainedAt = "trained_at"
            case promotedAt = "promoted_at"
            case isInService = "is_in_service"
        }
    }

    public var entries: [Entry]
    /// Models that cannot be read, left out.
    public var damaged: [ModelID]

    /// Reads the manifests; no model is mapped. Blocks. O(models).
    /// - Throws: ``TrainerError/registryNotFound(folder:)``.
    public init(_ registry: ModelRegistry) throws {
        let current = try registry.current()
        var promoted: [ModelID: Timestamp] = [:]
        for entry in try registry.history() where entry.action == .promoted || entry.action == .rolledBack {
            promoted[entry.model] = promoted[entry.model] ?? entry.at
        }
        (entries, damaged) = ([], [])
        for id in try registry.list() {
            guard let manifest = try? registry.manifest(of: id) else {
                damaged.append(id)
                continue
            }
            entries.append(
                Entry(
                    model: id, trainedAt: manifest.trainedAt, users: manifest.evaluation?.users ?? 0,
                    ndcg: manifest.evaluation?.headline("ndcg"),
                    popular: manifest.evaluation?.popularityHeadline("ndcg"),
                    outcome: manifest.gate.outcome, promotedAt: promoted[id], isInService: id == current))
        }
        entries.sort { $0.trainedAt < $1.trainedAt }
    }

    /// The history as a report of its own.
    public var page: ReportPage {
        func series(_ name: String, _ path: KeyPath<Entry, Interval?>, marking: Bool) -> ReportPlot.Series {
            .init(
                name: name,
                points: entries.compactMap { entry in
                    entry[keyPath: path].map {
                        .init(
                            Double(entry.trainedAt.microseconds) / 1e6, $0,
                            mark: marking && entry.promotedAt != nil ? "promoted" : nil)
                    }
                })
        }
        return ReportPage(
            title: "Marquee models over time", verdict: verdict,
            notes: [
                "Each model was measured on events later than its training part, so the figures of different models are of "
                    + "different events; the popularity list was measured on the same ones.",
                damaged.isEmpty
                    ? "" : "Left out, because they cannot be read: \(damaged.map(\.rawValue).joined(separator: ", ")).",
            ],
            plots: [
                ReportPlot(
                    .lines, title: "NDCG@\(Manifest.headlineCutoff) of the models", x: "trained", y: "95 % interval",
                    xUnit: .time,
                    series: [
                        series("model", \.ndcg, marking: true), series("popularity list", \.popular, marking: false),
                    ])
            ],
            sections: [
                ReportSection(
                    id: "models", title: "Models",
                    tables: [
                        ReportTable(
                            title: "Oldest first",
                            columns: ["model", "trained", "users", "NDCG", "popularity list", "gate", "into service"],
                            rows: entries.map { entry in
                                [
                                    .text(entry.model.rawValue), .text(Self.text(entry.trainedAt)),
                                    .count(entry.users),
                                    .interval(entry.ndcg), .interval(entry.popular), .text(entry.outcome.rawValue),
                                    .text(entry.promotedAt.map(Self.text) ?? "never"),
                                ]
                            })
                    ])
            ])
    }

    /// To the second, as people look at it.
    private static func text(_ time: Timestamp) -> String { Timestamp(seconds: time.seconds).description }

    /// What became of the figure, in a sentence.
    private var verdict: String {
        let measured = entries.filter { $0.ndcg != nil }
        guard let last = measured.last, let ndcg = last.ndcg else { return "No model was measured." }
        func words(_ interval: Interval) -> String {
            let (value, ends) = ReportCell.interval(interval).words
            return "\(value) (\(ends ?? "no interval"))"
        }
        let promoted = entries.count { $0.promotedAt != nil }
        let figure = "NDCG@\(Manifest.headlineCutoff) of the newest of \(entries.count) models is \(words(ndcg))"
        guard let first = measured.first, let before = first.ndcg, measured.count > 1 else {
            return "\(figure), with none before it to compare with."
        }
        // Of different events figures say little beside each other; what they are above the same list on the same events does.
        return
            "\(figure)\(lift(of: last)); the oldest had \(words(before))\(lift(of: first)), on other events. "
            + "\(promoted) went into service."
    }

    private func lift(of entry: Entry) -> String {
        guard let ndcg = entry.ndcg, let popular = entry.popular, popular.value > 0 else { return "" }
        let (value, _) = ReportCell.percent(Interval(value: ndcg.value / popular.value - 1)).words
        return ", \(value) against the popularity list"
    }
}
