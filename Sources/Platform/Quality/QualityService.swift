internal import Domain
public import Operations
public import Store

/// Holds incoming data against what is expected of it again and again, and tells metrics and the log of each change.
public final class QualityService: Service {
    public let name = "quality"
    private let store: EventStore
    private let expectations: Expectations
    private let interval: Duration
    private let log = Log("quality")

    /// - Parameter interval: how long between two looks.
    public init(store: EventStore, _ expectations: Expectations, every interval: Duration = .seconds(60)) {
        self.store = store
        self.expectations = expectations
        self.interval = interval
    }

    /// Works until cancelled. What goes wrong is logged, and tried again later; it never stops whoever writes.
    public func run() async throws {
        var before: [String] = []
        while !Task.isCancelled {
            do {
                let check = try await BlockingWork.run(name, priority: .least) { [store, expectations] _ in
                    try QualityCheck(of: store, expectations)
                }
                check.show()
                let failed = check.verdicts.filter { !$0.holds }.map { "\($0.expectation)" }
                if !failed.isEmpty, failed != before {
                    log.error("the incoming data is not as expected", ["what": check.breaches.joined(separator: "; ")])
                } else if failed.isEmpty, !before.isEmpty {
                    log.info("the incoming data is as expected again")
                }
                before = failed
            } catch is CancellationError {
                return
            } catch {
                log.warning("the incoming data was not looked at; tried again later", ["error": "\(error)"])
            }
            try? await Task.sleep(for: interval)
        }
    }
}
