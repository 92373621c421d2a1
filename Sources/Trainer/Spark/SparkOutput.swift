public import Domain
internal import Linalg

/// The folder that a job of `deploy/spark` has finished, or one that `ALSModel.save` wrote, as an engine: its fits are those
/// that lie there. What does not lie there is left to the process.
public struct SparkOutput: FitEngine {
    private let storage: any Storage
    private let record: SparkRecord?
    private let bare: ALSParameters?

    /// The output of a finished job.
    /// - Throws: ``TrainerError/unusableSparkModel(path:reason:advice:)`` if there is no record of one.
    public init(in storage: any Storage) throws {
        guard let record = try SparkRecord.read(in: storage) else {
            throw TrainerError.unusableSparkModel(
                path: storage.location,
                reason: "it has no \(SparkRecord.file), which the job writes last, and no metadata of an ALSModel",
                advice: "The job is still at work or has died: wait for it, or run it again. Nothing was published.")
        }
        self.storage = storage
        self.record = record
        bare = nil
    }

    /// A model of other origin.
    /// - Parameter parameters: what it was fitted with, which the folder does not say.
    public init(model storage: any Storage, parameters: ALSParameters) {
        self.storage = storage
        record = nil
        bare = parameters
    }

    /// Whether the folder is a model itself, not the output of a job.
    public static func isModel(_ storage: any Storage) throws -> Bool {
        try storage.status(SparkRecord.file) == nil && storage.listFolders("").contains("metadata")
    }

    /// The rank of a model of other origin.
    /// - Throws: ``TrainerError/unusableSparkModel(path:reason:advice:)`` if it is none of ALS.
    public static func rank(ofModel storage: any Storage) throws -> Int { try SparkModel.rank(of: storage) }

    /// What the job has written of itself; nil of a model of other origin.
    public var made: SparkRecord? { record }

    public var isKnownByItsSettings: Bool { record != nil }

    public func fit(_ request: FitRequest, note: (String?) throws -> Void) throws -> EngineFit? {
        let parameters = request.recipe.parameters
        guard let record else {
            guard request.part == .all, let bare else { return nil }
            let model = try SparkModel(in: storage)
            let factors = try model.factors(
                for: request.training, bare, isWhole: false, leftOut: request.leftOut)
            return EngineFit(factors: factors, seconds: 0, engine: .init(name: Manifest.Engine.spark, version: nil))
        }
        try check(record, request)
        guard let part = record.parts.first(where: { $0.name == request.part.description }) else {
            guard record.parts.contains(where: { $0.name != EventPart.all.description }) else { return nil }
            throw TrainerError.unusableSparkModel(
                path: storage.location,
                reason:
                    "it has the parts \(record.parts.map(\.name).joined(separator: ", ")), and \(request.part) is asked for",
                advice: "Its split is another: fit it again on this version of the table, or import it without --split."
            )
        }
        try note("reading \(storage.path(of: part.name))")
        let model = try SparkModel(in: storage.folder(part.name))
        return EngineFit(
            factors: try model.factors(for: request.training, parameters, isWhole: true, leftOut: request.leftOut),
            seconds: part.seconds ?? 0, engine: .init(name: Manifest.Engine.spark, version: record.sparkVersion))
    }

    /// - Throws: ``TrainerError/unusableSparkModel(path:reason:advice:)`` if the job was asked for something else.
    private func check(_ record: SparkRecord, _ request: FitRequest) throws {
        func other(_ what: String, _ its: some Equatable, _ ours: some Equatable) -> TrainerError {
            .unusableSparkModel(
                path: storage.location, reason: "its \(what) is \(its), where \(ours) is asked for",
                advice: "Fit it again, or ask for what it has.")
        }
        let (own, parameters) = (record.parameters, request.recipe.parameters)
        guard record.version == request.version else { throw other("version", record.version, request.version) }
        guard own.rank == parameters.rank else { throw other("rank", own.rank, parameters.rank) }
        guard own.alpha0 == parameters.alpha0 else { throw other("alpha0", own.alpha0, parameters.alpha0) }
        guard own.lambda == parameters.lambda else { throw other("regParam", own.lambda, parameters.lambda) }
        guard own.epochs == parameters.epochs else { throw other("iterations", own.epochs, parameters.epochs) }
        guard record.weights == request.recipe.weights else {
            throw TrainerError.unusableSparkModel(
                path: storage.location, reason: "it was fitted with other confidence weights",
                advice: "Fit it again, or ask for what it has.")
        }
    }
}
