internal import Columnar
internal import Domain

/// The events of one version of a table as a training read them, in one file of the registry:
///
///     events-<version>/events.safetensors
///         user, item   I32, one a record: indices into the identifiers
///         at           I64, microseconds since 1970
///         value        F32
///         kind         U8, the raw value of ``EventKind``
///         user_…, item_…, left_out_…   identifiers; see ``IdentifierTable``
///         __metadata__ which table and version, and what was counted
///     events-<version>/events.sha256   the digest of that file, in hexadecimal
///
/// 21 bytes an event beside the identifiers. A registry has those of one version at a time.
struct KeptEvents {
    static let file = "events.safetensors"
    private static let digestFile = "events.sha256"
    private static let prefix = "events-"
    private static let format = "marquee-events-1"

    /// What reading the table told beside the events.
    struct Facts: Equatable {
        var tableID: String
        var version: Int64
        /// Tells whether the version is still the one they were read from.
        var filesHash: UInt64
        /// Rows of the table, with those of users who are left out.
        var rowsRead: Int
        /// What "now" was, in microseconds since 1970: events after it were refused.
        var clock: Int64
        var leftOutEvents: Int

        var metadata: [String: String] {
            [
                "format": KeptEvents.format, "table": tableID, "version": "\(version)", "files": "\(filesHash)",
                "rows": "\(rowsRead)", "clock": "\(clock)", "left_out_events": "\(leftOutEvents)",
            ]
        }

        init(_ log: InteractionLog, _ snapshot: Snapshot) {
            (tableID, version, filesHash) = (snapshot.tableID, snapshot.version, snapshot.filesHash)
            (rowsRead, clock) = (log.badRows.rowsRead, log.clock.microseconds)
            leftOutEvents = log.leftOut.events
        }

        init?(_ metadata: [String: String]) {
            guard metadata["format"] == KeptEvents.format, let table = metadata["table"],
                let version = metadata["version"].flatMap({ Int64($0) }),
                let hash = metadata["files"].flatMap({ UInt64($0) }),
                let rows = metadata["rows"].flatMap({ Int($0) }), let clock = metadata["clock"].flatMap({ Int64($0) }),
                let leftOut = metadata["left_out_events"].flatMap({ Int($0) }), rows >= 0, leftOut >= 0
            else { return nil }
            (tableID, self.version, filesHash) = (table, version, hash)
            (rowsRead, self.clock, leftOutEvents) = (rows, clock, leftOut)
        }
    }

    let facts: Facts
    let users: IdentifierTable
    let items: IdentifierTable
    let leftOut: IdentifierTable
    private let source: SafetensorsFile
    private let user: UnsafeBufferPointer<Int32>
    private let item: UnsafeBufferPointer<Int32>
    private let at: UnsafeBufferPointer<Int64>
    private let value: UnsafeBufferPointer<Float>
    private let kind: UnsafeBufferPointer<UInt8>

    /// Reads all bytes once: a flipped bit would be another event.
    /// - Throws: ``TrainerError/damagedModelFile(path:reason:)`` if the file breaks the format in any way, or its digest is another.
    init(in folder: any Storage) throws {
        source = try SafetensorsFile(Self.file, in: folder)
        guard try folder.status(Self.digestFile) != nil,
            try folder.read(Self.digestFile) == Array(folder.map(Self.file).sha256.utf8)
        else {
            throw TrainerError.damagedModelFile(path: source.path, reason: "its digest is another, or missing")
        }
        guard let facts = Facts(source.metadata) else {
            throw TrainerError.damagedModelFile(path: source.path, reason: "it does not say which events it has")
        }
        self.facts = facts
        users = try IdentifierTable(source, name: "user")
        items = try IdentifierTable(source, name: "item")
        leftOut = try IdentifierTable(source, name: "left_out")
        user = try source.int32s("user", shape: [-1])
        item = try source.int32s("item", shape: [user.count])
        at = try source.int64s("at", shape: [user.count])
        value = try source.floats("value", shape: [user.count])
        kind = try source.bytes("kind", shape: [user.count])
    }

    /// How many events there are.
    var count: Int { user.count }

