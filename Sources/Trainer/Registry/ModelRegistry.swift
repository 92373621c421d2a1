public import Domain
internal import Foundation

/// The place of all published models, and which of them is in service.
///
///     <time>-<hash>/…   one immutable directory a model; its manifest makes it count
///     current           the name of the promoted one, replaced as a whole
///     pin               there while a rollback keeps trainings from promoting: who, when and why
///     history.jsonl     a line for every publication, promotion, rollback and unpinning
///
/// A reader sees a whole model or none, and the old pointer or the new, whenever it looks and whatever crashes; readers
/// take no lock. Any number of publishers work at once, each on a name of its own; who moves the pointer takes turns by
/// the lock `.lock`. Everything goes through a ``Storage``, so models lie wherever one can be had. All calls block.
///
/// ``ModelRegistry+Publish`` writes, this file reads.
public struct ModelRegistry: Sendable {
    let storage: any Storage
    /// Around each change of what is in service, and each removal; nil to tell nobody but ``history()``.
    public var audit: RegistryAudit?

    static let pointer = "current"
    static let history = "history.jsonl"
    static let pinned = "pin"
    static let lock = ".lock"

    /// The place of the models, as messages have it.
    public var folder: String { storage.location }

    /// Names a registry in any storage; nothing is read or made yet.
    public init(in storage: any Storage) { self.storage = storage }

    /// Names a registry in a folder of this machine; nothing is read or made yet.
    public init(folder: String) { self.init(in: LocalStorage(folder)) }

    /// The directory of a model, whether or not it exists, as messages have it.
    public func path(of id: ModelID) -> String { storage.path(of: id.rawValue) }

    /// Names of all published models, oldest first. One look at each.
    /// - Throws: ``TrainerError/registryNotFound(folder:)``.
    public func list() throws -> [ModelID] {
        try mustExist()
        return try storage.listFolders("").compactMap(ModelID.init(rawValue:)).filter(isPublished).sorted()
    }

    /// The promoted model, or nil if none has been promoted yet.
    ///
    /// Cheap enough to ask every second: one small read.
    /// - Throws: ``TrainerError/damagedModelFile(path:reason:)`` if the pointer holds something else than a name.
    public func current() throws -> ModelID? {
        guard let bytes = try readIfThere(Self.pointer) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let id = ModelID(rawValue: text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw TrainerError.damagedModelFile(path: storage.path(of: Self.pointer), reason: "it holds no model name")
        }
        return id
    }

    /// What keeps trainings from promoting, or nil. One small read.
    /// - Throws: ``TrainerError/damagedModelFile(path:reason:)`` if it cannot be read as one.
    public func pin() throws -> RegistryPin? {
        guard let bytes = try readIfThere(Self.pinned) else { return nil }
        do {
            return try JSON.decode(RegistryPin.self, from: bytes)
        } catch {
            throw TrainerError.damagedModelFile(
                path: storage.path(of: Self.pinned), reason: "it is no pin; 'marquee models unpin' removes it")
        }
    }

    /// Whether anything was ever published here.
    func exists() throws -> Bool { try storage.exists() }

    /// Maps a model.
    /// - Parameter verifying: whether to compare digests too; reads every file whole.
    /// - Throws: ``TrainerError/modelNotFound(id:folder:)``, ``TrainerError/damagedModelFile(path:reason:)``.
    public func open(_ id: ModelID, verifying: Bool = false) throws -> MappedModel {
        try mustExist(id)
        return try MappedModel.open(in: storage.folder(id.rawValue), verifying: verifying)
    }

    /// Maps the promoted model.
    /// - Throws: ``TrainerError/noPromotedModel(folder:)``.
    public func openCurrent(verifying: Bool = false) throws -> MappedModel {
        try mustExist()
        guard let id = try current() else { throw TrainerError.noPromotedModel(folder: folder) }
        return try open(id, verifying: verifying)
    }

    /// The manifest of a model, without mapping it.
    public func manifest(of id: ModelID) throws -> Manifest {
        try mustExist(id)
        return try ModelFiles.manifest(in: storage.folder(id.rawValue))
    }

    /// Finds a model by its whole name, an unambiguous beginning of it or of its hash, or `current`.
    /// - Throws: ``TrainerError/modelNotFound(id:folder:)`` if none or several fit.
    public func find(_ text: String) throws -> ModelID {
        if text == Self.pointer {
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
    /// - Throws: ``TrainerError/damagedModelFile(path:reason:)`` naming the first that differs.
    public func verify(_ id: ModelID) throws {
        let (manifest, folder) = try (manifest(of: id), storage.folder(id.rawValue))
        try ModelFiles.check(manifest, in: folder)
        try ModelFiles.compareDigests(manifest, in: folder) {}
    }

    /// Everything that was published, promoted and rolled back, oldest first.
    public func history() throws -> [RegistryEntry] {
        // A crash can cut a line; it then says nothing that the pointer does not say.
        (try readIfThere(Self.history) ?? []).split(separator: UInt8(ascii: "\n")).compactMap {
            try? JSON.decode(RegistryEntry.self, from: Array($0))
        }
    }

    /// A directory without a manifest is no model: a publication that has not ended, or never will.
    func isPublished(_ id: ModelID) throws -> Bool {
        try storage.status("\(id)/\(ModelFiles.manifest)") != nil
    }

    /// - Throws: ``TrainerError/registryNotFound(folder:)``.
    func mustExist() throws {
        guard try storage.exists() else { throw TrainerError.registryNotFound(folder: folder) }
    }

    private func mustExist(_ id: ModelID) throws {
        if try isPublished(id) { return }
        try mustExist()
        // Files without a manifest are told from nothing at all when they are asked for by name.
        guard try storage.list(id.rawValue, from: "").isEmpty else { return }
        throw TrainerError.modelNotFound(id: id.rawValue, folder: folder)
    }

    private func readIfThere(_ name: String) throws -> [UInt8]? {
        do {
            return try storage.read(name)
        } catch StorageError.missing {
            return nil
        }
    }
}
