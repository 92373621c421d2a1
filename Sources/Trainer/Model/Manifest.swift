public import Domain

/// What a published model is, in full: `manifest.json`.
///
/// With the same table version, settings and code, training gives the same ``factorsSHA256``.
public struct Manifest: Codable, Hashable, Sendable {
    /// Raised when a reader of the old format could no longer read the files.
    public static let currentFormat = 1

    /// ``ALS``: confidences.
    public static let implicitKind = "als-implicit"
    /// ``RatingALS``: stars, with biases. The factor files have one column more than the rank, see ``Ratings``.
    public static let explicitKind = "als-explicit"

    /// The length of the lists that decide: promotion, early stopping and tuning look at NDCG of the first so many.
    public static let headlineCutoff = 10

    public var format = Manifest.currentFormat
    public var id: ModelID
    /// When training ended.
    public var trainedAt: Timestamp
    /// ``implicitKind`` or ``explicitKind``.
    public var kind: String
    public var data: DataSummary
    public var parameters: ALSParameters
    public var weights: ConfidenceWeights
    /// Only of a model of ratings.
    public var explicit: ModelRecipe.ExplicitSettings?
    /// Only of a model of ratings.
    public var ratings: Ratings?
    /// The model whose factors training began with, if it did not begin with random numbers.
    public var warmStart: ModelRecipe.WarmStart?
    /// What fitted the factors, if it was not this program.
    public var engine: Engine?
    /// How the number of epochs was found, if it was not given.
    public var earlyStopping: EarlyStopping?
    /// How the settings came about that nobody gave; nil if all were given.
    public var chosen: ChosenSettings?
    /// SHA-256 of the settings as they were asked for, before a rule or a search chose what was left open. Models with the
    /// same one are of one recipe. Nil in models of earlier versions.
    public var requestSHA256: String?
    public var seed: UInt64
    /// SHA-256 of parameters (without threads), weights, the settings of an explicit model and the warm start as canonical
    /// JSON: with the data, what decides the factors.
    public var configurationSHA256: String
    public var codeVersion: String
    /// SHA-256 of `factors.safetensors`.
    public var factorsSHA256: String
    public var training: TrainingSummary
    /// Nil if there was nothing to evaluate on.
    public var evaluation: EvaluationSummary?
    public var gate: GateVerdict
    /// Whether the newest events were like those before them. Nil in models of earlier versions.
    public var drift: DriftReport?
    /// By name, every file of the directory but the manifest itself.
    public var files: [String: FileSummary]

    private enum CodingKeys: String, CodingKey {
        case format, id, kind, data, parameters, weights, explicit, ratings, engine, seed, training, evaluation, gate,
            drift, files
        case warmStart = "warm_start"
        case earlyStopping = "early_stopping"
        case chosen = "chosen_settings"
        case requestSHA256 = "request_sha256"
        case trainedAt = "trained_at"
        case configurationSHA256 = "configuration_sha256"
        case codeVersion = "code_version"
        case factorsSHA256 = "factors_sha256"
    }

    /// What a training of the same data repeats.
    public var recipe: ModelRecipe {
        ModelRecipe(parameters: parameters, weights: weights, explicit: explicit, warmStart: warmStart)
    }

    /// How stars come of an explicit model's files: stars = neutral + mean + user_biases[u] + ⟨p_u, q_i⟩.
    ///
    /// The last column of `item_factors` is the item's bias and that of `user_factors` is 1, so that the product of two
    /// rows orders the items for a user, as it does in an implicit model.
    public struct Ratings: Codable, Hashable, Sendable {
        public var neutral: Float
        public var mean: Float
    }

    /// Another program that fits factors.
    public struct Engine: Codable, Hashable, Sendable {
        /// ``Engine/name`` of Spark's MLlib.
        public static let spark = "spark-mllib"

        public var name: String
        /// Nil if nothing says it.
        public var version: String?

        public init(name: String, version: String?) {
            self.name = name
            self.version = version
        }
    }

