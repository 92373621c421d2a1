import Columnar
import Domain
import Store

/// A Delta table of the store: rows and offsets are one commit of its log.
final class DeltaSink: EventSink {
    let name: String
    private let table: DeltaTable
    private let contract: TableContract
    private let pseudonymKey: String?
    /// Nil where rows have no identifiers of events.
    private let imports: ImportsMeanwhile?

    /// Opens the table, creating it where there is none.
    /// - Parameters:
    ///   - history: see ``IngestConfiguration/history``.
    ///   - pseudonymKey: tells the key of the rows' pseudonyms; nil if users are called as they are.
    /// - Throws: `StoreError.otherPseudonymKey` for a table of another key.
    init(_ store: EventStore, _ contract: TableContract, history: Int64?, pseudonymKey: String?) throws {
        name = contract.name
        self.contract = contract
        self.pseudonymKey = pseudonymKey
        table = try store.openOrCreate(
            history.map { contract.keeping(history: $0) } ?? contract, pseudonymKey: pseudonymKey)
        imports = contract == .events ? ImportsMeanwhile(try table.snapshot()) : nil
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

    let isReadable = true

    func rows(_ columns: [String], of ranges: [TopicPartition: Range<Int64>]?) throws -> [RecordBatch] {
        guard let ranges else { return try batches(columns, nil) }
        guard !ranges.isEmpty else { return [] }
        // Mostly one message of each partition is wanted. What one partition has at the offset of another comes along, and costs
        // less than a condition for each on every row.
        if ranges.values.reduce(0, { $0 + $1.count }) <= Self.fewOffsets {
            let offsets = Set(ranges.values.joined()).sorted().map(Value.int)
            let partitions = Set(ranges.keys.map(\.partition)).sorted().map { Value.int(Int64($0)) }
            return try batches(
                columns + TopicRoute.placeColumns,
                .and([
                    .isIn(column: OriginColumn.offset, offsets), .isIn(column: OriginColumn.partition, partitions),
                    .or(
                        Set(ranges.keys.map(\.topic)).sorted().map {
                            .compare(column: OriginColumn.topic, .equal, .string($0))
                        }),
                ]))
        }
        var found: [RecordBatch] = []
        // Many conditions on each row would take longer than many readings of few files.
        let places = ranges.sorted { $0.key < $1.key }
        for start in stride(from: 0, to: places.count, by: 32) {
            found += try batches(
                columns + TopicRoute.placeColumns,
                .or(
                    places[start..<min(start + 32, places.count)].map { place, range in
                        .and([
                            .compare(column: OriginColumn.offset, .greaterOrEqual, .int(range.lowerBound)),
                            .compare(column: OriginColumn.offset, .less, .int(range.upperBound)),
                            .compare(column: OriginColumn.partition, .equal, .int(Int64(place.partition))),
                            .compare(column: OriginColumn.topic, .equal, .string(place.topic)),
                        ])
                    }))
        }
        return found
    }

    private static let fewOffsets = 1024

    private func batches(_ columns: [String], _ condition: Predicate?) throws -> [RecordBatch] {
        var scan = try table.snapshot().scan(columns: columns, where: condition)
        var found: [RecordBatch] = []
        while let batch = try scan.next() { if batch.rowCount > 0 { found.append(batch) } }
        return found
    }

    func mayLackRows() throws -> Bool {
        let history = try table.history()
        // What the log no longer keeps may have been a deletion.
        guard history.last?.version == 0 else { return true }
        let additions: Set = [
            "CREATE TABLE", "STREAMING UPDATE", "WRITE", "IMPORT", "OPTIMIZE", "REPLAY", "ADD COLUMNS",
            "SET TBLPROPERTIES", "REKEY",
        ]
        return !history.allSatisfy { additions.contains($0.operation ?? "") }
    }

    func commit(_ batches: [RecordBatch], advancing offsets: [OffsetAdvance]) throws -> SinkOutcome {
        let transactions = offsets.map { Transaction(appID: $0.appID, version: $0.to) }
        let expected: [String: Int64?] = Dictionary(uniqueKeysWithValues: offsets.map { ($0.appID, $0.from) })
        var attempts = 0
        while true {
            attempts += 1
            let outcome = try table.append(
                batches, transactions: transactions, expecting: expected,
                unless: { [imports, contract, pseudonymKey] newest in
                    try PseudonymRecord.check(newest, of: contract, key: pseudonymKey)
                    return try imports?.hasAny(of: batches, newest) ?? false
                },
                operation: "STREAMING UPDATE")
            switch outcome {
            case .committed(let version):
                return .committed(version: version)
            case .alreadyCommitted(let version):
                return .overtaken(detail: "its version \(version) has these offsets")
            case .conflict(let version, let reason):
                if imports?.takeFinding() == true { return .repeated }
                // The layout of the table was changed and not our offsets.
                let stored = try table.snapshot().transactions
                if attempts < 10, expected.allSatisfy({ stored[$0.key] == $0.value }) { continue }
                return .overtaken(detail: "version \(version): \(reason)")
            }
        }
    }
}
