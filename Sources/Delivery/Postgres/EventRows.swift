import Columnar
import Domain
import Operations
import PostgreSQL
import Store

/// Events, and the lists that are due to them.
final class EventRows: PostgresRowsOfBatch {
    private let lists: (any ListSource)?
    /// The number of the catalogue whose films the database has, and of the one in the open transaction.
    private var films: Int?
    private var writtenFilms: Int?
    private let delivered = Metrics.shared.counter(
        "marquee_deliver_events_total", help: "Events that were brought into PostgreSQL.")
    private let made = Metrics.shared.counter(
        "marquee_deliver_lists_total", help: "Lists that were brought into PostgreSQL.")
    private var counts = (events: 0, lists: 0)
    /// Batches to come that are looked through before they are stored, because one of late had an event twice.
    private var carefulBatches = 0
    private static let carefulAfterDuplicate = 64

    init(lists: (any ListSource)?) { self.lists = lists }

    func prepare(_ connection: PostgresConnection) throws {
        // What is copied is first looked at here: COPY itself cannot pass over what is there already.
        try connection.run(
            script: """
                CREATE TEMP TABLE new_events (\(DeliveredTable.declarations("events"))) ON COMMIT DELETE ROWS;
                CREATE TEMP TABLE new_films (\(DeliveredTable.declarations("films"))) ON COMMIT DELETE ROWS;
                """)
    }

    func wereCommitted() {
        films = writtenFilms
        delivered.increment(by: counts.events)
        made.increment(by: counts.lists)
    }

    func write(_ batches: [RecordBatch], _ connection: PostgresConnection) throws -> Int {
        counts = (0, 0)
        try writeFilms(connection)
        let new = try store(batches, connection)
        counts.events = new?.count ?? batches.reduce(0) { $0 + $1.rowCount }
        guard let lists, counts.events > 0 else { return counts.events }
        var events = try batches.flatMap { try DeliveredEvents.read($0) }
        if let new { events.removeAll { !new.contains(ExactText($0.eventID)) } }
        lists.remember(events)
        // The last one counts, in the order of the messages; users in the order in which they came.
        var users: [String] = []
        var triggers: [ExactText: String] = [:]
        for event in events where triggers.updateValue(event.eventID, forKey: ExactText(event.userID)) == nil {
            users.append(event.userID)
        }
        try write(try lists.lists(for: users), triggers, connection)
        return counts.events
    }

    /// Brings the rows into the table of events, all at once if none of them is there yet, as it is nearly always.
    /// - Returns: the identifiers of those that were new; nil if all were.
    private func store(_ batches: [RecordBatch], _ connection: PostgresConnection) throws -> Set<ExactText>? {
        let names = DeliveredTable.names("events")
        let now = Timestamp.now
        func copy(into table: String) throws {
            try connection.copy(into: "\(table) (\(names))") { copy in
                for batch in batches { try Self.write(batch, deliveredAt: now, to: &copy) }
            }
        }
        if carefulBatches > 0 {
            carefulBatches -= 1
        } else {
            // A unique index was hit.
            if try connection.attempt(undoneBy: ["23505"], { try copy(into: "marquee.events") }) != nil { return nil }
            carefulBatches = Self.carefulAfterDuplicate
        }
        try copy(into: "pg_temp.new_events")
        let stored = try connection.query(
            """
            INSERT INTO marquee.events (\(names)) SELECT \(names) FROM pg_temp.new_events
            ON CONFLICT (event_id) DO NOTHING RETURNING event_id
            """)
        return Set((0..<stored.count).compactMap { stored[$0, 0].map { ExactText($0) } })
    }

    /// Films that are new or have changed. Those that are gone stay: lists have named them.
    private func writeFilms(_ connection: PostgresConnection) throws {
        writtenFilms = films
        guard let catalogue = lists?.films(unless: films) else { return }
        try connection.copy(into: "pg_temp.new_films (\(DeliveredTable.names("films")))") { copy in
            for film in catalogue.films {
                copy.row(fields: 4)
                copy.text(film.itemID)
                copy.text(film.title)
                if let year = film.year { copy.bigint(Int64(year)) } else { copy.null() }
                copy.texts(film.genres)
            }
        }
        try connection.query(
            """
            INSERT INTO marquee.films AS f (item_id, title, year, genres)
            SELECT item_id, title, year, genres FROM pg_temp.new_films ORDER BY item_id
            ON CONFLICT (item_id) DO UPDATE
            SET title = EXCLUDED.title, year = EXCLUDED.year, genres = EXCLUDED.genres
            WHERE (f.title, f.year, f.genres) IS DISTINCT FROM (EXCLUDED.title, EXCLUDED.year, EXCLUDED.genres)
            """)
        writtenFilms = catalogue.number
    }

    private func write(
        _ lists: [DeliveredList], _ triggers: [ExactText: String], _ connection: PostgresConnection
    ) throws {
        let names = DeliveredTable.names("recommendations")
        try connection.copy(into: "marquee.recommendations (\(names))") { copy in
            for list in lists {
                guard let trigger = triggers[ExactText(list.userID)] else { continue }
                for (place, item) in list.items.enumerated() {
                    copy.row(fields: 10)
                    copy.text(list.userID)
                    copy.bigint(Int64(place + 1))
                    copy.text(item.itemID)
                    if let title = item.title { copy.text(title) } else { copy.null() }
                    copy.double(item.score)
                    copy.jsonb(item.reasons)
                    copy.text(list.modelID)
                    copy.text(list.recommendationID)
                    copy.timestamp(list.generatedAt)
                    copy.text(trigger)
                }
            }
        }
        counts.lists = lists.count
    }

    private static func write(
        _ batch: RecordBatch, deliveredAt now: Timestamp, to copy: inout PostgresCopy
    ) throws {
        let texts = try [
            EventColumn.eventID, EventColumn.userID, EventColumn.itemID, EventColumn.kind, EventColumn.reviewText,
            EventColumn.source, EventColumn.topic,
        ].map { try BatchText(batch, $0) }
        guard case .float(let values) = try batch.column(named: EventColumn.value),
            let times = try batch.column(named: EventColumn.at).int64s,
            let partitions = try batch.column(named: EventColumn.partition).int32s,
            let offsets = try batch.column(named: EventColumn.offset).int64s
        else { throw ColumnarError.schemaMismatch(reason: "these are no rows of events") }
        for row in 0..<batch.rowCount {
            copy.row(fields: 12)
            for text in texts[0..<4] { copy.text(utf8: text[row] ?? []) }
            copy.double(Double(values.values[row]))
            if let review = texts[4][row] { copy.text(utf8: review) } else { copy.null() }
            copy.timestamp(Timestamp(microseconds: times.values[row]))
            copy.text(utf8: texts[5][row] ?? [])
            copy.text(utf8: texts[6][row] ?? [])
            copy.bigint(Int64(partitions.values[row]))
            copy.bigint(offsets.values[row])
            copy.timestamp(now)
        }
    }
}
