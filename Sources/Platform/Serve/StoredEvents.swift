internal import Columnar
public import Domain
public import Store

/// The events in a store, as serving needs them: those that a model has not learned from, and those of one user.
public struct StoredEvents: EventArchive {
    private let store: EventStore

    /// What ``read(since:limit:_:)`` found.
    public struct Reading: Sendable {
        /// Of the table; nil if there is none.
        public var version: Int64?
        /// Where the table goes on in each partition of Kafka.
        public var markers: [String: Int64] = [:]
        public var events = 0
        /// Rows that are no events.
        public var skipped = 0
        /// Whether there were more than the limit, and those of the oldest days were left out.
        public var isCut = false
    }

    /// Rows collected before a commit are stored by it, or by the one after: so long before, in seconds.
    private static let margin = 600.0
    /// A user's list is solved from the newest thousand; the overlay holds two million of all users.
    public static let limit = 900_000

    /// - Parameter store: which has the table of events; it need not be there yet.
    public init(store: EventStore) { self.store = store }

    /// Lends the events that were stored since a time, a batch at a time, those of the newest days first. Blocks.
    ///
    /// Files of which the log says that they have no such row are not opened. More events may come than were stored since:
    /// whoever knows them already drops them.
    /// - Parameters:
    ///   - known: all that was stored before is known; nil if nothing is.
    ///   - limit: events to lend at most: memory is theirs.
    /// - Throws: a `ColumnarError`.
    public func read(
        since known: Timestamp?, limit: Int = StoredEvents.limit, _ receive: ([Event]) -> Void
    ) throws -> Reading {
        guard let snapshot = try snapshot() else { return Reading() }
        var reading = Reading(version: snapshot.version, markers: snapshot.transactions)
        var since: [Predicate] = []
        if let known, snapshot.schema.names.contains(EventColumn.ingestedAt) {
            let time = known.advanced(bySeconds: -Self.margin)
            since.append(.compare(column: EventColumn.ingestedAt, .greaterOrEqual, .timestamp(time)))
        }
        // Twice as many days at a time: few scans, whatever the age of the events.
        var upper: Int32?
        var span: Int32 = 2
        let today = Int32(Timestamp.now.microseconds / 86_400_000_000)
        let earliest = Int32(EventLimits().earliest.microseconds / 86_400_000_000)
        while true {
            let lower = (upper ?? today + 2) - span
            var conditions = since
            if let upper {
                conditions.append(.compare(column: EventColumn.eventDate, .less, .date(CalendarDate(days: upper))))
            }
            if lower > earliest {
                conditions.append(
                    .compare(column: EventColumn.eventDate, .greaterOrEqual, .date(CalendarDate(days: lower))))
            }
            var scan = try snapshot.scan(
                columns: Self.columns, where: conditions.isEmpty ? nil : .and(conditions))
            while let batch = try scan.next() {
                let events = try Self.events(of: batch)
                reading.events += events.count
                reading.skipped += batch.rowCount - events.count
                receive(events)
                if reading.events >= limit {
                    reading.isCut = true
                    return reading
                }
            }
            if lower <= earliest { return reading }
            upper = lower
            span *= 2
        }
    }

    public func events(storedSince time: Timestamp?, _ receive: ([Event]) -> Void) throws {
        _ = try read(since: time, receive)
    }

    public func events(of userID: String, limit: Int) throws -> [Event] {
        guard limit > 0, let snapshot = try snapshot() else { return [] }
        var newest: [Event] = []
        var scan = try snapshot.scan(
            columns: Self.columns, where: .compare(column: EventColumn.userID, .equal, .string(userID)))
        while let batch = try scan.next() {
            newest += try Self.events(of: batch)
            if newest.count > 4 * limit { newest = Array(newest.sorted(by: Self.isNewer).prefix(limit)) }
        }
        return Array(newest.sorted(by: Self.isNewer).prefix(limit))
    }

    public func activity(ofItem itemID: String) throws -> ItemActivity {
        var activity = ItemActivity()
        guard let snapshot = try snapshot() else { return activity }
        var scan = try snapshot.scan(
            columns: Self.columns, where: .compare(column: EventColumn.itemID, .equal, .string(itemID)))
        while let batch = try scan.next() {
            for event in try Self.events(of: batch) { activity.count(event) }
        }
        return activity
    }

    public func unstored(of events: [Event]) throws -> [Event] {
        guard let snapshot = try snapshot(), let first = events.map(\.at).min(), let last = events.map(\.at).max()
        else { return events }
        func day(_ at: Timestamp) -> Value { .date(CalendarDate(days: Int32(at.microseconds / 86_400_000_000))) }
        var found: Set<ExactText> = []
        // Many identifiers in one condition would be compared with each row one by one.
        for start in stride(from: 0, to: events.count, by: 64) {
            let some = events[start..<min(start + 64, events.count)]
            var scan = try snapshot.scan(
                columns: [EventColumn.eventID],
                where: .and([
                    .compare(column: EventColumn.eventDate, .greaterOrEqual, day(first)),
                    .compare(column: EventColumn.eventDate, .lessOrEqual, day(last)),
                    .isIn(column: EventColumn.eventID, some.map { .string($0.eventID) }),
                ]))
            while let batch = try scan.next() {
                guard let ids = try batch.column(named: EventColumn.eventID).byteStrings else { continue }
                for row in 0..<batch.rowCount { if let id = ids.string(at: row) { found.insert(ExactText(id)) } }
            }
        }
        return events.filter { !found.contains(ExactText($0.eventID)) }
    }

    private func snapshot() throws -> Snapshot? {
        guard try store.exists() else { return nil }
        return try store.openIfPresent(.events)?.snapshot()
    }

    private static let columns = [
        EventColumn.eventID, EventColumn.userID, EventColumn.itemID, EventColumn.kind, EventColumn.value,
        EventColumn.at, EventColumn.source,
    ]

    private static func isNewer(_ a: Event, _ b: Event) -> Bool { (a.at, a.eventID) > (b.at, b.eventID) }

    /// The rows that keep the rules of events; other writers' may not.
    private static func events(of batch: RecordBatch) throws -> [Event] {
        let columns = try columns.map { try (batch.column(named: $0), batch.schema[$0]?.type ?? .string) }
        func text(_ column: Int, _ row: Int) -> String? {
            guard case .string(let text) = columns[column].0.value(at: row, type: columns[column].1) else { return nil }
            return text.isEmpty ? nil : text
        }
        var events: [Event] = []
        events.reserveCapacity(batch.rowCount)
        for row in 0..<batch.rowCount {
            let value: Float
            switch columns[4].0.value(at: row, type: columns[4].1) {
            case .float(let number): value = number
            case .double(let number): value = Float(number)
            case .int(let number): value = Float(number)
            default: continue
            }
            guard let id = text(0, row), let user = text(1, row), let item = text(2, row),
                let kind = text(3, row).flatMap({ EventKind(name: $0) }), kind.accepts(value),
                case .timestamp(let at) = columns[5].0.value(at: row, type: columns[5].1)
            else { continue }
            events.append(
                Event(
                    eventID: id, userID: user, itemID: item, kind: kind, value: value, at: at,
                    source: text(6, row) ?? ""))
        }
        return events
    }
}