    /// The number of epochs by a validation window before the test window.
    public struct EarlyStopping: Codable, Hashable, Sendable {
        /// The search ended after so many epochs without a better one.
        public var patience: Int
        /// `ndcg@10`, at ``Manifest/headlineCutoff``, where more is better, or `rmse`, where less is.
        public var metric: String
        /// After each epoch of the search.
        public var values: [Double]
        /// The epoch of the best value: the model was trained for so many.
        public var best: Int
    }

    /// Settings by rule or by search: ``parameters`` has the values.
    public struct ChosenSettings: Codable, Hashable, Sendable {
        public var rule: ShapeRule
        /// c of the rule, as it came out.
        public var strength: Float
        /// The shape of the set that the rule looked at.
        public var users: Int
        public var items: Int
        public var pairs: Int
        /// What was tried, if there was a search.
        public var search: SearchSummary?
    }

    /// What the published factors were fitted to.
    public struct DataSummary: Codable, Hashable, Sendable {
        public var source: String
        /// Version of the events table.
        public var version: Int64?
        /// When that version was committed, by the table's clock; nil in models of before this was kept.
        public var committedAt: Timestamp?
        public var events: Int
        public var users: Int
        public var items: Int
        /// Pairs of a user and an item, liked or not.
        public var interactions: Int
        /// Those that count as liked.
        public var liked: Int
        public var firstEventAt: Timestamp
        public var lastEventAt: Timestamp
        /// Rows of the table that are no events and were left out, by the rule that each broke; nil if there were none.
        public var badRows: [String: Int]?
        /// Who does not allow that models learn from them; nil if all did.
        public var leftOut: LeftOutUsers?
        /// Which key the users' pseudonyms are of, by its digest; nil if users are called as they are.
        public var pseudonymKey: String?
        /// The identity of the events table, which another one in its place does not have; nil without a table, and in models of
        /// earlier versions.
        public var table: String?

        private enum CodingKeys: String, CodingKey {
            case source, table, version, events, users, items, interactions, liked
            case pseudonymKey = "pseudonym_key"
            case leftOut = "left_out"
            case badRows = "bad_rows"
            case committedAt = "committed_at"
            case firstEventAt = "first_event_at"
            case lastEventAt = "last_event_at"
        }
    }

    /// How the fit went, epoch by epoch.
    public struct TrainingSummary: Codable, Hashable, Sendable {
        public var epochs: [EpochSummary]
        /// Wall-clock time of all epochs.
        public var seconds: Double
    }

    /// One epoch: its number from 1, the loss after it (see ``ALSParameters``, ``RatingParameters``), and its wall-clock
    /// time in seconds.
    public struct EpochSummary: Codable, Hashable, Sendable {
        public var epoch: Int
        public var loss: Double
        public var seconds: Double

        public init(epoch: Int, loss: Double, seconds: Double) {
            self.epoch = epoch
            self.loss = loss
            self.seconds = seconds
        }
    }

    /// The headline of `evaluation.json`.
    public struct EvaluationSummary: Codable, Hashable, Sendable {
        /// Which factors the figures were measured on, in words.
        public var describes: String
        public var split: String
        public var splitAt: Timestamp?
        public var users: Int
        /// By metric and k.
        public var metrics: [String: [String: Interval]]
        /// The same of the popularity list.
        public var popularity: [String: [String: Interval]]

        /// A figure at ``Manifest/headlineCutoff``, or nil if it was not measured.
        public func headline(_ metric: String) -> Interval? { metrics[metric]?["\(headlineCutoff)"] }

        /// The same of the popularity list.
        public func popularityHeadline(_ metric: String) -> Interval? { popularity[metric]?["\(headlineCutoff)"] }

        private enum CodingKeys: String, CodingKey {
            case describes, split, users, metrics, popularity
            case splitAt = "split_at"
        }
    }

    /// One file of the model, as it must be found: its size in bytes and its SHA-256 in 64 hexadecimal digits.
    public struct FileSummary: Codable, Hashable, Sendable {
        public var bytes: Int
        public var sha256: String
    }
}
