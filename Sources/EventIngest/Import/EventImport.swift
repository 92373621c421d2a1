public import Domain

/// A data set that can be read again and again: what `marquee import` brings in.
///
/// The same data set gives the same events, identifiers included, in the same batches.
public protocol EventImport: Sendable {
    /// Such as `movielens`: the source of the events.
    var name: String { get }
    /// The file by whose digest this edition of the data set is known again.
    var digestedFile: String { get }
    /// What else decides which events the file gives, such as a map of its columns; empty if nothing does.
    var variant: String { get }
    /// The whole of the bytes that ``forEachBatch(of:into:_:)`` reports; nil if that is not known before the end.
    var byteCount: Int? { get }

    /// Reads the events in batches of at most `batch`, in the order of the files. Blocks; memory is bounded by the batch.
    /// - Parameter body: gets each batch, and the bytes read so far. Returns false to stop.
    /// - Throws: ``IngestError/unreadableImport(path:reason:)``, or what `body` throws.
    func forEachBatch(
        of batch: Int, into summary: inout ImportSummary, _ body: ([Event], _ bytesRead: Int) throws -> Bool
    ) throws
    /// The catalogue; empty where the data set has none.
    func movies(into summary: inout ImportSummary) throws -> [Movie]
}

extension EventImport {
    public var variant: String { "" }
}

/// Why a line is not an event; the text is counted in the summary.
struct Refusal: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
    init(_ reason: RejectReason) { self.reason = reason.rawValue }
}

/// Collects events into batches of one size.
struct ImportBatch {
    private let size: Int
    private var events: [Event] = []

    init(of size: Int) {
        self.size = size
        events.reserveCapacity(size)
    }

    /// - Returns: false to stop.
    mutating func add(_ event: Event, _ bytesRead: Int, _ body: ([Event], Int) throws -> Bool) throws -> Bool {
        events.append(event)
        return events.count < size ? true : try flush(bytesRead, body)
    }

    mutating func flush(_ bytesRead: Int, _ body: ([Event], Int) throws -> Bool) throws -> Bool {
        guard !events.isEmpty else { return true }
        defer { events.removeAll(keepingCapacity: true) }
        return try body(events, bytesRead)
    }
}
