internal import Catalog
internal import Columnar
internal import Domain
internal import EventIngest
internal import Kafka
internal import Store

/// Cleans the films of messages and keeps those that the table does not have. Used by one thread.
///
/// What the table has is read when the first films are stored: most runs of an ingester see none for long.
final class FilmAppender: RowAppender {
    private let store: EventStore?
    private var ledger: FilmLedger?
    private var films: [Movie] = []
    /// Of each film its message.
    private var places: [(place: TopicPartition, offset: Int64)] = []
    private(set) var byteCount = 0

    /// - Parameter store: which has the table; nil keeps all films, whatever is known.
    init(store: EventStore?) { self.store = store }

    var rowCount: Int { films.count }

    func append(_ messages: KafkaMessages, receivedAt: Timestamp, rejections: inout [Rejection]) {
        for position in 0..<messages.count {
            let message = messages[position]
            do {
                let (films, trouble) = try FilmTopic.films(of: message, receivedAt: receivedAt)
                self.films += films
                places += films.map { _ in (messages.place, message.offset) }
                byteCount += message.payload.count + message.key.count
                if let trouble { rejections.append(Rejection(position: position, reason: Self.reason(trouble))) }
            } catch {
                rejections.append(Rejection(position: position, reason: Self.reason(error)))
            }
        }
    }

    private static func reason(_ error: CatalogError) -> String { "\(error.code): \(error.message)" }

    func take() throws -> [RecordBatch] {
        guard !films.isEmpty else { return [] }
        defer {
            films.removeAll(keepingCapacity: true)
            places.removeAll(keepingCapacity: true)
            byteCount = 0
        }
        guard let store else { return [try batch(films, Array(films.indices))] }
        var ledger = try ledger ?? FilmLedger(Self.rows(of: store))
        let (rows, positions) = ledger.news(films)
        self.ledger = ledger
        return rows.isEmpty ? [] : [try batch(rows, positions)]
    }

    private static func rows(of store: EventStore) throws -> [Movie] {
        try store.openIfPresent(.movies).map { try MovieTable.rows(of: $0.snapshot()) } ?? []
    }

    /// Films as rows that say which message they were.
    private func batch(_ films: [Movie], _ positions: [Int]) throws -> RecordBatch {
        let batch = try MovieTable.batch(films)
        let places = positions.map { self.places[$0] }
        let fields = [
            Field(OriginColumn.topic, .string), Field(OriginColumn.partition, .int32),
            Field(OriginColumn.offset, .int64),
        ]
        return try RecordBatch(
            schema: Schema(batch.schema.fields + fields),
            columns: batch.columns + [
                .string(BytesColumn(places.map(\.place.topic))),
                .int32(PrimitiveColumn(places.map(\.place.partition))),
                .int64(PrimitiveColumn(places.map(\.offset))),
            ])
    }
}
