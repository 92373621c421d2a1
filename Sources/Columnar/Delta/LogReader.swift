import Domain

/// Reads the log: lists it, loads states, checks that nothing is missing.
struct LogReader: Sendable {
    let storage: any Storage

    struct Listing {
        /// Commit files by version, ascending.
        var commits: [(version: Int64, modified: Timestamp)] = []
        /// Complete checkpoints and their parts' names, by version, ascending.
        var checkpoints: [(version: Int64, names: [String])] = []
    }

    func list(from version: Int64 = 0) throws -> Listing {
        var listing = Listing()
        var parts: [Int64: [Int: [(Int, String)]]] = [:]
        for entry in try storage.list(LogName.folder, from: LogName.digits(version)) {
            switch LogName(entry.name) {
            case .commit(let version): listing.commits.append((version, entry.modified))
            case .checkpoint(let version, let part, let count):
                parts[version, default: [:]][count, default: []].append((part, entry.name))
            case nil: break
            }
        }
        for (version, byCount) in parts.sorted(by: { $0.key < $1.key }) {
            let complete = byCount.filter { $0.value.count == $0.key }.min { $0.key < $1.key }
            guard let complete else { continue }
            listing.checkpoints.append((version, complete.value.sorted { $0.0 < $1.0 }.map(\.1)))
        }
        return listing
    }

    /// The state at `target`, or at the newest version.
    func load(_ target: Int64?) throws -> TableState {
        if let hint = checkpointHint(), hint <= target ?? .max {
            let listing = try list(from: hint)
            // A version past the end is left to the full listing, which can tell what there is.
            let newest = listing.commits.last?.version ?? hint
            if target ?? newest <= newest, listing.checkpoints.contains(where: { $0.version <= target ?? .max }) {
                return try load(target, listing)
            }
        }
        return try load(target, try list())
    }

    private func load(_ target: Int64?, _ listing: Listing) throws -> TableState {
        let newest = max(listing.commits.last?.version ?? -1, listing.checkpoints.last?.version ?? -1)
        guard newest >= 0 else { throw ColumnarError.notATable(path: storage.location) }
        let wanted = target ?? newest
        let earliest = min(
            listing.commits.first?.version ?? .max, listing.checkpoints.first?.version ?? .max)
        guard wanted >= 0, wanted <= newest else {
            throw ColumnarError.noSuchVersion(
                table: storage.location, version: wanted, earliest: earliest, latest: newest)
        }
        var state = TableState()
        if let checkpoint = listing.checkpoints.last(where: { $0.version <= wanted }) {
            state = try Checkpoint.read(checkpoint.names, checkpoint.version, storage)
            state.timestamp =
                listing.commits.first { $0.version == checkpoint.version }?.modified ?? state.timestamp
        } else if earliest > 0 {
            throw ColumnarError.noSuchVersion(
                table: storage.location, version: wanted,
                earliest: listing.checkpoints.first?.version ?? earliest, latest: newest)
        }
        let next = state.version + 1
        try replay(listing.commits.filter { $0.version >= next && $0.version <= wanted }, onto: &state)
        guard state.version == wanted else {
            throw ColumnarError.logGap(table: storage.location, missing: state.version + 1)
        }
        guard state.metadata != nil, state.protocolVersion != nil else {
            throw ColumnarError.malformed(
                file: storage.path(of: LogName.folder), reason: "no commit states the schema and the protocol")
        }
        return state
    }

    /// Brings a state up to the newest version.
    func update(_ state: TableState) throws -> TableState {
        let commits = try list(from: state.version + 1).commits
        guard !commits.isEmpty else { return state }
        // After a log clean-up the next commits may be gone, but never those since the last checkpoint.
        if commits[0].version != state.version + 1 { return try load(nil) }
        var state = state
        try replay(commits, onto: &state)
        return state
    }

    private func replay(_ commits: [(version: Int64, modified: Timestamp)], onto state: inout TableState) throws {
        for commit in commits {
            guard commit.version == state.version + 1 else {
                throw ColumnarError.logGap(table: storage.location, missing: state.version + 1)
            }
            state.apply(try actions(of: commit.version))
            state.version = commit.version
            state.timestamp = commit.modified
        }
    }

    /// The actions of one commit, in the order of its lines.
    func actions(of version: Int64) throws -> [Action] {
        let name = LogName.commitPath(version)
        let bytes = try storage.read(name)
        return try naming(storage.path(of: name)) {
            try bytes.withUnsafeBytes { buffer in
                try buffer.split(separator: UInt8(ascii: "\n")).compactMap { line in
                    let line = UnsafeRawBufferPointer(rebasing: line)
                    // A line of white space, such as an old writer's `\r`, holds no action.
                    guard line.contains(where: { $0 > 0x20 }) else { return nil }
                    return try Action(try JSONParser.parse(line))
                }
            }
        }
    }

    /// The version of `_last_checkpoint`. Only a hint: damaged or missing, the log is listed from its start.
    private func checkpointHint() -> Int64? {
        guard let bytes = try? storage.read(LogName.hint),
            let json = try? bytes.withUnsafeBytes({ try JSONParser.parse($0) })
        else { return nil }
        return json["version"]?.int
    }
}
