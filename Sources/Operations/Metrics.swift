import Synchronization

/// A count that only grows. One atomic addition an increment.
public final class Counter: Sendable {
    private let value = Atomic<UInt64>(0)

    /// Adds `amount`, from any thread, without a lock.
    /// - Precondition: `amount` is not negative.
    public func increment(by amount: Int = 1) {
        precondition(amount >= 0, "a counter only grows")
        value.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    /// The sum of all increments since the process began. Increments of other threads may be on their way.
    public var count: UInt64 { value.load(ordering: .relaxed) }
}

/// A measure that goes up and down.
public final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    /// Replaces the measure, from any thread, without a lock. The last call wins.
    public func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    /// The measure set last; 0 before the first.
    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// A distribution over fixed buckets, such as the seconds a request took.
public final class Histogram: Sendable {
    /// Upper bounds of the buckets, ascending; the last bucket has none.
    public let bounds: [Double]
    private let state: Mutex<(counts: [UInt64], sum: Double)>

    /// From half a millisecond to ten seconds, for latencies.
    public static let latencySeconds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// - Precondition: `bounds` ascend.
    public init(bounds: [Double] = Histogram.latencySeconds) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "the bounds must ascend")
        self.bounds = bounds
        state = Mutex((counts: [UInt64](repeating: 0, count: bounds.count + 1), sum: 0))
    }

    /// Adds one value to the first bucket whose bound it does not exceed; past every bound, to the last. What is no finite
    /// number is left out: one of them would spoil the sum for good. From any thread, under a short lock. O(buckets).
    public func observe(_ value: Double) {
        guard value.isFinite else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[bucket] += 1
            $0.sum += value
        }
    }

    /// Observations of each bucket (not cumulated), and the sum of all observed values.
    public var snapshot: (counts: [UInt64], sum: Double) { state.withLock { $0 } }

    /// The value that a share of observations does not exceed, within its bucket as if they were spread evenly (as
    /// Prometheus' `histogram_quantile`); the highest bound for those past it; nil without observations. O(buckets).
    /// - Parameters:
    ///   - share: 0…1.
    ///   - counts: of buckets with ``bounds``, such as the difference of two snapshots.
    public func quantile(_ share: Double, of counts: [UInt64]) -> Double? {
        let total = counts.reduce(0, +)
        guard total > 0 else { return nil }
        let rank = share * Double(total)
        var below: UInt64 = 0
        for (bucket, count) in counts.enumerated() {
            if count > 0, Double(below + count) >= rank {
                guard bucket < bounds.count else { break }
                let lower = bucket == 0 ? 0 : bounds[bucket - 1]
                return lower + (bounds[bucket] - lower) * max(0, rank - Double(below)) / Double(count)
            }
            below += count
        }
        return bounds.last
    }
}

/// The metrics of a process by name and labels, as Prometheus reads them.
///
/// Asking twice for the same name and labels gives the same object, so a room may ask where it needs it; on a hot path
/// keep what was given.
public final class Metrics: Sendable {
    /// Those of this process, which `/metrics` shows.
    public static let shared = Metrics()

    private enum Instrument {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)

        var kind: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    private struct Family {
        let help: String
        let kind: String
        /// By their labels as the text format has them.
        var members: [String: (labels: [String: String], instrument: Instrument)] = [:]
    }

    private let families = Mutex<[String: Family]>([:])

    public init() {}

