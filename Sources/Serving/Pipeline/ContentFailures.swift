internal import Catalog
internal import Domain
internal import Operations
internal import Synchronization

/// Counts and tells what goes wrong when content similarity is asked of another service.
final class ContentFailures: Sendable {
    private let impairments: Impairments
    private let told = Mutex<(at: ContinuousClock.Instant?, since: Int)>((nil, 0))
    private static let log = Log("serving")
    /// A failing service fails for every request: one line for so long.
    static let interval = Duration.seconds(10)

    init(_ impairments: Impairments) { self.impairments = impairments }

    func succeeded() { impairments.remove(.content) }

    func failed(_ source: any ContentSource, _ error: any Error) {
        tell(source, code: (error as? any Fault)?.code ?? "internal-error", Impairments.reason(error))
    }

    func tooSlow(_ source: any ContentSource) {
        tell(source, code: "deadline", "\(source.name) did not answer within the deadline")
    }

    private func tell(_ source: any ContentSource, code: String, _ reason: String) {
        Metrics.shared.counter(
            "marquee_content_failures_total", help: "Questions for similar films that were not answered, by reason.",
            labels: ["source": source.name, "reason": code]
        ).increment()
        impairments.add(.content, reason)
        let now = ContinuousClock.now
        let count = told.withLock { told -> Int? in
            told.since += 1
            if let last = told.at, now - last < Self.interval { return nil }
            defer { told = (now, 0) }
            return told.since
        }
        guard let count else { return }
        Self.log.warning(
            "content similarity failed", ["source": source.name, "reason": reason, "code": code, "failures": count])
    }
}
