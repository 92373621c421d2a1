import Columnar
import Domain
import Store

/// A Delta table of the store: rows and offsets are one commit of its log.
final class DeltaSink: EventSink {
    let name: String
    private let table: DeltaTable

    /// Opens the table, creating it where there is none.
    /// - Parameter history: see ``IngestConfiguration/history``.
    init(_ store: EventStore, _ contract: TableContract, history: Int64?) throws {
        name = contract.name
        table = try store.openOrCreate(history.map { contract.keeping(history: $0) } ?? contract)
    }

    func offsets() throws -> [String: Int64] { try table.snapshot().transactions }

    func storedOffsets(of place: TopicPartition, in range: Range<Int64>) throws -> Set<Int64> {
        // The bounds of each file's offsets are in the log: only the newest files are opened.
        var scan = try table.snapshot().scan(
            columns: [OriginColumn.offset],
            where: .and([
                .compare(column: OriginColumn.offset, .greaterOrEqual, .int(range.lowerBound)),
                .compare(column: OriginColumn.offset, .less, .int(range.upperBound)),
                .compare(column: OriginColumn.partition, .equal, .int(Int64(place.partition))),
                .compare(column: OriginColumn.topic, .equal, .string(place.topic)),
            ]))
        var found: Set<Int64> = []
        while let batch = try scan.next() {
            if let offsets = try batch.column(named: OriginColumn.offset).int64s { found.formUnion(offsets.values) }
        }
        return found
    }

    func commit(_ batches: [RecordBatch], advancing offsets: [OffsetAdvance]) throws -> SinkOutcome {
        let transactions = offsets.map { Transaction(appID: $0.appID, version: $0.to) }
        let expected: [String: Int64?] = Dictionary(uniqueKeysWithValues: offsets.map { ($0.appID, $0.from) })
        let outcome = try table.append(
            batches, transactions: transactions, expecting: expected, operation: "STREAMING UPDATE")
        switch outcome {
        case .committed(let version): return .committed(version: version)
        case .alreadyCommitted(let version): return .overtaken(detail: "its version \(version) has these offsets")
        case .conflict(let version, let reason): return .overtaken(detail: "version \(version): \(reason)")
        }
    }
}
