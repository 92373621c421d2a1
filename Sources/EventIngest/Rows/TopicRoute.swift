public import Columnar
public import Domain
public import Kafka
public import Store

/// Which table the messages of some topics become rows of, and how.
public struct TopicRoute: Sendable {
    public var topics: [String]
    public var table: TableContract
    /// The columns by which the row of a message is known again: see docs/ingestion.md, "Another log". None if none can.
    public var identity: [String]
    /// Whether a cluster may lack the topics: one that is missing is looked for while running, and read from its
    /// beginning when it is there.
    public var isOptional = false
    public var makeAppender: @Sendable () -> any RowAppender

    public init(
        topics: [String], table: TableContract, identity: [String] = [],
        makeAppender: @escaping @Sendable () -> any RowAppender
    ) {
        self.topics = topics
        self.table = table
        self.identity = identity
        self.makeAppender = makeAppender
    }

    /// The columns that say which message a row was.
    static let placeColumns = OriginColumn.all
    /// Whether its rows have them.
    var hasPlaces: Bool { Self.placeColumns.allSatisfy { table.schema[$0] != nil } }

    /// A route whose messages are decoded one by one into values of some type, which become batches later: simple, for
    /// topics of low rate such as the catalogue's.
    /// - Parameters:
    ///   - decode: throws for a message that must go to the dead letters; what it throws becomes the reason.
    ///   - batch: turns the decoded values into one batch, a row each, in their order. Where the table has the columns of
    ///     `OriginColumn` they are added.
    public static func values<Row>(
        topics: [String], table: TableContract, identity: [String] = [],
        decode: @escaping @Sendable (KafkaMessage, _ receivedAt: Timestamp) throws -> Row,
        batch: @escaping @Sendable ([Row]) throws -> RecordBatch
    ) -> TopicRoute {
        TopicRoute(topics: topics, table: table, identity: identity) {
            ValueAppender(
                hasPlaces: placeColumns.allSatisfy { table.schema[$0] != nil }, decode: decode, batch: batch)
        }
    }
}

/// Collects the rows of one table between two commits. Used by one thread.
public protocol RowAppender: AnyObject {
    /// Decodes consecutive messages of one partition and keeps their rows. What is not a row is reported in
    /// `rejections`; a message is either a row or a rejection, never both, never neither (except tombstones that mean
    /// nothing to the table).
    /// - Throws: what keeps it from telling which, such as a schema registry that does not answer. The run then ends;
    ///   nothing of these messages is stored, so the next run reads them again.
    func append(_ messages: KafkaMessages, receivedAt: Timestamp, rejections: inout [Rejection]) throws
    /// Called before the first messages of a partition: they go on at `offset`, and all before it are stored. Blocks.
    func begin(_ place: TopicPartition, at offset: Int64) throws
    /// The partition is somebody else's from now on; its rows were taken.
    func release(_ place: TopicPartition)
    /// How many rows are kept.
    var rowCount: Int { get }
    /// About how much memory the kept rows take.
    var byteCount: Int { get }
    /// Hands over the kept rows and begins anew.
    func take() throws -> [RecordBatch]
    /// What ``take()`` handed over is stored: its memory may be used again, as soon as nobody else holds it.
    func reuse(_ batches: [RecordBatch])
}

extension RowAppender {
    public func begin(_ place: TopicPartition, at offset: Int64) throws {}
    public func release(_ place: TopicPartition) {}
    public func reuse(_ batches: [RecordBatch]) {}
}

/// A message that is not a row.
public struct Rejection: Sendable {
    /// Its position among the messages that were handed over.
    public var position: Int
    /// A short code, possibly followed by `: ` and an explanation.
    public var reason: String

    public init(position: Int, reason: String) {
        self.position = position
        self.reason = reason
    }
}

private final class ValueAppender<Row>: RowAppender {
    private let decode: (KafkaMessage, Timestamp) throws -> Row
    private let batch: ([Row]) throws -> RecordBatch
    private let hasPlaces: Bool
    private var rows: [Row] = []
    /// Of each row.
    private var places: [(place: TopicPartition, offset: Int64)] = []
    private(set) var byteCount = 0

    init(
        hasPlaces: Bool, decode: @escaping (KafkaMessage, Timestamp) throws -> Row,
        batch: @escaping ([Row]) throws -> RecordBatch
    ) {
        self.hasPlaces = hasPlaces
        self.decode = decode
        self.batch = batch
    }

    var rowCount: Int { rows.count }

    func append(_ messages: KafkaMessages, receivedAt: Timestamp, rejections: inout [Rejection]) {
        for position in 0..<messages.count {
            let message = messages[position]
            do {
                rows.append(try decode(message, receivedAt))
                places.append((messages.place, messages.offset(at: position)))
                byteCount += message.payload.count + message.key.count
            } catch let fault as any Fault {
                rejections.append(Rejection(position: position, reason: "\(fault.code): \(fault.message)"))
            } catch {
                rejections.append(Rejection(position: position, reason: "\(error)"))
            }
        }
    }

    func take() throws -> [RecordBatch] {
        guard !rows.isEmpty else { return [] }
        defer {
            rows.removeAll(keepingCapacity: true)
            places.removeAll(keepingCapacity: true)
            byteCount = 0
        }
        let batch = try batch(rows)
        guard hasPlaces, batch.rowCount == places.count else { return [batch] }
        let fields = [
            Field(OriginColumn.topic, .string), Field(OriginColumn.partition, .int32),
            Field(OriginColumn.offset, .int64),
        ]
        return [
            try RecordBatch(
                schema: Schema(batch.schema.fields + fields),
                columns: batch.columns + [
                    .string(BytesColumn(places.map(\.place.topic))),
                    .int32(PrimitiveColumn(places.map(\.place.partition))),
                    .int64(PrimitiveColumn(places.map(\.offset))),
                ])
        ]
    }
}
