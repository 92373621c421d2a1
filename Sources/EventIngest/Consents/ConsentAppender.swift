import Columnar
import Domain
import Kafka
import Operations
import Store

/// Collects what persons allow, in the order in which it was said.
final class ConsentAppender: RowAppender {
    private let limits: EventLimits
    private let pseudonyms: PseudonymKeys?
    private var rows: [ConsentMessage] = []

    init(limits: EventLimits, pseudonyms: PseudonymKeys?) {
        self.limits = limits
        self.pseudonyms = pseudonyms
    }

    var rowCount: Int { rows.count }
    var byteCount: Int { rows.count * 400 }

    func append(_ messages: KafkaMessages, receivedAt: Timestamp, rejections: inout [Rejection]) throws {
        for position in 0..<messages.count {
            do throws(ConsentMessage.Refusal) {
                var row = try ConsentMessage(messages.payload(at: position), limits, now: receivedAt)
                if let pseudonyms {
                    row.consentID = pseudonyms.identifier(row.consentID, of: row.userID)
                    row.userID = pseudonyms.pseudonym(of: row.userID)
                }
                rows.append(row)
            } catch {
                let field = error.field.map { ": \($0)" } ?? ""
                rejections.append(Rejection(position: position, reason: error.reason.rawValue + field))
            }
        }
    }

    func take() throws -> [RecordBatch] {
        guard !rows.isEmpty else { return [] }
        defer { rows = [] }
        func texts(_ text: (ConsentMessage) -> String) -> Column { .string(BytesColumn(rows.map(text))) }
        let purposes = PersonalChoice.Purpose.allCases.map { purpose in
            var column = PrimitiveColumn<Bool>()
            for row in rows { column.append(row.choices[purpose]) }
            return Column.bool(column)
        }
        let batch = try RecordBatch(
            schema: ConsentTable.contract.schema,
            columns: [
                texts(\.consentID), texts(\.userID), .timestamp(PrimitiveColumn(rows.map(\.at.microseconds))),
                texts(\.source),
            ] + purposes)
        return [batch]
    }
}
