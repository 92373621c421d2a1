public import Domain

/// Everything an evaluation found: `evaluation.json`, and what `report.html` shows.
public struct EvaluationReport: Codable, Sendable {
    /// Raised when a reader of the old format could no longer read it; `docs/evaluation-report.schema.json` is of this one.
    public static let currentFormat = 2

    public var format = EvaluationReport.currentFormat
    public var generatedAt: Timestamp
    public var codeVersion: String
    /// Whose figures ``metrics`` are, in words.
    public var describes: String
    /// What the gate made of it; nil of an evaluation that was no training.
    public var gate: GateVerdict?
    public var data: DataSection
    /// How lists were made, in words.
    public var protocolNote: String
    /// By cut-off.
    public var cutoffs: [Int]
    /// The model's figures by metric and k.
    public var metrics: [String: [String: Interval]]
    /// How far predicted stars are from held-out ones; nil for models that predict none.
    public var ratingErrors: RatingErrors?
    /// The same of each baseline.
    public var baselines: [Baseline]
    public var slices: [Slice]
    public var comparisons: [Comparison]
    public var training: Manifest.TrainingSummary
    public var settings: Settings
    public var seed: UInt64
    public var peakRSSBytes: Int
    /// How models age; nil if that was not measured.
    public var staleness: Staleness?
    /// What others have to say beside the figures, in the order it is shown. None in reports of format 1.
    public var sections: [ReportSection] = []

    private enum CodingKeys: String, CodingKey {
        case format, describes, gate, data, cutoffs, metrics, baselines, slices, comparisons, training, settings, seed
        case sections, staleness
        case generatedAt = "generated_at"
        case codeVersion = "code_version"
        case protocolNote = "protocol"
        case ratingErrors = "rating_errors"
        case peakRSSBytes = "peak_rss_bytes"
    }

    /// What was trained on and measured against: the source, how it was split in time, and what was left of each part.
    public struct DataSection: Codable, Sendable {
        public var source: String
        public var version: Int64?
        public var split: String
        public var splitExplanation: String
        public var splitAt: Timestamp?
        public var trainingEvents: Int
        public var trainingUsers: Int
        public var trainingItems: Int
        public var trainingPairs: Int
        public var trainingLiked: Int
        public var heldOut: HeldOut.Counts
        /// How many sampled negatives were ranked beside the held-out items; nil for a full ranking.
        public var sampledNegatives: Int?

        private enum CodingKeys: String, CodingKey {
            case source, version, split
            case splitExplanation = "split_explanation"
            case splitAt = "split_at"
            case trainingEvents = "training_events"
            case trainingUsers = "training_users"
            case trainingItems = "training_items"
            case trainingPairs = "training_pairs"
            case trainingLiked = "training_liked"
            case heldOut = "held_out"
            case sampledNegatives = "sampled_negatives"
        }
    }

    /// The figures of a ranker that the model is measured beside, by metric and k, on the same users.
    public struct Baseline: Codable, Sendable {
        public var name: String
        public var metrics: [String: [String: Interval]]
    }

    /// One metric on a part of the users.
    public struct Slice: Codable, Sendable {
        /// What the users are divided by, such as `history`.
        public var dimension: String
        /// The part, such as `6–20`.
        public var name: String
        public var users: Int
        public var metric: String
        public var model: Interval
        /// The popularity list on the same users.
        public var popular: Interval
    }

    /// The model against another ranker, user by user.
    public struct Comparison: Codable, Sendable {
        public var against: String
        public var metric: String
        /// (model − other) / other; nil where the other is zero.
        public var relativeDifference: Interval?
        /// Two-sided, by Wilcoxon's signed ranks, corrected by Holm over the comparisons of this report.
        public var pValue: Double
        /// The smallest absolute difference that so many users would show with 80 % power at the 5 % level.
        public var minimumDetectableEffect: Double
        /// `better`, `worse`, or `no difference shown`. The first two only if the interval excludes zero.
        public var verdict: String

        private enum CodingKeys: String, CodingKey {
            case against, metric, verdict
            case relativeDifference = "relative_difference"
            case pValue = "p_value"
            case minimumDetectableEffect = "minimum_detectable_effect"
        }
    }

    /// All that somebody needs to repeat the evaluation, beside the data and the seed.
    public struct Settings: Codable, Sendable {
        public var parameters: ALSParameters
        public var weights: ConfidenceWeights
        public var explicit: ModelRecipe.ExplicitSettings?
        public var bootstrapResamples: Int
        /// Which of them a rule or a search chose, and what the search tried.
        public var chosen: Manifest.ChosenSettings?

        private enum CodingKeys: String, CodingKey {
            case parameters, weights, explicit
            case chosen = "chosen_settings"
            case bootstrapResamples = "bootstrap_resamples"
        }
    }

    /// One figure of the model, or nil if it was not measured.
    public func value(_ metric: String, at k: Int) -> Interval? { metrics[metric]?[String(k)] }

    /// Canonical JSON, as it stands in `evaluation.json`: the report, and its ``verdict``.
    public func json() throws -> [UInt8] { try JSON.encode(WithVerdict(report: self)) }

    /// The sentence is made of the figures: readers of the file find it beside them, decoding passes it over.
    private struct WithVerdict: Encodable {
        let report: EvaluationReport

        private enum Key: String, CodingKey { case verdict }

        func encode(to encoder: any Encoder) throws {
            try report.encode(to: encoder)
            var keyed = encoder.container(keyedBy: Key.self)
            try keyed.encode(report.verdict, forKey: .verdict)
        }
    }
}

extension KeyedDecodingContainer {
    /// Reports of format 1 have no sections.
    func decode(_ type: [ReportSection].Type, forKey key: Key) throws -> [ReportSection] {
        try decodeIfPresent(type, forKey: key) ?? []
    }
}
