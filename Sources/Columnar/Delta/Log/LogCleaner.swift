import Domain

/// Deletes commits and checkpoints that are past the log's retention and that no kept version needs.
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
        // Oldest first, so that what is left never has a gap.
        for entry in entries {
            switch LogName.parse(entry.name) {
            case .commit(let version) where version < keep, .checkpoint(let version, _, _) where version < keep:
                try storage.delete("\(LogName.folder)/\(entry.name)")
            default: break
            }
        }
    }
}
