public import Domain
import Foundation
import Synchronization

/// Asks the cluster once a second where the partitions of a consumer end, on a thread of its own.
///
/// What fetches tell is not enough: where they end, or no broker answers, the last of them goes on saying that all is well.
/// So lag, outages, topics that are gone and logs that may have been replaced are found out here. One small request to each
/// leader, whatever the number of its partitions.
public final class ClusterWatch: Sendable {
    /// What is known of the cluster.
    public enum Health: Sendable, Equatable {
        /// Nothing was asked yet.
        case unknown
        case up
        /// No broker answers.
        case down(since: Timestamp, reason: String)
    }

    /// What the newest answers say.
    public struct View: Sendable {
        public var health = Health.unknown
        /// How often the cluster has answered.
        public var round = 0
        /// One past the last message that may be read: with `isolation.level=read_committed`, where the first open
        /// transaction begins.
        public var ends: [TopicPartition: Int64] = [:]
        /// The partitions whose leaders answered in the last round.
        public var answered: Set<TopicPartition> = []
        /// Topics that do not exist just now.
        public var missingTopics: Set<String> = []

        /// Since when no broker answers, and why.
        public var outage: (since: Timestamp, reason: String)? {
            if case .down(let since, let reason) = health { (since, reason) } else { nil }
        }
    }

    private struct State {
        var places: [TopicPartition] = []
        var view = View()
        var suspects: Set<TopicPartition> = []
    }

    private let client: KafkaClient
    private let interval: Double
    private let state = Mutex(State())
    private let isStopped = Atomic<Bool>(false)
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    /// Seconds that a question may take. Two of them go unanswered before the cluster counts as away.
    private static let patience = 3.0

    /// Begins to watch.
    /// - Parameter every: seconds between two questions.
    public init(_ consumer: KafkaConsumer, every interval: Double = 1) {
        client = consumer.kafka
        self.interval = interval
        SystemThread.start("kafka-watch") { [self] in
            while wake.wait(timeout: .now() + interval) == .timedOut, !isStopped.load(ordering: .acquiring) { look() }
            ended.signal()
        }
    }

    /// From now on these partitions are asked for.
    public func watch(_ places: [TopicPartition]) {
        state.withLock { state in
            guard Set(places) != Set(state.places) else { return }
            state.places = places.sorted()
            let known = Set(places)
            state.view.ends = state.view.ends.filter { known.contains($0.key) }
            state.suspects.formIntersection(known)
        }
    }

    /// What the last round of questions found.
    public var view: View { state.withLock(\.view) }

    /// The partitions whose log may be another one than before, since this was asked last: their end went back, their topic
    /// was gone for a while, or no broker answered for a while.
    public func takeSuspects() -> Set<TopicPartition> {
        state.withLock { state in
            defer { state.suspects = [] }
            return state.suspects
        }
    }

    /// What ``takeSuspects()`` would return.
    public var suspects: Set<TopicPartition> { state.withLock(\.suspects) }

    /// Forgets where these partitions end: they are about to be read anew.
    public func forgetEnds(of places: some Sequence<TopicPartition>) {
        state.withLock { state in for place in places { state.view.ends[place] = nil } }
    }

    /// Ends the thread, and returns when a question in progress was answered or given up.
    public func stop() {
        guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
        wake.signal()
        ended.wait()
    }

    private func look() {
        let (places, missing) = state.withLock { ($0.places, $0.view.missingTopics) }
        let asked = places.filter { !missing.contains($0.topic) }
        var ends = client.answers(for: asked, at: LogicalOffset.end, timeout: Self.patience)
        // One that answered for some partitions is enough: leaders move.
        var isUp = !ends.isEmpty
        if !isUp {
            // One leader that is away leaves the question to all of them without an answer.
            for own in client.leaders(of: asked, timeout: Self.patience).values {
                isUp = true
                ends.merge(client.answers(for: own, at: LogicalOffset.end, timeout: Self.patience / 2)) { $1 }
            }
        }
        if !isUp { isUp = client.isAnswered(timeout: Self.patience) }
        guard isUp else { return noteOutage() }
        var gone: Set<String> = []
        for topic in Set(places.filter { ends[$0] == nil }.map(\.topic)) {
            do {
                if try client.partitionCount(of: topic, timeout: Self.patience) == nil { gone.insert(topic) }
            } catch { continue }
        }
        state.withLock { state in
            let wasDown = state.view.outage != nil
            state.view.health = .up
            state.view.round += 1
            state.view.answered = Set(ends.keys)
            for place in state.places where places.contains(place) {
                if wasDown || missing.contains(place.topic) && !gone.contains(place.topic) {
                    state.suspects.insert(place)
                }
                guard let end = ends[place] else { continue }
                if let before = state.view.ends[place], end < before { state.suspects.insert(place) }
                state.view.ends[place] = end
            }
            state.view.missingTopics = gone
        }
    }

    private func noteOutage() {
        let reason = client.outage
        state.withLock { state in
            guard state.view.outage == nil else { return }
            state.view.health = .down(since: .now, reason: reason)
        }
    }
}
