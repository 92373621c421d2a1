import Columnar
import Domain
import Store

/// The events that rows are, as every deliverer reads them.
enum DeliveredEvents {
    /// A NUL in a text becomes U+FFFD, as in a database that knows none.
    static func read(_ batch: RecordBatch) throws -> [Event] {
        let texts = try [EventColumn.eventID, EventColumn.userID, EventColumn.itemID, EventColumn.kind].map {
            try BatchText(batch, $0)
        }
        guard case .float(let values) = try batch.column(named: EventColumn.value),
            let times = try batch.column(named: EventColumn.at).int64s
        else { return [] }
        return (0..<batch.rowCount).compactMap { row in
            func text(_ column: Int) -> String {
                String(decoding: texts[column][row] ?? [], as: UTF8.self).replacing("\0", with: "\u{FFFD}")
            }
            guard let kind = EventKind(name: text(3)) else { return nil }
            return Event(
                eventID: text(0), userID: text(1), itemID: text(2), kind: kind, value: values.values[row],
                at: Timestamp(microseconds: times.values[row]), source: "kafka")
        }
    }
}

/// A column of texts or bytes.
struct BatchText {
    private let column: BytesColumn

    init(_ batch: RecordBatch, _ name: String) throws {
        switch try batch.column(named: name) {
        case .string(let column), .binary(let column): self.column = column
        default: throw ColumnarError.schemaMismatch(reason: "column \(name) holds no text")
        }
    }

    subscript(row: Int) -> ArraySlice<UInt8>? {
        if let validity = column.validity, !validity[row] { return nil }
        return column.bytes[Int(column.offsets[row])..<Int(column.offsets[row + 1])]
    }
}
