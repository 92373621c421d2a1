internal import Delivery
internal import Domain
internal import Operations
internal import Store
internal import Synchronization
internal import Trainer

/// Looks whether the newest events have drifted, tells it as metrics and once by webhook.
final class DriftWatch: Sendable {
    private let store: EventStore
    private let registry: ModelRegistry
    private let webhooks: WebhookSender?
    /// The version that was looked at last, and when.
    private let last = Mutex<(version: Int64?, at: ContinuousClock.Instant?)>((nil, nil))
    /// A look reads the whole table.
    private static let rhythm = Duration.seconds(300)
    private static let log = Log("drift")

    init(store: EventStore, registry: ModelRegistry, webhooks: WebhookSender?) {
        self.store = store
        self.registry = registry
        self.webhooks = webhooks
    }

    /// Whether there is drift that no run has seen: one that has trained on half of the drifted window has.
    /// - Parameters:
    ///   - seen: the newest event that a run has trained on.
    ///   - told: the end of the window whose drift was told of last; becomes that of this one if it is told of.
    func isDue(version: Int64, after seen: Timestamp?, told: inout Timestamp?) throws -> Bool {
        let now = ContinuousClock.now
        let looks = last.withLock { last in
            if last.version == version || last.at.map({ now - $0 < Self.rhythm }) ?? false { return false }
            last.version = version
            last.at = now
            return true
        }
        guard looks else { return false }
        let report = try DriftDetector(InteractionLog.read(from: store, version: version)).report(
            model: try? registry.openCurrent())
        DriftMetrics.show(report)
        guard !report.drifted.isEmpty else { return false }
        if tell(report, unlessSince: told) { told = report.to }
        return seen.map { $0.advanced(bySeconds: report.windowSeconds) <= report.to } ?? true
    }

    /// The run that was due could not begin: what was seen is looked at again.
    func lookAgain() { last.withLock { $0.version = nil } }

    /// - Returns: whether it is another window than the one that was told of.
    private func tell(_ report: DriftReport, unlessSince told: Timestamp?) -> Bool {
        Self.log.warning(report.text)
        guard told.map({ $0.advanced(bySeconds: report.windowSeconds) <= report.to }) ?? true else { return false }
        guard let webhooks else { return true }
        do {
            try webhooks.post(
                WebhookMessage("drift.detected") { json in
                    json.field("from", report.from.description)
                    json.field("to", report.to.description)
                    json.field("events", report.events)
                    json.field("drift", report.drifted.map(\.name))
                })
        } catch {
            Self.log.error("a webhook could not be written down", ["type": "drift.detected", "why": "\(error)"])
            return false
        }
        return true
    }
}

/// Drift as metrics.
enum DriftMetrics {
    static func show(_ report: DriftReport) {
        for statistic in report.statistics {
            func set(_ name: String, _ help: String, _ value: Double) {
                Metrics.shared.gauge(name, help: help, labels: ["statistic": statistic.name]).set(value)
            }
            set("marquee_drift", "A figure of the newest window of events.", statistic.value)
            set("marquee_drift_bound", "The most that its history lets expect.", statistic.high)
            set(
                "marquee_drift_detected", "1 if the figure has left what its history lets expect.",
                statistic.isDrifted ? 1 : 0)
        }
    }
}
