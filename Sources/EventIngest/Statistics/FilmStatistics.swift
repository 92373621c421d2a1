public import Columnar
public import Domain
internal import Foundation
internal import Store

/// What the events say of each film: counts, mean stars and trend, as rows of `TableContract.filmStatistics`.
///
/// Time goes by the events: "recent" ends with the newest of them, so that the same events give the same rows whenever they
/// are counted, and a history that was imported has trends of its own time.
public struct FilmStatistics: Sendable {
    /// The figures of one film.
    public struct Figures: Sendable, Hashable {
        public var events: Int64 = 0
        public var views: Int64 = 0
        public var likes: Int64 = 0
        public var dislikes: Int64 = 0
        public var reviews: Int64 = 0
        /// Sum of the stars of the reviews.
        public var stars = 0.0
        /// Sum of the shares watched.
        public var share = 0.0
        /// Events of the newest week.
        public var recent: Int64 = 0
        /// Events of the four weeks before.
        public var before: Int64 = 0
        public var first = Timestamp(microseconds: .max)
        public var last = Timestamp(microseconds: .min)

        /// `0.5…5`; nil without a review.
        public var meanStars: Float? { reviews > 0 ? Float(stars / Double(reviews)) : nil }
        /// `0…1`; nil without a view.
        public var meanShare: Float? { views > 0 ? Float(share / Double(views)) : nil }
        /// log2((recent + 1) / (before / 4 + 1)): 0 is steady, 1 is twice as many.
        public var trend: Float { Float(log2((Double(recent) + 1) / (Double(before) / 4 + 1))) }
    }

    /// By film.
    public let films: [ExactText: Figures]
    /// The newest event; nil if there is none.
    public let asOf: Timestamp?

    private static let week: Int64 = 7 * 86_400_000_000

    /// Counts the events of a table. Reads four columns, and one of them twice; memory is that of the films. Blocks.
    /// - Parameter check: throws to stop.
    public init(of events: Snapshot, check: () throws -> Void = {}) throws {
        var newest = Int64.min
        var times = try events.scan(columns: [EventColumn.at])
        while let batch = try times.next() {
            try check()
            let at = try Self.column(batch, EventColumn.at, \.int64s)
            newest = max(newest, at.values.max() ?? newest)
        }
        var figures: [Figures] = []
        var places: [ExactText: Int] = [:]
        var scan = try events.scan(
            columns: [EventColumn.itemID, EventColumn.kind, EventColumn.value, EventColumn.at])
        while let batch = try scan.next() {
            try check()
            let items = try Self.column(batch, EventColumn.itemID, \.byteStrings)
            let kinds = try Self.column(batch, EventColumn.kind, \.byteStrings)
            let values = try Self.column(batch, EventColumn.value, \.floats)
            let times = try Self.column(batch, EventColumn.at, \.int64s)
            for row in 0..<batch.rowCount {
                guard let name = items.string(at: row),
                    let kind = kinds.string(at: row).flatMap(EventKind.init(name:))
                else { continue }
                let item = ExactText(name)
                let place: Int
                if let known = places[item] {
                    place = known
                } else {
                    place = figures.count
                    places[item] = place
                    figures.append(Figures())
                }
                figures[place].add(kind, values.values[row], at: times.values[row], newest: newest, week: Self.week)
            }
        }
        films = places.mapValues { figures[$0] }
        asOf = films.isEmpty ? nil : Timestamp(microseconds: newest)
    }

    private static func column<T>(_ batch: RecordBatch, _ name: String, _ take: (Column) -> T?) throws -> T {
        guard let column = take(try batch.column(named: name)) else {
            throw ColumnarError.schemaMismatch(reason: "column \(name) is no \(T.self)")
        }
        return column
    }

    /// The rows, ascending by the film's identifier.
    public func batch() throws -> RecordBatch {
        let rows = films.sorted { $0.key < $1.key }
        func counts(_ value: (Figures) -> Int64) -> Column { .int64(PrimitiveColumn(rows.map { value($0.value) })) }
        func means(_ value: (Figures) -> Float?) -> Column {
            var column = PrimitiveColumn<Float>()
            for row in rows { column.append(value(row.value)) }
            return .float(column)
        }
        return try RecordBatch(
            schema: TableContract.filmStatistics.schema,
            columns: [
                .string(BytesColumn(rows.map(\.key.text))), counts(\.events), counts(\.views), counts(\.likes),
                counts(\.dislikes), counts(\.reviews), means(\.meanStars), means(\.meanShare), counts(\.recent),
                .float(PrimitiveColumn(rows.map(\.value.trend))),
                .timestamp(PrimitiveColumn(rows.map(\.value.first.microseconds))),
                .timestamp(PrimitiveColumn(rows.map(\.value.last.microseconds))),
                .timestamp(PrimitiveColumn(rows.map { _ in asOf?.microseconds ?? 0 })),
            ])
    }
}

extension FilmStatistics.Figures {
    fileprivate mutating func add(_ kind: EventKind, _ value: Float, at time: Int64, newest: Int64, week: Int64) {
        events += 1
        switch kind {
        case .view:
            views += 1
            share += Double(value)
        case .like: if value > 0 { likes += 1 } else { dislikes += 1 }
        case .review:
            reviews += 1
            stars += Double(value)
        }
        let age = newest - time
        if age < week { recent += 1 } else if age < 5 * week { before += 1 }
        first = min(first, Timestamp(microseconds: time))
        last = max(last, Timestamp(microseconds: time))
    }
}
