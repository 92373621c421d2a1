public import Domain
internal import Synchronization

/// The events that are newer than the model, by user: what an answer knows that the model does not.
///
/// Delivery to it is at least once; an event identifier counts once. It holds a bounded number of events: when that is
/// reached the older half is forgotten (the next model has them).
public final class EventOverlay: Sendable {
    /// One event, as a user's row needs it.
    struct Fresh: Sendable {
        var itemID: String
        var kind: EventKind
        var value: Float
        var at: Timestamp
    }

    private struct Generation {
        var events: [String: [Fresh]] = [:]
        var count = 0
        /// Hashes of event identifiers: 8 bytes each instead of a string.
        var seen = Set<Int>()
    }

    private struct Generations {
        var young = Generation()
        var old = Generation()
        var accepted = 0
    }

    /// Of one user; who does more is more likely a robot, and its row would be slow to solve.
    static let maximumPerUser = 1000

    private let capacity: Int
    private let generations = Mutex(Generations())

    /// - Parameter capacity: events held at most, about 100 bytes each.
    public init(capacity: Int = 2_000_000) {
        precondition(capacity >= 2, "room for two events at least")
        self.capacity = capacity
    }

    /// Takes events in, in any order, dropping those seen before. O(events).
    public func receive(_ events: [Event]) {
        generations.withLock { generations in
            for event in events {
                let hash = event.eventID.hashValue
                guard !generations.old.seen.contains(hash), generations.young.seen.insert(hash).inserted else {
                    continue
                }
                let fresh = Fresh(itemID: event.itemID, kind: event.kind, value: event.value, at: event.at)
                generations.young.events[event.userID, default: []].append(fresh)
                generations.young.count += 1
                generations.accepted += 1
                if generations.young.count >= capacity / 2 {
                    generations.old = generations.young
                    generations.young = Generation()
                }
            }
        }
    }

    /// How many events were taken in, and how many are held now.
    public var counts: (accepted: Int, held: Int) {
        generations.withLock { ($0.accepted, $0.young.count + $0.old.count) }
    }

    /// The user's events after `last` (all, if nil), oldest first, the newest ``maximumPerUser`` at most.
    func events(of userID: String, after last: Timestamp?) -> [Fresh] {
        let all = generations.withLock { ($0.old.events[userID] ?? []) + ($0.young.events[userID] ?? []) }
        guard !all.isEmpty else { return [] }
        let newer = last.map { last in all.filter { $0.at > last } } ?? all
        return Array(newer.sorted { $0.at < $1.at }.suffix(Self.maximumPerUser))
    }

    /// Forgets what `isKnown` says the model has. Called after a model change, not in a request.
    func forget(_ isKnown: (_ userID: String, _ at: Timestamp) -> Bool) {
        // A copy is filtered outside the lock; what arrives meanwhile stays, whatever the model knows of it.
        let held = generations.withLock { $0 }
        let young = Self.filtered(held.young, isKnown)
        let old = Self.filtered(held.old, isKnown)
        generations.withLock { generations in
            guard generations.accepted == held.accepted else { return }
            generations.young = young
            generations.old = old
        }
    }

    private static func filtered(_ generation: Generation, _ isKnown: (String, Timestamp) -> Bool) -> Generation {
        var result = generation
        for (user, events) in generation.events {
            let kept = events.filter { !isKnown(user, $0.at) }
            guard kept.count < events.count else { continue }
            result.events[user] = kept.isEmpty ? nil : kept
            result.count -= events.count - kept.count
        }
        return result
    }
}
