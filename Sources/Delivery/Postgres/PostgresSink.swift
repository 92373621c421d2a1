public import Columnar
public import Domain
public import EventIngest
internal import Foundation
internal import Operations
public import PostgreSQL
internal import Store

/// Brings events into PostgreSQL, and for each user with new ones a fresh list: rows, lists and offsets in one transaction.
///
/// An event that is there already, by its `event_id`, is not stored again and brings no list. Of two sinks that read the
/// same partitions one stores a message: the rows of the offsets are locked, and looked at, before anything is written.
/// While the server is away a commit waits and is tried again; what does not pass by itself is thrown.
public final class PostgresSink: EventSink {
    public let name: String
    private let session: PostgresSession
    private let contract: TableContract
    private let rows: any PostgresRowsOfBatch
    private let ledger: PostgresOffsets
    private static let log = Log("deliver")

    /// - Parameters:
    ///   - table: `TableContract.events` or `.deadLetters`.
    ///   - consumer: under which the database keeps the offsets; the table's name if nil.
    ///   - lists: where lists come from; nil to store events alone.
    ///   - isAlone: whether no other sink may write for this consumer meanwhile; it then waits ``patience`` for another
    ///     that is about to end, such as one that was killed a moment ago.
    ///   - isUnwanted: asked while the server is away; a commit is given up once it is true.
    /// - Throws: ``DeliveryError/noSuchTable(name:)``.
    public init(
        _ address: PostgresAddress, table: String, consumer: String? = nil, lists: (any ListSource)? = nil,
        isAlone: Bool = false, isUnwanted: @escaping @Sendable () -> Bool = { false }
    ) throws {
        name = "postgres:\(table)"
        switch table {
        case "events": (contract, rows) = (.events, EventRows(lists: lists))
        case "dead_letters": (contract, rows) = (.deadLetters, DeadLetterRows())
        default: throw DeliveryError.noSuchTable(name: table)
        }
        let ledger = PostgresOffsets(consumer: consumer ?? table)
        self.ledger = ledger
        session = PostgresSession(address, isUnwanted: isUnwanted) { [rows] connection in
            try DeliverySchema.check(connection)
            // Rows are durable once a commit returns, whatever the database's default; nobody waits for ever for a lock;
            // and a machine that vanished in a transaction does not hold one.
            try connection.run(
                script: """
                    SET synchronous_commit = on; SET lock_timeout = '30s';
                    SET idle_in_transaction_session_timeout = '5min'; SET TIME ZONE 'UTC';
                    """)
            if isAlone { try Self.take(ledger, connection, address, isUnwanted) }
            try rows.prepare(connection)
        } onTrouble: { error, pause in
            Self.log.warning(
                "PostgreSQL does not take part; it is tried again",
                ["why": error.message, "advice": error.advice, "in_seconds": pause.inSeconds])
            Metrics.shared.counter(
                "marquee_deliver_postgres_troubles_total",
                help: "Times that PostgreSQL had to be tried again, by code.",
                labels: ["code": error.code]
            ).increment()
        }
    }

    /// How long a sink that must be alone waits for another to end.
    public static let patience = Duration.seconds(10)

    private static func take(
        _ ledger: PostgresOffsets, _ connection: PostgresConnection, _ address: PostgresAddress,
        _ isUnwanted: () -> Bool
    ) throws {
        let end = ContinuousClock.now + patience
        while try !ledger.reserve(connection) {
            if isUnwanted() { throw CancellationError() }
            guard ContinuousClock.now < end else { throw DeliveryError.anotherDelivers(server: "\(address)") }
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    public func offsets() throws -> [String: Int64] { try session.run { try ledger.all($0) } }

    public func storedOffsets(of place: TopicPartition, in range: Range<Int64>) throws -> Set<Int64> {
        try session.run { connection in
            let rows = try connection.query(
                """
                SELECT message_offset FROM marquee.dead_letters
                WHERE topic = $1 AND partition = $2::bigint AND message_offset >= $3::bigint
                    AND message_offset < $4::bigint
                """, [place.topic, "\(place.partition)", "\(range.lowerBound)", "\(range.upperBound)"])
            return Set((0..<rows.count).compactMap { rows[$0, 0].flatMap { Int64($0) } })
        }
    }

    public let isReadable = true

    public func rows(_ columns: [String], of ranges: [TopicPartition: Range<Int64>]?) throws -> [RecordBatch] {
        try session.run { try PlacedRows(contract).read(columns, of: ranges, $0) }
    }

    public func commit(_ batches: [RecordBatch], advancing steps: [OffsetAdvance]) throws -> SinkOutcome {
        // Whether an attempt got so far that it may have been made, although its answer was lost.
        var mayBeMade = false
        return try session.run { connection in
            var refusal = SinkOutcome.committed(version: 0)
            var known = 0
            let version = try connection.transaction(willCommit: { mayBeMade = true }) { () -> Int64? in
                switch try ledger.lock(steps, connection) {
                case .asExpected: break
                case .alreadyMade where mayBeMade: return nil
                case .alreadyMade:
                    refusal = .overtaken(detail: "PostgreSQL has these offsets")
                    return nil
                case .elsewhere(let detail):
                    refusal = .overtaken(detail: detail)
                    return nil
                }
                let count = batches.reduce(0) { $0 + $1.rowCount }
                known = batches.isEmpty ? 0 : try count - rows.write(batches, connection)
                return try ledger.advance(steps, connection)
            }
            if version != nil { rows.wereCommitted() }
            return version.map { .committed(version: $0, known: known) } ?? refusal
        }
    }
}

/// How the rows of one table are written, inside of a transaction.
protocol PostgresRowsOfBatch: AnyObject {
    /// Done to each new connection.
    func prepare(_ connection: PostgresConnection) throws
    /// - Returns: how many rows were not there yet.
    func write(_ batches: [RecordBatch], _ connection: PostgresConnection) throws -> Int
    /// What was written is there to stay.
    func wereCommitted()
}

/// Messages that are no events.
final class DeadLetterRows: PostgresRowsOfBatch {
    func prepare(_ connection: PostgresConnection) throws {}
    func wereCommitted() {}

    func write(_ batches: [RecordBatch], _ connection: PostgresConnection) throws -> Int {
        try connection.copy(into: "marquee.dead_letters (\(DeliveredTable.names("dead_letters")))") { copy in
            for batch in batches {
                let topics = try BatchText(batch, DeadLetterColumn.topic)
                let partitions = try batch.column(named: DeadLetterColumn.partition).int32s
                let offsets = try batch.column(named: DeadLetterColumn.offset).int64s
                let times = try batch.column(named: DeadLetterColumn.at).int64s
                let reasons = try BatchText(batch, DeadLetterColumn.reason)
                let payloads = try BatchText(batch, DeadLetterColumn.payload)
                let keys = try BatchText(batch, DeadLetterColumn.key)
                guard let partitions, let offsets, let times else { continue }
                for row in 0..<batch.rowCount {
                    copy.row(fields: 7)
                    copy.text(utf8: topics[row] ?? [])
                    copy.bigint(Int64(partitions.values[row]))
                    copy.bigint(offsets.values[row])
                    copy.timestamp(Timestamp(microseconds: times.values[row]))
                    copy.text(utf8: reasons[row] ?? [])
                    for bytes in [payloads[row], keys[row]] {
                        if let bytes { copy.bytes(bytes) } else { copy.null() }
                    }
                }
            }
        }
        return batches.reduce(0) { $0 + $1.rowCount }
    }
}
