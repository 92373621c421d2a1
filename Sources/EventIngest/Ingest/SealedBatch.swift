import Columnar
import Domain

/// What was read between two commits, closed: the rows and the steps of the offsets that go with them.
struct SealedBatch: Sendable {
    /// One commit of one sink.
    struct Part: Sendable {
        /// Position of the route, or nil for the dead letters.
        var route: Int?
        var batches: [RecordBatch]
        var steps: [(place: TopicPartition, advance: OffsetAdvance)]
        var rowCount: Int { batches.reduce(0) { $0 + $1.rowCount } }
    }

    /// In the order in which they are to be committed: dead letters first, see ``Ingester``.
    var parts: [Part]
}

/// What became of a ``SealedBatch``.
struct BatchOutcome: Sendable {
    struct Stored: Sendable {
        var route: Int?
        var sink: String
        var version: Int64
        var batches: [RecordBatch]
        /// Those that are new in the sink.
        var rows: Int
        /// Those that it had already.
        var known: Int
        var steps: [(place: TopicPartition, advance: OffsetAdvance)]
        var seconds: Double
    }

    /// The parts that are stored, in order.
    var stored: [Stored] = []
    /// The sink that refused its part, if one did; nothing after it was tried.
    var overtaken: (sink: String, detail: String)?
    /// Whether a commit was refused because another way had brought some of its rows; nothing after it was tried.
    var isRepeated = false
}
