import Domain

/// Deletes commits and checkpoints that are past the log's retention and that no kept version needs: see ``KeptVersions``.
struct LogCleaner {
    let storage: any Storage

    /// - Parameter retention: in milliseconds.
    func clean(retention: Int64, now: Timestamp) throws {
        let cutoff = now.milliseconds - retention
        let entries = try storage.list(LogName.folder, from: LogName.digits(0))
        let listing = try LogReader(storage: storage).listing()
        // The newest checkpoint as old as that, and all after it, stay: versions within the retention start from it.
        let old = Set(
            entries.filter { $0.modified.milliseconds < cutoff }.compactMap { entry -> Int64? in
                if case .commit(let version)? = LogName.parse(entry.name) { version } else { nil }
            })
        guard let keep = listing.checkpoints.last(where: { old.contains($0.version) })?.version else { return }
        let kept = try KeptVersions(storage: storage).versions(now: now)
        for entry in try self.entries(before: keep) {
            let isKept = LogName.parse(entry.name).map { kept.contains($0.version) } ?? false
            if !isKept { try storage.delete("\(LogName.folder)/\(entry.name)") }
        }
        for entry in try sidecars(unneededFrom: 0) where entry.modified.milliseconds < cutoff {
            try storage.delete(entry.name)
        }
    }

    /// The sidecars that no checkpoint of `version` or a newer one names.
    func sidecars(unneededFrom version: Int64) throws -> [StoredName] {
        let entries = try storage.list(LogName.sidecars, from: "")
        if entries.isEmpty { return [] }
        var needed: Set<String> = []
        for checkpoint in try LogReader(storage: storage).listing().checkpoints where checkpoint.version >= version {
            for file in checkpoint.files {
                needed.formUnion(try CheckpointReader(storage: storage, path: file).sidecars())
            }
        }
        return entries.map {
            StoredName(name: "\(LogName.sidecars)/\($0.name)", size: $0.size, modified: $0.modified)
        }.filter { !needed.contains($0.name) }
    }

    /// What belongs to older versions than `version`: commits, checkpoints, and what other engines put beside them,
    /// such as `.crc` and `.compacted.json`. Oldest first, so that a removal that is interrupted leaves no gap.
    func entries(before version: Int64) throws -> [StoredName] {
        try storage.list(LogName.folder, from: LogName.digits(0)).filter { entry in
            let digits = entry.name.prefix(20)
            guard entry.name.dropFirst(20).first == ".", digits.utf8.count == 20, let own = Int64(digits) else {
                return false
            }
            return own < version
        }
    }
}
