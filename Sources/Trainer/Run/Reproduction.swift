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
    ///   - threads: workers; the bytes do not depend on it. Nil takes every core.
    /// - Throws: ``TrainerError/unsuitableTable(table:reason:)`` if the log is of another version or size.
    public static func run(
        of manifest: Manifest, on log: InteractionLog, threads: Int? = nil,
        onProgress: (TrainingProgress) throws -> Void = { _ in }
    ) throws -> Reproduction {
        guard log.version == manifest.data.version, log.count == manifest.data.events else {
            func text(_ version: Int64?) -> String { version.map { "version \($0)" } ?? "no version" }
            throw TrainerError.unsuitableTable(
                table: log.source,
                reason: "it gives \(text(log.version)) with \(log.count) events, the model was trained on "
                    + "\(text(manifest.data.version)) with \(manifest.data.events)")
        }
        try onProgress(.loaded(events: log.count, users: log.users.count, items: log.items.count))
        let training = try TrainingSet.build(from: log, weights: manifest.weights)
        var parameters = manifest.parameters
        parameters.threads = threads
        let (factors, _) = try fit(training, parameters, as: .published, onProgress: onProgress)
        let folder = FileManager.default.temporaryDirectory.appending(path: "marquee-\(UUID().uuidString)").path
        try Files.createFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try ModelFiles.write(factors, of: training, to: folder)
        let made = try MappedFile(path: "\(folder)/\(ModelFiles.factors)")
        return Reproduction(id: manifest.id, published: manifest.factorsSHA256, made: Digest.sha256(made.bytes).hex)
    }
}
