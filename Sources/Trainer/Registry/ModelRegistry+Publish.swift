internal import Domain
internal import Foundation

extension ModelRegistry {
    /// Publishes a model: `write` fills a folder that no reader sees, which then appears as a whole.
    ///
    /// Its name is the time, moved on by whole seconds while another model has that second, and the beginning of the
    /// digest of its factors. So names sort as models were published, however short their trainings. The storage lets
    /// one publisher have a name, so several may publish at once.
    /// - Parameters:
    ///   - write: makes all files but the manifest.
    ///   - manifest: the manifest, given the name and the sizes and digests of the files.
    func publish(
        at: Timestamp, write: (_ folder: String) throws -> Void,
        manifest: (ModelID, [String: Manifest.FileSummary]) throws -> Manifest
    ) throws -> Manifest {
        try writing {
            // Staging removes what dead publishers left. Earlier versions hold the lock while they publish.
            let staged = try storage.withLock(Self.lock) { try storage.stage() }
            defer { staged.abandon() }
            try write(staged.path)
            let files = try ModelFiles.summaries(in: staged.path)
            let digest = files[ModelFiles.factors]?.sha256 ?? ""
            let taken = Set(try storage.listFolders("").compactMap(ModelID.init(rawValue:)).map(\.time))
            for second in at.seconds... where !taken.contains(ModelID.time(Timestamp(seconds: second))) {
                let manifest = try manifest(ModelID(at: Timestamp(seconds: second), digest: digest), files)
                try Files.write(JSON.encode(manifest), to: "\(staged.path)/\(ModelFiles.manifest)")
                guard try staged.publish(as: manifest.id.rawValue, last: ModelFiles.manifest) else { continue }
                try record(
                    .init(at: at, action: .published, model: manifest.id, previous: nil, reason: manifest.gate.reason))
                return manifest
            }
            throw TrainerError.cannotWrite(path: folder, reason: "every name is taken")
        }
    }

    /// Puts a model into service by hand, after checking every file of it. Ends what a rollback pinned.
    /// - Returns: the model that was in service before.
    /// - Throws: ``TrainerError/damagedModelFile(path:reason:)``, ``TrainerError/cannotWrite(path:reason:)``.
    @discardableResult
    public func promote(_ id: ModelID, reason: String = "by hand") throws -> ModelID? {
        try verify(id)
        return try writing {
            try storage.withLock(Self.lock) {
                let previous = try? current()
                try point(to: id, .promoted, previous: previous, reason)
                try storage.delete(Self.pinned)
                return previous
            }
        }
    }

    /// What became of a promotion that nobody asked for by hand.
    enum Promotion {
        case promoted
        case pinned(RegistryPin)
        /// Another model was put into service since the verdict: nothing is known of this one beside that.
        case overtaken(ModelID)
    }

    /// Puts a model into service that a training has made, unless a rollback has pinned another.
    /// - Parameters:
    ///   - incumbent: what the verdict takes to be in service.
    ///   - always: whether that does not matter.
    func promote(
        trained id: ModelID, inPlaceOf incumbent: ModelID?, always: Bool = false, reason: String
    ) throws -> Promotion {
        try verify(id)
        return try writing {
            try storage.withLock(Self.lock) {
                if let pin = try pin() { return .pinned(pin) }
                if !always, let current = try? current(), current != incumbent { return .overtaken(current) }
                try point(to: id, .promoted, previous: try? current(), reason)
                return .promoted
            }
        }
    }

    /// Of the models that were in service lately, back to the last whose smaller data somebody meant, the one with most events;
    /// data that shrinks a little from training to training is held against that.
    func largestInService() throws -> Manifest? {
        var largest: Manifest?
        let promoted = try history().filter { $0.action == .promoted }
        for entry in promoted.suffix(Self.remembered).reversed() {
            guard let manifest = try? manifest(of: entry.model) else { continue }
            if largest.map({ $0.data.events < manifest.data.events }) ?? true { largest = manifest }
            // Promoted by hand or as asked for: what it has is enough.
            if entry.reason != manifest.gate.reason || manifest.gate.policy == .always { break }
        }
        return largest
    }

    /// So many promotions are looked back.
    private static let remembered = 8

    /// Lets trainings promote again after a rollback.
    /// - Returns: whether anything was pinned.
    @discardableResult
    public func unpin(reason: String = "by hand") throws -> Bool {
        try mustExist()
        return try writing {
            try storage.withLock(Self.lock) {
                guard try storage.status(Self.pinned) != nil else { return false }
                guard let model = try? current() else {
                    try storage.delete(Self.pinned)
                    return true
                }
                try audited("model.unpin", model, reason) {
                    try storage.delete(Self.pinned)
                    try record(.init(at: .now, action: .unpinned, model: model, previous: nil, reason: reason))
                }
                return true
            }
        }
    }

    /// Puts the model back into service that was there before the present one; again, the one before that. From then on no
    /// training promotes, until ``unpin(reason:)`` or a promotion by hand: what was rolled back would come back by itself.
    /// - Returns: the model now in service.
    /// - Throws: ``TrainerError/nothingToRollBackTo(folder:)``.
    @discardableResult
    public func rollback(reason: String = "by hand") throws -> ModelID {
        try mustExist()
        return try writing {
            try storage.withLock(Self.lock) {
                let present = try? current()
                let earlier = try PromotionHistory(history()).earlier(than: present)
                guard let id = earlier.last(where: { (try? verify($0)) != nil }) else {
                    throw TrainerError.nothingToRollBackTo(folder: folder)
                }
                // First, so that after a crash in between nothing can be promoted over it.
                let pin = RegistryPin(at: .now, model: id, reason: reason)
                try storage.replace(Self.pinned, JSON.encode(pin))
                try point(to: id, .rolledBack, previous: present, reason)
                return id
            }
        }
    }

    /// Moves the pointer, and says so. The model may have been removed since it was looked at: then nothing is moved. A crash between the two leaves the pointer right and the history one line short.
    private func point(
        to id: ModelID, _ action: RegistryEntry.Action, previous: ModelID?, _ reason: String
    ) throws {
        guard try isPublished(id) else { throw TrainerError.modelNotFound(id: id.rawValue, folder: folder) }
        try audited(action == .rolledBack ? "model.rollback" : "model.promote", id, reason) {
            try storage.replace(Self.pointer, Array("\(id)\n".utf8))
            try record(.init(at: .now, action: action, model: id, previous: previous, reason: reason))
        }
    }

    private func record(_ entry: RegistryEntry) throws {
        let line = try JSON.encode(entry, pretty: false) + [UInt8(ascii: "\n")]
        try storage.append(Self.history, try endsWithinALine() ? [UInt8(ascii: "\n")] + line : line)
    }

    /// Whether a crash has cut the last line of the history: what comes next must not be lost with it.
    private func endsWithinALine() throws -> Bool {
        do {
            let object = try storage.open(Self.history)
            guard object.size > 0 else { return false }
            return try object.read(object.size - 1..<object.size) != [UInt8(ascii: "\n")]
        } catch StorageError.missing {
            return false
        }
    }

    /// The room's own error for what the storage could not write.
    func writing<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch StorageError.io(let path, _, let number) {
            throw TrainerError.cannotWrite(path: path, reason: SystemError(number).clause)
        }
    }
}
