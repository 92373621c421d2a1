import Columnar
import Domain
import PostgreSQL
import Store

/// Rows as they were stored, by the place in Kafka that they came from: to tell whether a log is still the same one.
struct PlacedRows {
    private let contract: TableContract

    init(_ contract: TableContract) { self.contract = contract }

    /// See `EventSink.rows`.
    func read(
        _ columns: [String], of ranges: [TopicPartition: Range<Int64>]?, _ connection: PostgresConnection
    ) throws -> [RecordBatch] {
        let names = columns + OriginColumn.all.filter { !columns.contains($0) }
        let fields = names.compactMap { contract.schema[$0] }
        let selected = fields.map(Self.expression).joined(separator: ", ")
        var batches: [RecordBatch] = []
        // A text that had a NUL is not what it was, and tells nothing.
        let whole = contract.schema[EventColumn.eventID] == nil ? "true" : "strpos(event_id, U&'\\FFFD') = 0"
        let statement = "SELECT \(selected) FROM marquee.\(contract.name) WHERE \(whole)"
        guard let ranges else { return [try batch(connection.query(statement), fields)] }
        for (place, range) in ranges.sorted(by: { $0.key < $1.key }) where !range.isEmpty {
            let rows = try connection.query(
                """
                \(statement) AND topic = $1 AND partition = $2::bigint
                    AND message_offset >= $3::bigint AND message_offset < $4::bigint
                """, [place.topic, "\(place.partition)", "\(range.lowerBound)", "\(range.upperBound)"])
            if rows.count > 0 { batches.append(try batch(rows, fields)) }
        }
        return batches
    }

    /// A column in a text form that ``batch(_:_:)`` reads.
    private static func expression(_ field: Field) -> String {
        let name = field.name == OriginColumn.offset ? "message_offset" : field.name
        return switch field.type {
        case .timestamp: "(extract(epoch FROM \(name)) * 1000000)::bigint"
        case .binary: "encode(\(name), 'hex')"
        default: name
        }
    }

    private func batch(_ rows: PostgresRows, _ fields: [Field]) throws -> RecordBatch {
        let columns = try fields.enumerated().map { place, field -> Column in
            let texts = (0..<rows.count).map { rows[$0, place] }
            switch field.type {
            case .string: return .string(BytesColumn(texts))
            case .binary:
                var column = BytesColumn()
                for text in texts {
                    if let text { column.append(Self.bytes(ofHex: text)) } else { column.appendNull() }
                }
                return .binary(column)
            case .int32: return .int32(PrimitiveColumn(texts.map { $0.flatMap { Int32($0) } ?? 0 }))
            case .int64: return .int64(PrimitiveColumn(texts.map { $0.flatMap { Int64($0) } ?? 0 }))
            case .timestamp: return .timestamp(PrimitiveColumn(texts.map { $0.flatMap { Int64($0) } ?? 0 }))
            default: throw ColumnarError.schemaMismatch(reason: "column \(field.name) is not read back")
            }
        }
        return try RecordBatch(schema: Schema(fields), columns: columns)
    }

    private static func bytes(ofHex text: String) -> [UInt8] {
        let digits = Array(text.utf8).map { $0 >= 97 ? $0 - 87 : $0 - 48 }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
