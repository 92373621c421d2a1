/// When collected rows become a commit: at the first of these.
///
/// At a low rate that is the age, and rows are in the table less than two seconds after they were read. At a high rate it
/// is the size, and files are of a size that engines like; and whoever is more than ``rows`` messages behind waits for
/// the size up to ten times the age. Half the size is enough while nothing else is being committed.
public struct CommitPolicy: Sendable, Equatable {
    /// Most rows of one table.
    public var rows = 1_000_000
    /// Most bytes of memory that the rows of one commit take. While one commit is written the next is collected, so this
    /// bounds the ingester's memory: two of them, what is being encoded, and librdkafka's queue.
    public var bytes = 128 << 20
    /// Seconds since the oldest uncommitted message was read.
    public var age = 1.0

    static let patienceBehind = 10.0

    public init() {}

    public init(rows: Int, bytes: Int = 128 << 20, age: Double = 1) {
        self.rows = rows
        self.bytes = bytes
        self.age = age
    }
}
