internal import Domain

extension ModelRegistry {
    /// Removes what nobody will go back to. Kept are the newest `count` models, every one that was ever in service, and
    /// those that a kept one began its training with: without them it could not be reproduced.
    ///
    /// A model disappears at once, with its manifest; who has its files open or mapped keeps them.
    /// - Returns: the models removed, oldest first.
    /// - Throws: ``TrainerError/registryNotFound(folder:)``, ``TrainerError/cannotWrite(path:reason:)``.
    @discardableResult
    public func retain(last count: Int) throws -> [ModelID] {
        try mustExist()
        return try writing {
            // The lock keeps a promotion from taking what is being removed.
            try storage.withLock(Self.lock) {
                let all = try list()
                var kept = Set(all.suffix(max(count, 0)))
                if let current = try current() { kept.insert(current) }
                for entry in try history() where entry.action == .promoted || entry.action == .rolledBack {
                    kept.insert(entry.model)
                    if let previous = entry.previous { kept.insert(previous) }
                }
                var next = Array(kept)
                while let id = next.popLast() {
                    if let start = (try? manifest(of: id))?.warmStart?.model, kept.insert(start).inserted {
                        next.append(start)
                    }
                }
                let removed = all.filter { !kept.contains($0) }
                for id in removed {
                    try audited("model.prune", id, "not among the newest \(count), and never in service") {
                        try remove(id)
                    }
                }
                return removed
            }
        }
    }

    func remove(_ id: ModelID) throws {
        // Without its manifest it is no model any more.
        try storage.delete("\(id)/\(ModelFiles.manifest)")
        for file in try storage.list(id.rawValue, from: "") { try storage.delete("\(id)/\(file.name)") }
        try storage.removeIfEmpty(id.rawValue)
    }
}
