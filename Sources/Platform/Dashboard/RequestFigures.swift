internal import Domain
internal import Operations

/// How many requests each route has answered, and how fast: the metrics of HTTP, summed up.
struct RequestFigures {
    struct Route {
        var pattern: String
        var count = 0
        var failed = 0
        var p50: Double?
        var p99: Double?
    }

    private(set) var answered = 0
    /// Those answered 5xx.
    private(set) var failed = 0
    /// Routes that were asked, the most asked first.
    private(set) var routes: [Route] = []
    /// Of all routes' times together.
    private(set) var counts: [UInt64] = []
    /// One of them, for the bounds that all share.
    private(set) var histogram: Histogram?

    /// As they are now. O(routes).
    init() {
        var byPattern: [String: Route] = [:]
        for case (let labels, .counter(let count)) in Metrics.shared.readings(of: "marquee_http_responses_total") {
            guard let pattern = labels["route"], count > 0 else { continue }
            let isFailure = labels["status"] == "5xx"
            byPattern[pattern, default: Route(pattern: pattern)].count += Int(count)
            if isFailure { byPattern[pattern]?.failed += Int(count) }
            answered += Int(count)
            if isFailure { failed += Int(count) }
        }
        for case (let labels, .histogram(let histogram)) in Metrics.shared.readings(of: "marquee_http_request_seconds")
        {
            let counted = histogram.snapshot.counts
            if counts.isEmpty { (counts, self.histogram) = ([UInt64](repeating: 0, count: counted.count), histogram) }
            for (bucket, count) in counted.enumerated() where bucket < counts.count { counts[bucket] += count }
            guard let pattern = labels["route"], byPattern[pattern] != nil else { continue }
            byPattern[pattern]?.p50 = histogram.quantile(0.5, of: counted)
            byPattern[pattern]?.p99 = histogram.quantile(0.99, of: counted)
        }
        routes = byPattern.values.sorted { ($1.count, $0.pattern) < ($0.count, $1.pattern) }
    }
}

/// The buckets of the last seconds: what was counted since the oldest look that is remembered.
struct LatencyWindow {
    private var looks: [(at: ContinuousClock.Instant, counts: [UInt64])] = []

    /// - Returns: what was counted within the last ten seconds.
    mutating func advance(to counts: [UInt64], now: ContinuousClock.Instant = .now) -> [UInt64] {
        looks.append((now, counts))
        // The last look before the window is where it begins.
        while looks.count > 2, now - looks[1].at >= .seconds(10) { looks.removeFirst() }
        guard let before = looks.first?.counts, before.count == counts.count else { return counts }
        return zip(counts, before).map { $0 &- $1 }
    }
}
