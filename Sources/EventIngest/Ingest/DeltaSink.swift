import Columnar

/// A Delta table of the store: rows and offsets are one commit of its log.
final class DeltaSink: TableSink {
    let name: String
    private let table: DeltaTable

    /// Opens the table, creating it where there is none.
    init(store: String, route: TopicRoute) throws {
        name = route.table
        table = try DeltaTable.openOrCreate(
            at: "\(store)/\(route.table)", schema: route.schema, partitionedBy: route.partitionColumns)
    }

    func offsets() throws -> [String: Int64] { try table.snapshot().transactions }

    func commit(_ batches: [RecordBatch], advancing offsets: [OffsetAdvance], rows: Int) throws -> SinkOutcome {
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
