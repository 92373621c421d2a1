internal import Columnar
public import Domain
public import Store

extension InteractionLog {
    /// Reads the events table of a store at one version.
    ///
    /// The scan streams: memory holds one batch and the identifiers, the events go to the temporary file. Blocks.
    /// - Parameters:
    ///   - store: whose table of events is read.
    ///   - version: nil takes the newest.
    ///   - asOf: the version in force at this time; only without `version`.
    /// - Throws: ``ColumnarError`` if there is no such table or version,
    ///   ``TrainerError/unsuitableTable(table:reason:)`` if it is no table of events,
    ///   ``TrainerError/emptyTrainingSet(source:reason:)`` if it has no rows.
    public static func read(
        from store: EventStore, version: Int64? = nil, asOf: Timestamp? = nil
    ) throws -> InteractionLog {
        let path = store.location(of: .events)
        let snapshot = try store.open(.events).snapshot(version: version, asOf: asOf)
        let log = try InteractionLog(source: path, version: snapshot.version)
        let columns = [EventColumn.userID, EventColumn.itemID, EventColumn.kind, EventColumn.value, EventColumn.at]
        try snapshot.checkReadable(columns)
        for name in columns where !snapshot.schema.names.contains(name) {
            throw TrainerError.unsuitableTable(table: path, reason: "it has no column \(name)")
        }
        var scan = try snapshot.scan(columns: columns)
        while let batch = try scan.next() { try log.append(batch) }
        guard log.count > 0 else {
            throw TrainerError.emptyTrainingSet(source: path, reason: "version \(snapshot.version) has no events")
        }
        return log
    }

    /// Adds the events of a batch. Rows with a null are left out: the columns are required in tables of ours.
    func append(_ batch: RecordBatch) throws {
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
        for row in 0..<batch.rowCount {
            guard !userIDs.isNull(at: row), !itemIDs.isNull(at: row), !kinds.isNull(at: row),
                let value = values[row], let at = times[row]
            else { continue }
            let user = userIDs.withBytes(of: row) { users.insert($0) }
            let item = itemIDs.withBytes(of: row) { items.insert($0) }
            guard let kind = kinds.withBytes(of: row, { EventKind(utf8: $0) }) else {
                throw TrainerError.badInteraction(
                    user: users.id(at: Int(user)), item: items.id(at: Int(item)),
                    reason: "there is no event kind \(kinds.string(at: row) ?? "")")
            }
            try append(user: user, item: item, kind: kind, value: value, at: at)
        }
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
