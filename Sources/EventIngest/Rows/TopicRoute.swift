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
    /// Whether a message may be a row and a dead letter: one that holds several things, of which some are none.
    public var keepsParts: Bool
    /// Where what the table has word for word is no row again: the column of the time that rows are told apart by.
    public var repeatsBy: String?
    /// What is kept of a message that was refused.
    public var refusedForm = RefusedForm.whole
    /// Makes what turns a message into its row again, whatever is stored already.
    public var makeComparer: @Sendable () -> any RowAppender
    public var makeAppender: @Sendable () -> any RowAppender

    /// - Parameter makeComparer: nil where an appender takes every message.
    public init(
        topics: [String], table: TableContract, identity: [String] = [], keepsParts: Bool = false,
        repeatsBy: String? = nil,
        makeComparer: (@Sendable () -> any RowAppender)? = nil,
        makeAppender: @escaping @Sendable () -> any RowAppender
    ) {
        self.topics = topics
        self.table = table
        self.identity = identity
        self.keepsParts = keepsParts
        self.repeatsBy = repeatsBy
        self.makeComparer = makeComparer ?? makeAppender
        self.makeAppender = makeAppender
    }

    /// The columns that say which message a row was.
    static let placeColumns = OriginColumn.all
    /// Whether its rows have them.
    var hasPlaces: Bool { Self.placeColumns.allSatisfy { table.schema[$0] != nil } }
}

/// Collects the rows of one table between two commits. Used by one thread.
public protocol RowAppender: AnyObject {
    /// Decodes consecutive messages of one partition and keeps their rows. What is not a row is reported in
    /// `rejections`; a message is either a row or a rejection, never both (but see ``TopicRoute/keepsParts``), and neither
    /// only if it means nothing to the table or is there.
    /// - Throws: what keeps it from telling which, such as a schema registry that does not answer. The run then ends;
    ///   nothing of these messages is stored, so the next run reads them again.
    func append(_ messages: KafkaMessages, receivedAt: Timestamp, rejections: inout [Rejection]) throws
    /// Called before the first messages of partitions: each goes on at its offset, and all before it are stored. Blocks.
    func begin(_ next: [TopicPartition: Int64]) throws
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
    public func begin(_ next: [TopicPartition: Int64]) throws {}
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
