import Columnar
import Domain
import Operations
import Store

/// Writes down in the state what persons allow, with the offsets in the same transaction.
///
/// What was said once is written once, however often its message comes: under the same `consent_id` nothing changes.
final class ConsentSink: EventSink {
    let name = ConsentTable.contract.name
    private let register: PersonalRegister
    private let ledger: DeliveryLedger
    private var version: Int64 = 0
    private static let consumer = "consents"

    init(_ state: StateDatabase) {
        register = PersonalRegister(state)
        ledger = DeliveryLedger(state)
    }

    func offsets() throws -> [String: Int64] { try ledger.offsets(of: Self.consumer) }

    /// There are no dead letters here.
    func storedOffsets(of place: TopicPartition, in range: Range<Int64>) throws -> Set<Int64> { [] }

    func commit(_ batches: [RecordBatch], advancing offsets: [OffsetAdvance]) throws -> SinkOutcome {
        let steps = offsets.map { DeliveryLedger.Step(source: $0.appID, from: $0.from, to: $0.to) }
        let words = try batches.flatMap { try Self.words($0) }
        if let moved = try register.take(words, steps, of: Self.consumer) {
            return .overtaken(detail: "the state has another offset of \(moved)")
        }
        version += 1
        return .committed(version: version)
    }

    private static func words(_ batch: RecordBatch) throws -> [PersonalRegister.Word] {
        func text(_ name: String, _ row: Int) throws -> String {
            try batch.column(named: name).byteStrings?.string(at: row) ?? ""
        }
        let times = try batch.column(named: ConsentTable.at).int64s
        return try (0..<batch.rowCount).map { row in
            var choices: [PersonalChoice.Purpose: Bool] = [:]
            for purpose in PersonalChoice.Purpose.allCases {
                guard case .bool(let column) = try batch.column(named: purpose.rawValue) else { continue }
                choices[purpose] = column[row]
            }
            return PersonalRegister.Word(
                id: try text(ConsentTable.consentID, row), user: try text(ConsentTable.userID, row), choices: choices,
                at: Timestamp(microseconds: times?.values[row] ?? 0),
                who: "kafka:\(try text(ConsentTable.source, row))")
        }
    }
}
