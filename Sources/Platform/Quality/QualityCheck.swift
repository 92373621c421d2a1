public import Delivery
public import Domain
public import Operations
public import Store

/// Incoming data held against what is expected of it.
public struct QualityCheck: Sendable, Hashable {
    /// One expectation, and what there is.
    public struct Verdict: Sendable, Hashable {
        public var expectation: Expectation
        /// nil if it cannot be told.
        public var value: Double?
        public var holds: Bool
    }

    public var data: IncomingData
    public var verdicts: [Verdict]

    /// Looks at a store. Blocks.
    public init(of store: EventStore, _ expectations: Expectations, now: Timestamp = .now) throws {
        let data = try IncomingData(of: store, expectations, now: now)
        self.data = data
        verdicts = expectations.all.map { expectation in
            let value = data.values[expectation.figure]
            return Verdict(expectation: expectation, value: value, holds: expectation.holds(for: value))
        }
    }

    /// What is not as expected, such as `reject_share<=0.01 is 0.25`.
    public var breaches: [String] {
        verdicts.filter { !$0.holds }.map { "\($0.expectation) is \(Self.text($0.value ?? .nan))" }
    }

    /// - Throws: ``QualityError/breached(what:)`` if something is not as expected.
    public func require() throws(QualityError) {
        if !breaches.isEmpty { throw .breached(what: breaches) }
    }

    /// Looks at a store, shows what there is as metrics, and tells receivers of a breach. Blocks.
    /// - Throws: ``QualityError/breached(what:)`` if something is not as expected.
    public static func require(
        _ expectations: Expectations, of store: EventStore, telling webhooks: WebhookSender? = nil
    ) throws {
        let check = try QualityCheck(of: store, expectations)
        check.show()
        if !check.breaches.isEmpty { try webhooks?.post(check.message) }
        try check.require()
    }

    /// What receivers are told of a breach: `quality.breached`.
    public var message: WebhookMessage {
        WebhookMessage("quality.breached") { json in
            json.field("from", data.from.description)
            json.field("until", data.until.description)
            json.name("expectations")
            json.array { json in
                for verdict in verdicts where !verdict.holds {
                    json.object {
                        $0.field("figure", verdict.expectation.figure.rawValue)
                        $0.field("bound", verdict.expectation.bound)
                        $0.field("is_maximum", verdict.expectation.isMaximum)
                        if let value = verdict.value { $0.field("value", value) }
                    }
                }
            }
        }
    }

    /// Shows figures and verdicts as metrics.
    public func show(in metrics: Metrics = .shared) {
        for (figure, value) in data.values {
            metrics.gauge(
                "marquee_quality_value", help: "A figure of the data that came in, by the newest look.",
                labels: ["figure": figure.rawValue]
            ).set(value)
        }
        for verdict in verdicts {
            metrics.gauge(
                "marquee_quality_breached", help: "1 while an expectation of incoming data is not met.",
                labels: ["expectation": "\(verdict.expectation)"]
            ).set(verdict.holds ? 0 : 1)
        }
    }

    /// A number with six digits at most.
    public static func text(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\((value * 1e6).rounded() / 1e6)"
    }
}