    /// Adds the events to a log that has none, as reading the table would have.
    /// - Throws: ``TrainerError/damagedModelFile(path:reason:)`` for a record that no event gives.
    func append(to log: InteractionLog, _ choices: any PersonalChoices) throws {
        (0..<leftOut.count).forEach { _ = log.leftOutUsers.insert(leftOut.utf8(at: $0)) }
        log.leftOut.users = leftOut.count
        log.leftOut.events = facts.leftOutEvents
        // By index here, the index in the log: -1 of those not seen yet, -2 of those who are left out.
        var usersThere = [Int32](repeating: -1, count: users.count)
        var itemsThere = [Int32](repeating: -1, count: items.count)
        for row in 0..<count {
            let (user, item) = (Int(user[row]), Int(item[row]))
            guard usersThere.indices.contains(user), itemsThere.indices.contains(item),
                let kind = EventKind(rawValue: kind[row]), kind.accepts(value[row])
            else {
                throw TrainerError.damagedModelFile(path: source.path, reason: "its record \(row) is no event")
            }
            if usersThere[user] == -1 {
                usersThere[user] = log.admitted(users.utf8(at: user), choices, events: 0) ?? -2
            }
            guard usersThere[user] >= 0 else {
                log.leftOut.events += 1
                continue
            }
            if itemsThere[item] < 0 { itemsThere[item] = log.items.insert(items.utf8(at: item)) }
            try log.append(
                user: usersThere[user], item: itemsThere[item], kind: kind, value: value[row], at: at[row])
        }
    }

    static func write(_ log: InteractionLog, _ facts: Facts, to folder: String) throws {
        try Safetensors.write(
            [
                .init("user", [log.count], log.stream(as: .int32, \.user)),
                .init("item", [log.count], log.stream(as: .int32, \.item)),
                .init("at", [log.count], log.stream(as: .int64, \.at)),
                .init("value", [log.count], log.stream(as: .float32, \.value)),
                .init("kind", [log.count], log.stream(as: .uint8, \.kind.rawValue)),
            ] + IdentifierTable.tensors(log.users, name: "user") + IdentifierTable.tensors(log.items, name: "item")
                + IdentifierTable.tensors(log.leftOutUsers, name: "left_out"),
            metadata: facts.metadata, to: "\(folder)/\(file)")
        let digest = try MappedFile(path: "\(folder)/\(file)").sha256
        try Files.write(Array(digest.utf8), to: "\(folder)/\(digestFile)")
    }

    static func folder(_ version: Int64) -> String { "\(prefix)\(version)" }

    /// The version that a folder of the registry is of; nil for other folders.
    static func version(of folder: String) -> Int64? {
        folder.hasPrefix(prefix) ? Int64(folder.dropFirst(prefix.count)) : nil
    }
}

extension ModelRegistry {
    /// The versions whose events are kept, ascending.
    func versionsOfEvents() throws -> [Int64] {
        guard try exists() else { return [] }
        return try storage.listFolders("").compactMap(KeptEvents.version).filter {
            try storage.status("\(KeptEvents.folder($0))/\(KeptEvents.file)") != nil
        }.sorted()
    }

    func events(of version: Int64) throws -> KeptEvents {
        try KeptEvents(in: storage.folder(KeptEvents.folder(version)))
    }

    /// Keeps the events of a log in place of all that are there.
    /// - Throws: ``TrainerError/cannotWrite(path:reason:)``
    func keep(_ log: InteractionLog, _ facts: KeptEvents.Facts) throws {
        try writing {
            let staged = try storage.withLock(Self.lock) {
                // Its own may be of another table, or damaged.
                try removeEvents { $0 == facts.version }
                return try storage.stage()
            }
            defer { staged.abandon() }
            try KeptEvents.write(log, facts, to: staged.path)
            // Who comes second has the same.
            _ = try staged.publish(as: KeptEvents.folder(facts.version), last: KeptEvents.file)
            try storage.withLock(Self.lock) { try removeEvents { $0 != facts.version } }
        }
    }

    /// Removes the kept events of the versions that `isMeant` says.
    func removeEvents(where isMeant: (Int64) throws -> Bool) throws {
        for folder in try storage.listFolders("") {
            guard let version = KeptEvents.version(of: folder), try isMeant(version) else { continue }
            for file in try storage.list(folder, from: "") { try storage.delete("\(folder)/\(file.name)") }
        }
    }

    /// The versions whose kept events name a user, or are damaged so that nobody can tell.
    func events(of user: String) throws -> [Int64] {
        try versionsOfEvents().filter { version in
            guard let events = try? events(of: version) else { return true }
            return events.users.index(of: user) != nil || events.leftOut.index(of: user) != nil
        }
    }
}
