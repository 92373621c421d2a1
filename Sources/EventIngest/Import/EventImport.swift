public import Domain

/// A data set that can be read again and again: what `marquee import` brings in.
///
/// The same line gives the same event, identifier included, in whatever file it stands.
public protocol EventImport: Sendable {
    /// Such as `movielens`: the source of the events.
    var name: String { get }
    /// What the user named.
    var path: String { get }
    /// Whether identifiers are made of what an event says, its time included; otherwise a column holds them.
    var makesIdentifiers: Bool { get }
    /// The whole of the bytes that ``forEachBatch(of:into:_:)`` reports; nil if that is not known before the end.
    var byteCount: Int? { get }

    /// Reads the events in batches of at most `batch`, in the order of the files. Blocks; memory is bounded by the batch.
    /// - Parameter body: gets each batch, and the bytes read so far. Returns false to stop.
    /// - Throws: `DelimitedError`, ``IngestError/foreignScale(path:seen:outside:total:)``, or what `body` throws.
    func forEachBatch(
        of batch: Int, into summary: inout ImportSummary, _ body: ([Event], _ bytesRead: Int) throws -> Bool
    ) throws
    /// The catalogue; empty where the data set has none. Of several lines for one film the last.
    func movies(into summary: inout ImportSummary) throws -> [Movie]
}

extension EventImport {
    /// See ``EventImport/makesIdentifiers``.
    public var makesIdentifiers: Bool { true }
}

/// Why a line is not an event; the reason is counted in the summary, the detail shown with the first few.
struct Refusal: Error {
    var reason: String
    var detail: String?

    init(_ reason: String, _ detail: String? = nil) {
        self.reason = reason
        self.detail = detail
    }
    init(_ reason: RejectReason, _ detail: String? = nil) { self.init(reason.rawValue, detail) }
}

/// Collects events into batches of one size.
struct ImportBatch {
    private let size: Int
    private var events: [Event] = []

    init(of size: Int) {
        self.size = size
        events.reserveCapacity(min(size, 1 << 20))
    }

    /// - Returns: whether the batch is full.
    mutating func add(_ event: Event) -> Bool {
        events.append(event)
        return events.count >= size
    }

    /// - Returns: false to stop.
    mutating func flush(_ bytesRead: Int, _ body: ([Event], Int) throws -> Bool) throws -> Bool {
        guard !events.isEmpty else { return true }
        defer { events.removeAll(keepingCapacity: true) }
        return try body(events, bytesRead)
    }
}
