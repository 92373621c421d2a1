import Columnar
import Domain
import Foundation
import Store

@testable import Trainer

/// A row of the events table as any writer may write it, so also one that is no event.
struct StoredRow {
    var eventID: String
    var user: String
    var item: String
    var kind: String
    var value: Float
    var at: Timestamp

    init(_ eventID: String, _ user: String, _ item: String, _ kind: String, _ value: Float, at seconds: Int64) {
        self.eventID = eventID
        self.user = user
        self.item = item
        self.kind = kind
        self.value = value
        at = Timestamp(seconds: seconds)
    }

    static func batch(_ rows: [StoredRow]) throws -> RecordBatch {
        func texts(_ text: (StoredRow) -> String?) -> Column { .string(BytesColumn(rows.map(text))) }
        let none = PrimitiveColumn<Int64>([Int64](repeating: 0, count: rows.count), validity: rows.map { _ in false })
        let noPart = PrimitiveColumn<Int32>([Int32](repeating: 0, count: rows.count), validity: rows.map { _ in false })
        return try RecordBatch(
            schema: TableContract.events.schema,
            columns: [
                texts(\.eventID), texts(\.user), texts(\.item), texts(\.kind),
                .float(PrimitiveColumn(rows.map(\.value))), texts { _ in nil },
                .timestamp(PrimitiveColumn(rows.map(\.at.microseconds))), texts { _ in "test" }, texts { _ in nil },
                .int32(noPart), .int64(none), .timestamp(PrimitiveColumn(rows.map { _ in Timestamp.now.microseconds })),
                .date(PrimitiveColumn(rows.map(\.at.date.days))), texts { _ in nil }, .int32(noPart),
            ])
    }

    /// A store in `folder` with a commit for each of these parts.
    static func store(_ parts: [[StoredRow]], in folder: URL) throws -> EventStore {
        let store = EventStore(folder: folder.path)
        let table = try store.openOrCreate(.events)
        for part in parts { _ = try table.append([batch(part)]) }
        return store
    }

    /// Views, likes and reviews of planted tastes, over ten days: pairs come again, and many things happen at one instant.
    static func planted(users: Int = 50, items: Int = 160, count: Int = 3000, seed: UInt64 = 7) -> [StoredRow] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { number in
            let user = generator.below(users)
            let item = generator.below(items / 4) * 4 + (generator.below(8) == 0 ? generator.below(4) : user % 4)
            let isLiked = item % 4 == user % 4
            let kind = EventKind.allCases[generator.below(3)]
            let value: Float =
                switch kind {
                case .view: Float(isLiked ? 0.5 + generator.uniform() / 2 : generator.uniform() / 5)
                case .like: isLiked ? 1 : -1
                case .review: isLiked ? 4 + Float(generator.below(3)) / 2 : 1 + Float(generator.below(4)) / 2
                }
            return StoredRow(
                "e\(number)", "user \(user)", "film \(item)", kind.name, value,
                at: 1_700_000_000 + Int64(generator.below(240)) * 3600)
        }
    }
}
