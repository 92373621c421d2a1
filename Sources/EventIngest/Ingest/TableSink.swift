public import Columnar

/// Where rows and the offsets they came from are stored together: all of a commit, or nothing.
///
/// ``DeltaSink`` is the product's. An implementation must refuse a commit whose offsets have moved since they were read:
/// that is what keeps two ingesters, or an old one that woke up, from storing a message twice.
public protocol TableSink: AnyObject {
    /// Name for messages.
    var name: String { get }
    /// The offset at which each application identifier goes on, as the newest commit has them.
    func offsets() throws -> [String: Int64]
    /// Stores the rows and moves the offsets in one step.
    func commit(_ batches: [RecordBatch], advancing offsets: [OffsetAdvance], rows: Int) throws -> SinkOutcome
}

/// One partition's step in a commit.
public struct OffsetAdvance: Sendable, Equatable {
    /// `kafka:<cluster>:<topic>:<partition>`.
    public var appID: String
    /// What the table must still hold for the commit to be valid; nil if it must hold nothing.
    public var from: Int64?
    /// The offset at which to go on afterwards: one past the last message of the commit.
    public var to: Int64

    public init(appID: String, from: Int64?, to: Int64) {
        self.appID = appID
        self.from = from
        self.to = to
    }
}

public enum SinkOutcome: Sendable, Equatable {
    case committed(version: Int64)
    /// An offset was not where it was expected: the rows are already there, or somebody else's business.
    case overtaken(detail: String)
}
