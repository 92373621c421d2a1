internal import Columnar
public import Domain
internal import Operations
public import Store

extension InteractionLog {
    /// The share of rows that may be left out if nothing else is said.
    public static let defaultMaxBadRows = 0.001

    /// How long the version that was read stays readable, whatever the table's retention: thirty days.
    static let keepsFor: Double = 30 * 86_400
    /// So many versions that were read stay readable.
    static let versionsKept = 30

    /// Reads the events table of a store at one version, which stays readable for a month if no more than thirty others are
    /// read in it.
    ///
    /// What breaks the rules of events (``EventLimits``), as rows of other writers may, is left out, counted and named in
    /// ``badRows`` and in the program's log. The time window ends an hour after the version's commit.
    ///
    /// The scan streams: memory holds one batch and the identifiers, the events go to the temporary file. Blocks.
    /// - Parameters:
    ///   - store: whose table of events is read.
    ///   - version: nil takes the newest.
    ///   - asOf: the version in force at this time; only without `version`.
    ///   - maxBadRows: the greatest share of rows that may be left out, `0…1`.
    ///   - choices: who is left out, and counted in ``leftOut``, since they do not allow it.
    /// - Throws: ``ColumnarError`` if there is no such table or version,
    ///   ``TrainerError/unsuitableTable(table:reason:)`` if it is no table of events,
    ///   ``TrainerError/tooManyBadRows(table:rows:allowed:)``,
    ///   ``TrainerError/emptyTrainingSet(source:reason:)`` if it has no events.
    public static func read(
        from store: EventStore, version: Int64? = nil, asOf: Timestamp? = nil,
        maxBadRows: Double = defaultMaxBadRows, choices: any PersonalChoices = NoObjections()
    ) throws -> InteractionLog {
        let log = try scanned(store, opened(store, version: version, asOf: asOf, keeps: true).snapshot, choices)
        try log.check(maxBadRows)
        return log
    }

    /// The rows of a store's events table that break the rules of events, however many. Costs what reading it does.
    /// - Throws: as ``read(from:version:asOf:maxBadRows:)`` does of a table that is not there or not of events.
    public static func badRows(of store: EventStore, version: Int64? = nil) throws -> BadRows {
        try scanned(store, opened(store, version: version, asOf: nil, keeps: false).snapshot, NoObjections()).badRows
    }

    /// The table and the version of it that is read.
    /// - Parameter keeps: whether the version stays readable for a while.
    static func opened(
        _ store: EventStore, version: Int64?, asOf: Timestamp?, keeps: Bool
    ) throws -> (table: DeltaTable, snapshot: Snapshot) {
        let table = try store.open(.events)
        let snapshot = try table.snapshot(version: version, asOf: asOf)
        // So that nobody takes its files away meanwhile, and a model that names it can be made again. A store that may only
        // be read is no obstacle.
        if keeps {
            try? table.keep(
                version: snapshot.version, until: Timestamp.now.advanced(bySeconds: keepsFor), by: "train",
                atMost: versionsKept)
        }
        return (table, snapshot)
    }

    /// All events of a version.
    static func scanned(
        _ store: EventStore, _ snapshot: Snapshot, _ choices: any PersonalChoices
    ) throws -> InteractionLog {
        let log = try empty(store, snapshot)
        try log.append(choices) { try snapshot.scan(columns: $0) }
        return log
    }

    /// A log for the events of a version, which has the columns of events.
    static func empty(_ store: EventStore, _ snapshot: Snapshot) throws -> InteractionLog {
        let path = store.location(of: .events)
        try snapshot.checkReadable(columns)
        for name in columns where !snapshot.schema.names.contains(name) {
            throw TrainerError.unsuitableTable(table: path, reason: "it has no column \(name)")
        }
        let log = try InteractionLog(source: path, version: snapshot.version, clock: clock(of: snapshot))
        log.table = snapshot.tableID
        log.pseudonymKey = snapshot.configuration[PseudonymRecord.property]
        return log
    }

    private static let columns = [
        EventColumn.userID, EventColumn.itemID, EventColumn.kind, EventColumn.value, EventColumn.at,
    ]

    /// Adds the events of some rows, and names those that are none.
    /// - Parameter scan: the rows, with the columns it is asked for; asked again for those that are named.
    func append(_ choices: any PersonalChoices, _ scan: ([String]?) throws -> Scan) throws {
        var rows = try scan(Self.columns)
        while let batch = try rows.next() { try append(batch, choices) }
        if badRows.count > 0 { badRows.names = try Self.names(of: badRows.places, scan) }
    }

    /// Tells of rows that are left out.
    /// - Throws: if they are too many, or no event is there.
    func check(_ maxBadRows: Double) throws {
        if badRows.count > 0 {
            Log("train").warning(
                "rows that are no events are left out",
                ["table": source, "rows": badRows.count, "of": badRows.rowsRead, "which": badRows.text])
            guard badRows.share <= maxBadRows else {
                throw TrainerError.tooManyBadRows(table: source, rows: badRows, allowed: maxBadRows)
            }
        }
        guard count > 0 else {
            throw TrainerError.emptyTrainingSet(source: source, reason: "version \(version ?? -1) has no events")
        }
    }

    /// When the version was committed. This machine's time if the table says nothing sensible: files that were unpacked
    /// without their times, or a commit from the future.
    static func clock(of snapshot: Snapshot) -> Timestamp {
        let committed = snapshot.timestamp
        return committed > EventLimits().earliest.advanced(bySeconds: 86_400) ? min(committed, .now) : .now
    }