    /// - Parameters:
    ///   - name: `marquee_…_total`, letters, digits and `_`.
    ///   - labels: few values each: never a user or an item. Their order does not matter.
    /// - Precondition: the name is not that of a gauge or histogram.
    public func counter(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Counter {
        let instrument = member(name, help, labels) { .counter(Counter()) }
        guard case .counter(let counter) = instrument else { preconditionFailure("\(name) is a \(instrument.kind)") }
        return counter
    }

    /// The gauge of this name and labels, made at the first call. For the parameters see ``counter(_:help:labels:)``.
    /// - Precondition: the name is not that of a counter or histogram.
    public func gauge(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Gauge {
        let instrument = member(name, help, labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = instrument else { preconditionFailure("\(name) is a \(instrument.kind)") }
        return gauge
    }

    /// The histogram of this name and labels, made at the first call. For the parameters see
    /// ``counter(_:help:labels:)``.
    /// - Parameter bounds: count at the first call only: whoever asks again gets the buckets that are there.
    /// - Precondition: the name is not that of a counter or gauge, and the bounds ascend.
    public func histogram(
        _ name: String, help: String, labels: KeyValuePairs<String, String> = [:],
        bounds: [Double] = Histogram.latencySeconds
    ) -> Histogram {
        let instrument = member(name, help, labels) { .histogram(Histogram(bounds: bounds)) }
        guard case .histogram(let histogram) = instrument else {
            preconditionFailure("\(name) is a \(instrument.kind)")
        }
        return histogram
    }

    private func member(
        _ name: String, _ help: String, _ labels: KeyValuePairs<String, String>, make: () -> Instrument
    ) -> Instrument {
        let key = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
            .joined(separator: ",")
        return families.withLock { families in
            if let known = families[name]?.members[key] { return known.instrument }
            let instrument = make()
            // Prometheus knows one kind a name.
            if let kind = families[name]?.kind { precondition(kind == instrument.kind, "\(name) is a \(kind)") }
            families[name, default: Family(help: help, kind: instrument.kind)].members[key] = (
                Dictionary(labels.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first }), instrument
            )
            return instrument
        }
    }

    /// The value of one instrument.
    public enum Reading: Sendable {
        case counter(UInt64)
        case gauge(Double)
        case histogram(Histogram)
    }

    /// Every instrument of a name with its labels, in no order; empty if nobody has asked for one.
    public func readings(of name: String) -> [(labels: [String: String], value: Reading)] {
        families.withLock { $0[name]?.members.values.map { ($0.labels, $0.instrument) } ?? [] }.map {
            labels, instrument in
            switch instrument {
            case .counter(let counter): (labels, .counter(counter.count))
            case .gauge(let gauge): (labels, .gauge(gauge.value))
            case .histogram(let histogram): (labels, .histogram(histogram))
            }
        }
    }

    /// The Prometheus text format, version 0.0.4, families and members sorted by name.
    public func text() -> String {
        if self === Self.shared { showHeap() }
        var text = ""
        for (name, family) in families.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(Self.helpEscaped(family.help))\n# TYPE \(name) \(family.kind)\n"
            for (labels, (_, instrument)) in family.members.sorted(by: { $0.key < $1.key }) {
                let suffix = labels.isEmpty ? "" : "{\(labels)}"
                switch instrument {
                case .counter(let counter): text += "\(name)\(suffix) \(counter.count)\n"
                case .gauge(let gauge): text += "\(name)\(suffix) \(Self.number(gauge.value))\n"
                case .histogram(let histogram): text += Self.text(of: histogram, name: name, labels: labels)
                }
            }
        }
        return text
    }

    private func showHeap() {
        let heap = Heap.figures
        gauge("marquee_heap_allocated_bytes", help: "Memory in use by the program.").set(Double(heap.allocated))
        gauge("marquee_heap_resident_bytes", help: "Physical memory that the allocator holds.")
            .set(Double(heap.resident))
    }

    private static func text(of histogram: Histogram, name: String, labels: String) -> String {
        let (counts, sum) = histogram.snapshot
        let prefix = labels.isEmpty ? "" : labels + ","
        let suffix = labels.isEmpty ? "" : "{\(labels)}"
        var text = ""
        var total: UInt64 = 0
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < histogram.bounds.count ? number(histogram.bounds[index]) : "+Inf"
            text += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(total)\n"
        }
        return text + "\(name)_sum\(suffix) \(number(sum))\n\(name)_count\(suffix) \(total)\n"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static func helpEscaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
