public import Columnar
public import Domain

/// Where events leave the pipeline: something that stores rows and the offsets they came from in one step.
///
/// The product's sink is a Delta table; another one (a warehouse, a feature store, a file for a partner) is a type with
/// these members, handed to ``Ingester/init(_:hooks:openSink:)``. There is one sink for each route and one for the
/// dead letters.
///
/// What every sink promises, and what makes a stream of at-least-once messages into rows that are there exactly once:
///
/// 1. **All or nothing.** After a crash at any instant of ``commit(_:advancing:)`` the rows and the offsets are both
///    there, durable, or neither is.
/// 2. **Compare and set.** A commit whose offsets are not all where ``OffsetAdvance/from`` says is refused as
///    ``SinkOutcome/overtaken(detail:)`` and changes nothing. So two ingesters, or an old one that wakes up, cannot
///    store a message twice.
/// 3. **Read your commits.** ``offsets()`` has every commit that has returned, whoever made it.
///
/// Calls block, and come from one thread at a time. A sink need not be fast at small commits: while one is in progress
/// the next batch is being collected, and grows.
public protocol EventSink: AnyObject {
    /// What messages and metrics call it, such as the table's name.
    var name: String { get }

    /// For each application identifier the offset at which to go on; absent where nothing was stored yet.
    /// - Throws: what stands in the way of knowing them; the run ends with it.
    func offsets() throws -> [String: Int64]

    /// Of a partition's messages in `range`, the offsets of those whose rows are stored here, by the columns of
    /// `OriginColumn`. Only the sink of the dead letters is asked, after a crash between its commit and the
    /// route's.
    func storedOffsets(of place: TopicPartition, in range: Range<Int64>) throws -> Set<Int64>

    /// Whether ``rows(_:of:)`` gives what is stored. A log whose sink cannot be read is not compared: its end is not read again.
    var isReadable: Bool { get }

    /// Rows that are stored here, to tell whether a log is still the one they came from.
    /// - Parameters:
    ///   - columns: the columns to read, beside those that say which message a row was.
    ///   - ranges: the messages whose rows are wanted, by the columns `topic`, `partition` and `offset`; nil is all rows. More
    ///     than these may be returned.
    func rows(_ columns: [String], of ranges: [TopicPartition: Range<Int64>]?) throws -> [RecordBatch]

    /// Whether rows of messages below the stored offsets may be missing, because some were erased or the sink cannot tell.
    func mayLackRows() throws -> Bool

    /// Stores the rows and moves the offsets in one step.
    /// - Parameters:
    ///   - batches: rows of the route's schema; empty where messages were read that are no rows.
    ///   - offsets: never empty, each application identifier once.
    /// - Throws: what kept it from storing; the run ends with it, and nothing may have been stored.
    func commit(_ batches: [RecordBatch], advancing offsets: [OffsetAdvance]) throws -> SinkOutcome
}

/// Of a sink that cannot be read: whether a log is another one is then told by its ends alone.
extension EventSink {
    public var isReadable: Bool { false }
    public func rows(_ columns: [String], of ranges: [TopicPartition: Range<Int64>]?) throws -> [RecordBatch] { [] }
    public func mayLackRows() throws -> Bool { true }
}

/// One partition's step in a commit.
public struct OffsetAdvance: Sendable, Equatable {
    /// `kafka:<cluster>:<topic>:<partition>`.
    public var appID: String
    /// What the sink must still hold for the commit to be valid; nil if it must hold nothing.
    public var from: Int64?
    /// The offset at which to go on afterwards: one past the last message of the commit.
    public var to: Int64

    public init(appID: String, from: Int64?, to: Int64) {
        self.appID = appID
        self.from = from
        self.to = to
    }
}

/// What became of a commit.
public enum SinkOutcome: Sendable, Equatable {
    /// - Parameters:
    ///   - version: grows with each commit of the sink.
    ///   - known: rows that the sink had already and did not store again.
    case committed(version: Int64, known: Int = 0)
    /// An offset was not where it was expected: the rows are already there, or somebody else's business.
    case overtaken(detail: String)
    /// Nothing was stored: another way has brought some of these rows meanwhile. What was read is read and judged again.
    case repeated
}
