internal import Domain
internal import Operations
internal import Synchronization

/// Lists as they were answered, on their way to the topic of impressions.
///
/// Whoever answers only puts the list down: impressions are made of it, and published, beside. While they cannot be, they
/// wait, as many as ``limit``; more are dropped and counted, so that no outage fills the memory.
final class ImpressionLog: Sendable {
    /// One answered list.
    struct Shown: Sendable {
        var recommendationID: String
        var userID: String?
        var modelID: String
        var scenario: String?
        var at: Timestamp
        /// The name of the rail on a page of several, whose positions count anew.
        var rail: String?
        var items: [String]
        /// How many items the pages before have.
        var before: Int
        var propensities: Propensities

        /// One for each item.
        func impressions() -> [Impression] {
            let propensities = propensities.values(items.count)
            let list = rail.map { "\(recommendationID)/\($0)" } ?? recommendationID
            return items.enumerated().map { index, item in
                let position = before + index + 1
                return Impression(
                    impressionID: Impression.identifier(
                        recommendationID: list, position: position, source: Impression.answered),
                    recommendationID: recommendationID, userID: userID, itemID: item, position: position,
                    modelID: modelID, scenario: scenario, propensity: propensities?[index], at: at,
                    source: Impression.answered)
            }
        }
    }

    private struct Waiting {
        var lists: [Shown] = []
        /// Impressions in ``lists`` and in the hands of ``run()``.
        var count = 0
    }

    /// Impressions that wait at most.
    static let limit = 200_000
    private static let mostTogether = 10_000
    private static let interval = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(10)
    private static let log = Log("impressions")

    private let publisher: any ImpressionPublisher
    private let impairments: Impairments
    private let waiting = Mutex(Waiting())
    private let logged = Metrics.shared.counter(
        "marquee_impressions_logged_total", help: "Impressions of answered lists that the broker has durably.")
    private let dropped = Metrics.shared.counter(
        "marquee_impressions_dropped_total", help: "Impressions of answered lists that could not wait any longer.")

    init(_ publisher: any ImpressionPublisher, _ impairments: Impairments) {
        self.publisher = publisher
        self.impairments = impairments
    }

    /// Takes a list in. Quick: for the thread that answers.
    func note(_ shown: Shown) {
        guard !shown.items.isEmpty else { return }
        let isTaken = waiting.withLock { waiting in
            guard waiting.count + shown.items.count <= Self.limit else { return false }
            waiting.lists.append(shown)
            waiting.count += shown.items.count
            return true
        }
        if !isTaken { dropped.increment(by: shown.items.count) }
    }

    /// Publishes until cancelled, and then what is left, once.
    func run() async {
        while !Task.isCancelled {
            await publishAll()
            try? await Task.sleep(for: Self.interval)
        }
        // Apart from the task that is cancelled: the last lists are worth one try.
        await Task.detached { await self.publishAll(once: true) }.value
    }

    private func publishAll(once: Bool = false) async {
        var pause = Duration.milliseconds(250)
        while case let lists = take(), !lists.isEmpty {
            let count = lists.reduce(0) { $0 + $1.items.count }
            // To add up chances takes milliseconds: not on the threads that all tasks share.
            guard
                let impressions = try? await BlockingWork.run(
                    "impressions", priority: .low,
                    { _ in
                        lists.flatMap { $0.impressions() }
                    })
            else { return putBack(lists) }
            while true {
                do {
                    try await publisher.publish(impressions)
                    logged.increment(by: count)
                    impairments.remove(.impressions)
                    waiting.withLock { $0.count -= count }
                    break
                } catch {
                    impairments.add(.impressions, Impairments.reason(error))
                    if once || Task.isCancelled {
                        guard once else { return putBack(lists) }
                        waiting.withLock { $0.count -= count }
                        dropped.increment(by: count)
                        Self.log.warning("the last impressions could not be published", ["count": count])
                        return
                    }
                    // The identifiers stay: what did arrive is not stored twice.
                    try? await Task.sleep(for: pause)
                    pause = min(pause * 2, Self.longestPause)
                }
            }
        }
    }

    /// The oldest lists, as many as go out together.
    private func take() -> [Shown] {
        waiting.withLock { waiting in
            var (end, count) = (0, 0)
            while end < waiting.lists.count, end == 0 || count + waiting.lists[end].items.count <= Self.mostTogether {
                count += waiting.lists[end].items.count
                end += 1
            }
            defer { waiting.lists.removeFirst(end) }
            return Array(waiting.lists[..<end])
        }
    }

    private func putBack(_ lists: [Shown]) { waiting.withLock { $0.lists.insert(contentsOf: lists, at: 0) } }
}
