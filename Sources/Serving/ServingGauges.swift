internal import Domain
internal import Operations

/// What the service tells about itself beyond its requests.
struct ServingGauges: Sendable {
    let degraded = Metrics.shared.counter(
        "marquee_degraded_answers_total", help: "Lists made without one of their parts.")
    let swaps = Metrics.shared.counter("marquee_model_swaps_total", help: "Models put into service after the first.")
    let eventsTaken = Metrics.shared.counter(
        "marquee_rest_events_total", help: "Events taken in over REST and published.")
    let impressionsTaken = Metrics.shared.counter(
        "marquee_rest_impressions_total", help: "Impressions taken in over REST and published.")
    let overlayEvents = Metrics.shared.gauge(
        "marquee_overlay_events", help: "Events held that are newer than the model.")
    let modelAge = Metrics.shared.gauge(
        "marquee_model_age_seconds", help: "Since the model in service was trained; since 1970 while there is none.")
    let modelItems = Metrics.shared.gauge("marquee_items", help: "Items that can be recommended.")
    /// See ``ServingMemory``.
    let memory = ["own", "mapped"].map { part in
        Metrics.shared.gauge(
            "marquee_serving_memory_bytes",
            help: "What model and catalogue in service need by the formula: of the process, and of mapped files.",
            labels: ["part": part])
    }
    private let heardByKind = EventKind.allCases.map { kind in
        Metrics.shared.counter(
            "marquee_events_heard_total", help: "Events that answers were told of, by kind.",
            labels: ["kind": kind.name])
    }

    func heard(_ events: [Event]) {
        for (kind, counter) in zip(EventKind.allCases, heardByKind) {
            counter.increment(by: events.count { $0.kind == kind })
        }
    }
}
