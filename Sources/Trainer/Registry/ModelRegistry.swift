internal import Domain
internal import Foundation

/// The folder of all published models, and which of them is in service.
///
///     models/<time>-<hash>/…   one immutable directory a model
///     models/current           the name of the promoted one, replaced by rename
///     models/history.jsonl     a line for every publication, promotion and rollback
///
/// A reader sees a whole model or none, and the old pointer or the new, whenever it looks and whatever crashes. Writers
/// of several processes take turns by a lock file. All calls block.
public struct ModelRegistry: Sendable {
    public let folder: String

    private var currentPath: String { "\(folder)/current" }
    private var historyPath: String { "\(folder)/history.jsonl" }

    /// Names a registry; nothing is read or made yet.
    public init(folder: String) { self.folder = folder }

    /// The directory of a model, whether or not it exists.
    public func path(of id: ModelID) -> String { "\(folder)/\(id)" }

    // MARK: Reading

    /// Names of all published models, oldest first.
    /// - Throws: ``TrainerError/registryNotFound(folder:)``.
    public func list() throws -> [ModelID] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw TrainerError.registryNotFound(folder: folder)
        }
        return names.compactMap(ModelID.init(rawValue:)).sorted()
    }

    /// The promoted model, or nil if none has been promoted yet.
    ///
    /// Cheap enough to ask every second: one small read.
    /// - Throws: ``TrainerError/damagedModelFile(path:reason:)`` if the pointer holds something else than a name.
    public func current() throws -> ModelID? {
        guard FileManager.default.fileExists(atPath: currentPath) else { return nil }
        let text = String(decoding: try Files.read(currentPath), as: UTF8.self)
        guard let id = ModelID(rawValue: text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw TrainerError.damagedModelFile(path: currentPath, reason: "it holds no model name")
        }
        return id
    }

    /// Maps a model.
    /// - Parameter verifying: whether to compare digests too; see ``MappedModel/init(folder:verifying:)``.
    /// - Throws: ``TrainerError/modelNotFound(id:folder:)``, ``TrainerError/damagedModelFile(path:reason:)``.
    public func open(_ id: ModelID, verifying: Bool = false) throws -> MappedModel {
        try mustExist(id)
        return try MappedModel(folder: path(of: id), verifying: verifying)
    }

    /// Maps the promoted model.
    /// - Throws: ``TrainerError/noPromotedModel(folder:)``.
    public func openCurrent(verifying: Bool = false) throws -> MappedModel {
        guard FileManager.default.fileExists(atPath: folder) else {
            throw TrainerError.registryNotFound(folder: folder)
        }
        guard let id = try current() else { throw TrainerError.noPromotedModel(folder: folder) }
        return try open(id, verifying: verifying)
    }

    /// The manifest of a model, without mapping it.
    public func manifest(of id: ModelID) throws -> Manifest {
        try mustExist(id)
        return try ModelFiles.manifest(in: path(of: id))
    }

    /// Finds a model by its whole name, an unambiguous beginning of it or of its hash, or `current`.
    /// - Throws: ``TrainerError/modelNotFound(id:folder:)`` if none or several fit.
    public func find(_ text: String) throws -> ModelID {
        if text == "current" {
            guard let id = try current() else { throw TrainerError.noPromotedModel(folder: folder) }
            return id
        }
        let matches = try list().filter { id in
            id.rawValue == text
                || (!text.isEmpty && (id.rawValue.hasPrefix(text) || id.rawValue.dropFirst(17).hasPrefix(text)))
        }
        guard matches.count == 1, let id = matches.first else {
            throw TrainerError.modelNotFound(
                id: matches.isEmpty ? text : "\(text) alone (\(matches.count) fit)", folder: folder)
        }
        return id
    }

    /// Checks every file of a model against the digests of its manifest.
    public func verify(_ id: ModelID) throws {
        try ModelFiles.check(manifest(of: id), in: path(of: id), verifyingDigests: true)
    }

    private func mustExist(_ id: ModelID) throws {
        guard FileManager.default.fileExists(atPath: folder) else {
            throw TrainerError.registryNotFound(folder: folder)
        }
        guard FileManager.default.fileExists(atPath: path(of: id)) else {
            throw TrainerError.modelNotFound(id: id.rawValue, folder: folder)
        }
    }

    // MARK: Writing

    /// Publishes a model: `write` fills a hidden folder, which is flushed and renamed into place as a whole.
    ///
    /// Its name is the time, moved on by whole seconds while the name is taken, and the beginning of the digest of its
    /// factors.
    /// - Parameters:
    ///   - write: makes all files but the manifest.
    ///   - manifest: the manifest, given the name and the sizes and digests of the files.
    func publish(
        at: Timestamp, write: (_ folder: String) throws -> Void,
        manifest: (ModelID, [String: Manifest.FileSummary]) throws -> Manifest
    ) throws -> Manifest {
        try Files.createFolder(folder)
        return try withLock {
            sweep()
            let hidden = "\(folder)/\(Self.hiddenPrefix)\(getpid())"
            do {
                try Files.createFolder(hidden)
                try write(hidden)
                let files = try ModelFiles.summaries(in: hidden)
                let digest = files[ModelFiles.factors]?.sha256 ?? ""
                var id = ModelID(at: at, digest: digest)
                var second = at.seconds
                while FileManager.default.fileExists(atPath: path(of: id)) {
                    second += 1
                    id = ModelID(at: Timestamp(seconds: second), digest: digest)
                }
                let manifest = try manifest(id, files)
                try Files.write(JSON.encode(manifest), to: "\(hidden)/\(ModelFiles.manifest)")
                try Files.flush(folder: hidden)
                guard rename(hidden, path(of: id)) == 0 else {
                    throw TrainerError.cannotWrite(path: path(of: id), reason: SystemError.last.clause)
                }
                try Files.flush(folder: folder)
                try record(.init(at: at, action: .published, model: id, previous: nil, reason: manifest.gate.reason))
                return manifest
            } catch {
                try? FileManager.default.removeItem(atPath: hidden)
                throw error
            }
        }
    }

    /// Puts a model into service, after checking every file of it.
    /// - Returns: the model that was in service before.
    @discardableResult
    public func promote(_ id: ModelID, reason: String = "by hand") throws -> ModelID? {
        try verify(id)
        return try withLock {
            let previous = try? current()
            try Files.replace(currentPath, with: "\(id)\n")
            try record(.init(at: .now, action: .promoted, model: id, previous: previous, reason: reason))
            return previous
        }
    }

    /// Puts the model back into service that was there before the present one; again, the one before that.
    /// - Returns: the model now in service.
    /// - Throws: ``TrainerError/nothingToRollBackTo(folder:)``.
    @discardableResult
    public func rollback(reason: String = "by hand") throws -> ModelID {
        guard FileManager.default.fileExists(atPath: folder) else {
            throw TrainerError.registryNotFound(folder: folder)
        }
        return try withLock {
            let present = try? current()
            guard
                let id = try PromotionHistory(history()).earlier(than: present).last(where: {
                    (try? verify($0)) != nil
                })
            else { throw TrainerError.nothingToRollBackTo(folder: folder) }
            try Files.replace(currentPath, with: "\(id)\n")
            try record(.init(at: .now, action: .rolledBack, model: id, previous: present, reason: reason))
            return id
        }
    }

    /// Everything that was published, promoted and rolled back, oldest first.
    public func history() throws -> [RegistryEntry] {
        guard FileManager.default.fileExists(atPath: historyPath) else { return [] }
        // A crash can cut the last line; it then says nothing that the pointer does not say.
        return try Files.read(historyPath).split(separator: UInt8(ascii: "\n")).compactMap {
            try? JSON.decode(RegistryEntry.self, from: Array($0))
        }
    }

    private func record(_ entry: RegistryEntry) throws {
        try Files.appendLine(String(decoding: JSON.encode(entry, pretty: false), as: UTF8.self), to: historyPath)
    }

    private static let hiddenPrefix = ".publishing-"

    /// Removes what a killed publisher left. Only under the lock: then no live publisher has a hidden folder.
    private func sweep() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        where name.hasPrefix(Self.hiddenPrefix) {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
    }

    /// Waits for other writers of this registry. The kernel lets go of the lock when a process dies.
    private func withLock<R>(_ body: () throws -> R) throws -> R {
        let path = "\(folder)/.lock"
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw TrainerError.cannotWrite(path: path, reason: SystemError.last.clause) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw TrainerError.cannotWrite(path: path, reason: SystemError.last.clause) }
        }
        return try body()
    }
}
