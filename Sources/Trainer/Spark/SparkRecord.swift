internal import Domain

/// What the job of `deploy/spark` was asked for: the file that it is handed.
public struct SparkRequest: Codable, Sendable {
    /// The table of events, as Spark reaches it.
    public var events: String
    public var version: Int64
    /// Microseconds.
    public var committedAt: Int64
    public var weights: ConfidenceWeights
    public var rank: Int
    public var iterations: Int
    public var alpha0: Float
    public var regParam: Float
    public var seed: UInt64
    public var parts: [SparkRecord.Part]
    /// The folder that it writes, as Spark reaches it.
    public var output: String
    /// Parquet with the column `user_id`: who is left out.
    public var exclude: String?
    /// Users and items are cut into so many blocks; nil leaves it to the job.
    public var blocks: Int?

    private enum CodingKeys: String, CodingKey {
        case events, version, weights, rank, iterations, alpha0, seed, parts, output, exclude, blocks
        case committedAt = "committed_at"
        case regParam = "reg_param"
    }

    /// What a fit asks of Spark, with further parts to fit in the same job.
    public init(_ request: FitRequest, events: String, output: String, parts: [EventPart]) {
        let parameters = request.recipe.parameters
        self.events = events
        version = request.version
        committedAt = request.clock.microseconds
        weights = request.recipe.weights
        rank = parameters.rank
        iterations = parameters.epochs
        alpha0 = parameters.alpha0
        regParam = parameters.lambda
        seed = parameters.seed
        self.parts = parts.map { SparkRecord.Part($0) }
        self.output = output
    }

    /// As the job reads it.
    public func json() throws -> [UInt8] { try JSON.encode(self) }
}

/// `training.json`: what the job of `deploy/spark` has fitted, and how.
public struct SparkRecord: Codable, Sendable {
    /// Its name in the folder that the job wrote.
    public static let file = "training.json"
    static let format = 1

    var format: Int
    public var sparkVersion: String
    /// The version of the table of events.
    public var version: Int64
    public var weights: ConfidenceWeights
    public var rank: Int
    public var iterations: Int
    public var alpha0: Float
    public var regParam: Float
    public var seed: UInt64
    /// As the job was told; nil if it was given the parts themselves.
    public var split: String?
    public var parts: [Part]

    private enum CodingKeys: String, CodingKey {
        case format, version, weights, rank, iterations, alpha0, seed, split, parts
        case sparkVersion = "spark_version"
        case regParam = "reg_param"
    }

    /// One of the fits.
    public struct Part: Codable, Sendable {
        public var name: String
        /// Microseconds: events from here on are not in it.
        public var before: Int64?
        /// `last`: without the last liked item of every user.
        public var except: String?
        /// Wall-clock seconds.
        public var seconds: Double?
        /// Events, users, items that went in.
        public var events: Int?
        public var users: Int?
        public var items: Int?

        init(_ part: EventPart) {
            name = part.description
            switch part {
            case .all: break
            case .before(let time): before = time.microseconds
            case .exceptLast: except = "last"
            }
        }
    }

    /// The settings as ours have them: docs/spark.md has the mapping.
    public var parameters: ALSParameters {
        ALSParameters(
            rank: rank, epochs: iterations, alpha0: alpha0, lambda: regParam, weighting: .mllib, solver: .exact,
            preconditioner: .none, precision: .float32, seed: seed)
    }

    /// The split whose training part was fitted too; nil if none was.
    public var measuredSplit: Split? {
        if let time = parts.compactMap(\.before).first { return .after(Timestamp(microseconds: time)) }
        return parts.contains { $0.except == "last" } ? .leaveLastOut : nil
    }

    /// Reads the record of a finished job; nil if there is none.
    /// - Throws: ``TrainerError/unusableSparkModel(path:reason:advice:)``
    static func read(in storage: any Storage) throws -> SparkRecord? {
        guard try storage.status(file) != nil else { return nil }
        let path = storage.path(of: file)
        let record: SparkRecord
        do {
            record = try JSON.decode(SparkRecord.self, from: try storage.read(file))
        } catch let error as DecodingError {
            throw TrainerError.unusableSparkModel(
                path: path, reason: "it is not what the job writes (\(error.briefly))",
                advice: "Run the job again, or correct the file: docs/spark.md has its form.")
        }
        guard record.format == format else {
            throw TrainerError.unsupportedModel(path: path, version: record.format)
        }
        return record
    }
}

extension DecodingError {
    /// Which key, in a few words.
    fileprivate var briefly: String {
        switch self {
        case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' has another type"
        default: "no JSON"
        }
    }
}