    /// The `event_id`s at these rising places of a scan. Only read when there are bad rows: identifiers of events are most
    /// of a table's bytes.
    private static func names(of places: [Int], _ scan: ([String]?) throws -> Scan) throws -> [String] {
        func number(_ place: Int) -> String { "row \(place + 1)" }
        guard try scan(nil).schema.names.contains(EventColumn.eventID) else { return places.map(number) }
        var names: [String] = []
        var start = 0
        var scan = try scan([EventColumn.eventID])
        while names.count < places.count, let batch = try scan.next() {
            let identifiers = try batch.column(named: EventColumn.eventID).identifiers
            while names.count < places.count, places[names.count] < start + batch.rowCount {
                let place = places[names.count]
                let name = identifiers?.string(at: place - start) ?? ""
                names.append(name.isEmpty ? number(place) : name)
            }
            start += batch.rowCount
        }
        return names
    }

    /// Adds the events of a batch, and notes the rows that are none in ``badRows``.
    func append(_ batch: RecordBatch, _ choices: any PersonalChoices = NoObjections()) throws {
        func column<Payload>(_ name: String, _ needed: String, as payload: (Column) -> Payload?) throws -> Payload {
            guard let payload = payload(try batch.column(named: name)) else {
                let found = batch.schema[name].map { "\($0.type)" } ?? "absent"
                throw TrainerError.unsuitableTable(
                    table: source, reason: "its column \(name) is \(found), where \(needed) is needed")
            }
            return payload
        }
        let userIDs = try column(EventColumn.userID, "string, long or integer", as: \.identifiers)
        let itemIDs = try column(EventColumn.itemID, "string, long or integer", as: \.identifiers)
        let kinds = try column(EventColumn.kind, "string", as: \.byteStrings)
        let values = try column(EventColumn.value, "float, double, long or integer", as: \.numbers)
        let times = try column(EventColumn.at, "timestamp", as: \.instants)
        let limits = EventLimits()
        let latest = limits.latest(clock)
        for row in 0..<batch.rowCount {
            let place = badRows.rowsRead
            badRows.rowsRead += 1
            guard !userIDs.isNull(at: row), !itemIDs.isNull(at: row), !kinds.isNull(at: row),
                let value = values[row], let at = times[row]
            else {
                badRows.note(.missingField, at: place)
                continue
            }
            guard let kind = kinds.withBytes(of: row, { EventKind(utf8: $0) }) else {
                badRows.note(.unknownKind, at: place)
                continue
            }
            let broken =
                limits.brokenRule(kind, value: value, at: Timestamp(microseconds: at), latest: latest)
                ?? userIDs.withBytes(of: row) { users.brokenRule($0, limits) }
                ?? itemIDs.withBytes(of: row) { items.brokenRule($0, limits) }
            if let broken {
                badRows.note(broken, at: place)
                continue
            }
            guard let user = userIDs.withBytes(of: row, { admitted($0, choices, events: 1) }) else { continue }
            let item = itemIDs.withBytes(of: row) { items.insert($0) }
            try append(user: user, item: item, kind: kind, value: value, at: at)
        }
    }
}

extension InteractionLog {
    /// The index of a user, or nil for one who is left out. Each is asked about once.
    /// - Parameter events: so many are counted as left out with them.
    func admitted(_ utf8: UnsafeBufferPointer<UInt8>, _ choices: any PersonalChoices, events: Int) -> Int32? {
        if let known = users.index(of: utf8) { return known }
        if leftOutUsers.index(of: utf8) != nil {
            leftOut.events += events
            return nil
        }
        guard choices.choice(of: String(decoding: utf8, as: UTF8.self)).allows(.training) else {
            _ = leftOutUsers.insert(utf8)
            leftOut.users += 1
            leftOut.events += events
            return nil
        }
        return users.insert(utf8)
    }
}

extension IdentifierPool {
    /// The rule that an identifier breaks. What the pool has is good.
    fileprivate func brokenRule(_ utf8: UnsafeBufferPointer<UInt8>, _ limits: EventLimits) -> EventRule? {
        if index(of: utf8) != nil { return nil }
        if let rule = limits.brokenRule(idLength: utf8.count) { return rule }
        return String(validating: utf8, as: UTF8.self) == nil ? .invalidUTF8 : nil
    }
}

/// What columns of tables that others made mean where it is plain.
extension Column {
    /// Texts; whole numbers as their digits.
    fileprivate var identifiers: BytesColumn? {
        switch self {
        case .int32(let c): Self.texts(c)
        case .int64(let c): Self.texts(c)
        default: byteStrings
        }
    }

    private static func texts<Number: BinaryInteger>(_ column: PrimitiveColumn<Number>) -> BytesColumn {
        var texts = BytesColumn()
        for row in 0..<column.count { texts.append(column[row].map { String($0) }) }
        return texts
    }

    /// Numbers of any type, to the precision that training works with.
    fileprivate var numbers: PrimitiveColumn<Float>? {
        switch self {
        case .float(let c): c
        case .double(let c): PrimitiveColumn(c.values.map { Float($0) }, validity: c.validity)
        case .int32(let c): PrimitiveColumn(c.values.map { Float($0) }, validity: c.validity)
        case .int64(let c): PrimitiveColumn(c.values.map { Float($0) }, validity: c.validity)
        default: nil
        }
    }

    /// Not whole numbers: seconds, milliseconds and microseconds look alike.
    fileprivate var instants: PrimitiveColumn<Int64>? {
        switch self {
        case .timestamp(let c), .localTimestamp(let c): c
        default: nil
        }
    }
}

extension EventKind {
    /// The kind of this name, without making a string of it.
    fileprivate init?(utf8: UnsafeBufferPointer<UInt8>) {
        guard let kind = Self.allCases.first(where: { $0.name.utf8.elementsEqual(utf8) }) else { return nil }
        self = kind
    }
}
