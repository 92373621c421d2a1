import Domain

/// Replays a table's log. Delta protocol, "Action reconciliation" and "Checkpoints".
struct LogReader: Sendable {
    let storage: any Storage
    var table: String { storage.location }

    /// The commits and complete checkpoints there are.
    struct Listing {
        /// Ascending.
        var commits: [Int64] = []
        /// Ascending by version, of which there may be several; the names of the parts in order.
        var checkpoints: [(version: Int64, files: [String])] = []

        var latest: Int64? { [commits.last, checkpoints.last?.version].compactMap(\.self).max() }
        /// The oldest version that can still be read.
        var earliest: Int64? {
            commits.first == 0 ? 0 : checkpoints.first?.version
        }
    }

    func listing(from version: Int64 = 0) throws -> Listing {
        var listing = Listing()
        var parts: [Int64: [Int: [Int: String]]] = [:]
        var named: [Int64: [String]] = [:]
        for entry in try storage.list(LogName.folder, from: LogName.digits(version)) {
            switch LogName.parse(entry.name) {
            case .commit(let version): listing.commits.append(version)
            case .checkpoint(let version, let part, let count):
                parts[version, default: [:]][count, default: [:]][part] = "\(LogName.folder)/\(entry.name)"
            case .namedCheckpoint(let version):
                named[version, default: []].append("\(LogName.folder)/\(entry.name)")
            case nil: break
            }
        }
        for version in Set(parts.keys).union(named.keys).sorted() {
            for file in named[version] ?? [] { listing.checkpoints.append((version, [file])) }
            for (count, files) in parts[version] ?? [:] where files.count == count {
                listing.checkpoints.append((version, files.sorted { $0.key < $1.key }.map(\.value)))
                break
            }
        }
        return listing
    }

    /// The table at `version`, or at its newest.
    func load(version: Int64? = nil) throws -> LogState {
        // The hint saves looking at what is older; the truth is in the names.
        if let hint = lastCheckpointHint(), version.map({ $0 >= hint }) ?? true {
            let listing = try listing(from: hint)
            if listing.checkpoints.contains(where: { $0.version <= version ?? .max }),
                let state = try? replay(listing, to: version)
            {
                return state
            }
        }
        return try replay(listing(), to: version)
    }

    /// The newest state, starting from an older one: only the commits since are read.
    /// - Returns: nil if the table is not the one that `state` came from, or a commit since is not there.
    func update(_ state: LogState) throws -> LogState? {
        guard let known = state.commitFile, try storage.status(known.name) == known else { return nil }
        var state = state
        while true {
            while try apply(state.version + 1, to: &state) {}
            if try storage.status(LogName.commit(state.version + 2)) == nil { return state }
            // Where the one after the next is, the next has come by now, was cleaned up, or is lost; reading from the
            // start tells the last two apart.
            if try storage.status(LogName.commit(state.version + 1)) == nil { return nil }
        }
    }

    func actions(of version: Int64) throws -> [Action] {
        let path = LogName.commit(version)
        let file = storage.path(of: path)
        var actions: [Action] = []
        try Self.lines(of: storage.read(path), file: file) { json in
            if let action = try Action(json: json, file: file) { actions.append(action) }
        }
        return actions
    }

    /// - Throws: ``ColumnarError`` for a line that is not JSON, or what `body` throws.
    static func lines(of bytes: [UInt8], file: String, _ body: (JSON) throws -> Void) throws {
        try bytes.withUnsafeBufferPointer { bytes in
            for line in bytes.split(separator: 0x0A) {
                let line = UnsafeBufferPointer(rebasing: line)
                if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
                guard let json = JSONParser.parse(line) else {
                    throw ColumnarError.malformed(file: file, reason: "a line is not JSON")
                }
                try body(json)
            }
        }
    }

    /// Replays commit `version` on top of `state`. - Returns: false if there is no such commit.
    private func apply(_ version: Int64, to state: inout LogState) throws -> Bool {
        guard let status = try storage.status(LogName.commit(version)) else { return false }
        let actions = try actions(of: version)
        state.apply(actions)
        state.version = version
        state.commitFile = status
        // A copy of a table may have its times in any order.
        state.timestamp = (state.statesTimes ? actions.statedTime : nil) ?? max(state.timestamp, status.modified)
        return true
    }

    private func replay(_ listing: Listing, to version: Int64?) throws -> LogState {
        guard let latest = listing.latest else { throw ColumnarError.notATable(path: table) }
        let target = version ?? latest
        guard target >= 0, target <= latest else {
            throw ColumnarError.noSuchVersion(
                table: table, version: target, earliest: listing.earliest ?? 0, latest: latest)
        }
        var failure: (any Error)?
        for checkpoint in listing.checkpoints.reversed() where checkpoint.version <= target {
            do {
                var state = LogState.empty
                for file in checkpoint.files {
                    try CheckpointReader(storage: storage, path: file).parts { part in
                        switch part {
                        case .actions(let actions): state.apply(actions)
                        case .adds(let adds): state.apply(adds)
                        }
                    }
                }
                try begin(&state, at: checkpoint.version, files: checkpoint.files)
                try replay(listing, from: checkpoint.version + 1, to: target, on: &state)
                return state
            } catch {
                // An older checkpoint, or the commits alone, may do.
                failure = failure ?? error
            }
        }
        if case .logGap(_, let missing)? = failure as? ColumnarError,
            try KeptVersions(storage: storage).entries().contains(where: { $0.version == missing - 1 })
        {
            throw ColumnarError.noSuchVersion(
                table: table, version: target, earliest: listing.earliest ?? 0, latest: latest)
        }
        guard listing.commits.first == 0 else {
            if let failure { throw failure }
            if let earliest = listing.earliest, target < earliest {
                throw ColumnarError.noSuchVersion(table: table, version: target, earliest: earliest, latest: latest)
            }
            throw ColumnarError.logGap(table: table, missing: 0)
        }
        var state = LogState.empty
        try replay(listing, from: 0, to: target, on: &state)
        return state
    }

    private func begin(_ state: inout LogState, at version: Int64, files: [String]) throws {
        state.version = version
        state.commitFile = try storage.status(LogName.commit(version))
        let status = try state.commitFile ?? storage.status(files[0])
        state.timestamp =
            try (state.statesTimes ? statedTime(of: version) : nil) ?? status?.modified ?? Timestamp(microseconds: 0)
    }

    private func replay(_ listing: Listing, from first: Int64, to last: Int64, on state: inout LogState) throws {
        guard first <= last else { return }
        let known = Set(listing.commits)
        for version in first...last {
            guard known.contains(version), try apply(version, to: &state) else {
                throw ColumnarError.logGap(table: table, missing: version)
            }
        }
    }

    private func lastCheckpointHint() -> Int64? {
        guard let bytes = try? storage.read(LogName.lastCheckpoint) else { return nil }
        return bytes.withUnsafeBufferPointer { JSONParser.parse($0) }?["version"]?.int.flatMap { $0 >= 0 ? $0 : nil }
    }
}
