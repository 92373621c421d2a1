import Domain

extension DeltaTable {
    /// Where a text stands in anything that lies in the table's folder: files of all versions and of none, their values,
    /// dictionaries, bounds and bytes, commits, checkpoints, and what else is there.
    ///
    /// Reads every byte.
    /// - Parameters:
    ///   - columns: in which it would stand as a whole value. A text of fewer than eight bytes, or of digits alone, counts
    ///     nowhere else.
    ///   - match: rows that have it in a way of their own; nil if there are none.
    /// - Returns: file and place, in words; empty if nowhere.
    public func mentions(of text: String, in columns: [String], rows match: RowMatch? = nil) throws -> [String] {
        let search = IdentifierSearch(text)
        let snapshot = try Snapshot(storage: storage, state: newestState())
        var found: [String] = []
        for file in try storage.listData() {
            do {
                let parquet = try snapshot.open(file.name)
                var places = try parquet.mentions(of: text, search, in: columns)
                if let match, try has(match, file.name, snapshot) { places.append("its rows") }
                found += places.map { "\(file.name): \($0)" }
            } catch StorageError.missing {
                continue
            } catch is ColumnarError {
                // Not whole, or not of ours.
                if let bytes = try? storage.read(file.name), search.isFound(in: bytes) {
                    found.append("\(file.name): its bytes")
                }
            }
        }
        return try found + mentionsInLog(NamedBounds(text, in: columns, snapshot.mapping))
    }

    private func mentionsInLog(_ names: NamedBounds) throws -> [String] {
        var found: [String] = []
        for folder in ["", LogName.folder, LogName.sidecars, KeptVersions.folder] {
            for entry in try storage.list(folder, from: "") {
                let path = folder.isEmpty ? entry.name : "\(folder)/\(entry.name)"
                guard
                    folder == LogName.folder || folder == LogName.sidecars || entry.name.hasPrefix("_")
                        || entry.name.hasPrefix(".")
                else {
                    continue
                }
                do {
                    if try names.areIn(path, entry.name, storage) { found.append("\(path): bounds or bytes") }
                } catch StorageError.missing {
                    // Cleaned up by another.
                }
            }
        }
        return found
    }
}

extension NamedBounds {
    fileprivate func areIn(_ path: String, _ name: String, _ storage: any Storage) throws -> Bool {
        let bytes = try storage.read(path)
        if path.hasPrefix(LogName.sidecars) {
            return try areIn(CheckpointReader(storage: storage, path: path))
        }
        switch LogName.parse(name) {
        case .commit:
            return cleaned(bytes) != nil || (search.isDistinctive && search.isFound(in: bytes))
        case .checkpoint, .namedCheckpoint:
            if try areIn(CheckpointReader(storage: storage, path: path)) { return true }
            return search.isDistinctive && search.isFound(in: bytes)
        case nil: return search.isDistinctive && search.isFound(in: bytes)
        }
    }
}
