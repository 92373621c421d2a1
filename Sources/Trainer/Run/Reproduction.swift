internal import Domain
internal import Foundation
internal import Operations

/// Trains a published model again and compares the factor bytes: the proof that table version, settings and seed say
/// everything about a model. Blocks, and keeps every core busy.
public struct Reproduction: Sendable {
    public let id: ModelID
    /// SHA-256 of `factors.safetensors` as published, and as made now.
    public let published: String
    public let made: String
    /// Whether training gave the same factors to the last bit.
    public var isIdentical: Bool { published == made }

    /// - Throws: ``TrainerError/notReproduced(id:published:made:)`` unless the digests are equal.
    public func check() throws {
        guard isIdentical else {
            throw TrainerError.notReproduced(id: id.rawValue, published: published, made: made)
        }
    }

    /// - Parameters:
    ///   - manifest: of the model to make again.
    ///   - log: the events of the table version that the manifest names.
    ///   - registry: where the model of a warm start is, if there was one.
    ///   - threads: workers; the bytes do not depend on it. Nil takes every core.
    /// - Throws: ``TrainerError/unsuitableTable(table:reason:)`` if the log is of another version or size,
    ///   ``TrainerError/damagedModelFile(path:reason:)`` if the manifest contradicts itself or the model of the warm start
    ///   is not the one it names.
    public static func run(
        of manifest: Manifest, on log: InteractionLog, in registry: ModelRegistry, threads: Int? = nil,
        onProgress: (TrainingProgress) throws -> Void = { _ in }
    ) throws -> Reproduction {
        if let engine = manifest.engine {
            throw TrainerError.invalidSetting(
                name: "the model to reproduce", value: "\(manifest.id), which \(engine.name) fitted",
                allowed: "one that this program fitted; train again with that engine instead")
        }
        let start = try check(manifest, in: registry)
        guard log.version == manifest.data.version else {
            throw otherData(log, "", manifest)
        }
        try log.report(onProgress)
        let training = try TrainingSet.build(from: log, weights: manifest.weights)
        guard training.eventCount == manifest.data.events else {
            throw otherData(log, " with \(training.eventCount) events that count", manifest)
        }
        var recipe = manifest.recipe
        recipe.parameters.threads = threads
        let fitted = try recipe.fit(training, from: start, as: .published, onProgress: onProgress)
        let folder = FileManager.default.temporaryDirectory.appending(path: "marquee-\(UUID().uuidString)").path
        try Files.createFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try ModelFiles.write(fitted, of: training, to: folder)
        let made = try Files.map("\(folder)/\(ModelFiles.factors)")
        return Reproduction(id: manifest.id, published: manifest.factorsSHA256, made: made.sha256)
    }

    private static func otherData(_ log: InteractionLog, _ size: String, _ manifest: Manifest) -> TrainerError {
        func text(_ version: Int64?) -> String { version.map { "version \($0)" } ?? "no version" }
        return .unsuitableTable(
            table: log.source,
            reason:
                "it gives \(text(log.version))\(size), the model was trained on \(text(manifest.data.version)) with "
                + "\(manifest.data.events) events")
    }

    /// Compares what the manifest says twice, so that an altered one is found before hours of work.
    /// - Returns: the model of the warm start.
    private static func check(_ manifest: Manifest, in registry: ModelRegistry) throws -> MappedModel? {
        func altered(_ what: String) -> TrainerError {
            .damagedModelFile(
                path: "\(registry.path(of: manifest.id))/\(ModelFiles.manifest)", reason: "\(what); it was altered")
        }
        guard try manifest.recipe.digest() == manifest.configurationSHA256 else {
            throw altered("its settings do not have the SHA-256 that it gives for them")
        }
        guard manifest.kind == manifest.recipe.kind else { throw altered("its kind and its settings disagree") }
        guard manifest.parameters.seed == manifest.seed else { throw altered("it names two seeds") }
        guard manifest.files[ModelFiles.factors]?.sha256 == manifest.factorsSHA256,
            manifest.id.rawValue.hasSuffix(manifest.factorsSHA256.prefix(8))
        else { throw altered("its name, its files and its digest of the factors disagree") }
        guard let warmStart = manifest.warmStart else { return nil }
        let start = try registry.open(warmStart.model, verifying: true)
        guard start.manifest.factorsSHA256 == warmStart.factorsSHA256 else {
            throw altered("\(warmStart.model) has other factors than those it began with")
        }
        return start
    }
}
