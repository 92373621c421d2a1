public import Domain
internal import Synchronization

/// One finished piece of work of a trace.
public struct Span: Sendable {
    /// What kind of work it was (OTLP's numbers).
    public enum Kind: Int, Sendable {
        /// Answered a request.
        case server = 2
        /// Asked another service.
        case client = 3
    }

    public let context: TraceContext
    /// The span it belongs to; nil at the root of a trace.
    public let parent: UInt64?
    /// Of few values: a route's pattern, never a user or an item.
    public let name: String
    public let kind: Kind
    public let start: Timestamp
    public let end: Timestamp
    /// Texts and whole numbers, by name; none of a user or an item.
    public let attributes: [(name: String, value: Attribute)]
    public let hasFailed: Bool

    /// The value of an attribute.
    public enum Attribute: Sendable {
        case text(String)
        case number(Int)
    }
}

/// Collects the spans of this process for whoever sends them on.
///
/// Nobody ever waits for it: the queue is bounded, and what finds no room is dropped and counted. While nobody has enabled
/// it, nothing is collected, and a request costs one look for its `traceparent`.
public final class Tracer: Sendable {
    /// That of this process.
    public static let shared = Tracer()

    /// Which traces that begin here are kept; those of callers are as the caller says.
    private struct State {
        var ratio = 1.0
        var capacity = 0
        var spans: [Span] = []
    }

    private let isOn = Atomic<Bool>(false)
    private let state = Mutex(State())
    private let dropped = Metrics.shared.counter(
        "marquee_trace_spans_dropped_total", help: "Spans for which the queue had no room, or that nobody took.")

    public init() {}

    /// Whether spans are collected.
    public var isEnabled: Bool { isOn.load(ordering: .relaxed) }

    /// Begins to collect.
    /// - Parameters:
    ///   - ratio: of the traces that begin here, `0…1`.
    ///   - capacity: spans that may wait to be taken.
    public func enable(ratio: Double = 1, capacity: Int = 8192) {
        state.withLock { ($0.ratio, $0.capacity) = (ratio, capacity) }
        isOn.store(true, ordering: .relaxed)
    }

    /// Stops collecting and forgets what waits.
    public func disable() {
        isOn.store(false, ordering: .relaxed)
        state.withLock { $0.spans = [] }
    }

    /// Begins a span below `parent`, or a trace; nil if nothing is collected.
    /// - Parameter started: when the work began, if that was before now.
    public func begin(
        _ name: @autoclosure () -> String, _ kind: Span.Kind, below parent: TraceContext?,
        started: ContinuousClock.Instant = .now
    ) -> OpenSpan? {
        guard isEnabled else { return nil }
        let context =
            parent?.child() ?? TraceContext(isSampled: Double.random(in: 0..<1) < state.withLock(\.ratio))
        return OpenSpan(
            tracer: self, context: context, parent: parent?.spanID, name: context.isSampled ? name() : "", kind: kind,
            started: started)
    }

    fileprivate func collect(_ span: Span) {
        let hasRoom = state.withLock { state in
            guard state.spans.count < state.capacity else { return false }
            state.spans.append(span)
            return true
        }
        if !hasRoom { dropped.increment() }
    }

    /// Takes the oldest spans out of the queue, so many at most.
    public func take(_ count: Int) -> [Span] {
        state.withLock { state in
            let taken = Array(state.spans.prefix(count))
            state.spans.removeFirst(taken.count)
            return taken
        }
    }

    /// Counts spans that were taken and could not be handed on.
    public func drop(_ count: Int) { dropped.increment(by: count) }
}

/// A span whose work goes on.
public struct OpenSpan: Sendable {
    fileprivate let tracer: Tracer
    /// What the work's own calls belong to.
    public let context: TraceContext
    fileprivate let parent: UInt64?
    fileprivate let name: String
    fileprivate let kind: Span.Kind
    fileprivate let started: ContinuousClock.Instant

    /// Hands the span to its tracer, if its trace is kept.
    public func end(
        _ attributes: @autoclosure () -> [(name: String, value: Span.Attribute)] = [], hasFailed: Bool = false
    ) {
        guard context.isSampled else { return }
        let end = Timestamp.now
        let (seconds, attoseconds) = (ContinuousClock.now - started).components
        tracer.collect(
            Span(
                context: context, parent: parent, name: name, kind: kind,
                start: Timestamp(
                    microseconds: end.microseconds - seconds * 1_000_000 - attoseconds / 1_000_000_000_000),
                end: end, attributes: attributes(), hasFailed: hasFailed))
    }
}
