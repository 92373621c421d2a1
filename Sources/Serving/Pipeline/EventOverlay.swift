public import Domain
internal import Synchronization

/// The events that are newer than the model, by user: what an answer knows that the model does not.
///
/// Delivery to it is at least once; an event identifier counts once. It holds a bounded number of events: when that is
/// reached the older half is forgotten (the next model has them).
public final class EventOverlay: Sendable {
    /// One event, as a user's row needs it.
    struct Fresh: Sendable, Equatable {
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

        mutating func forget(_ user: String, upTo last: Timestamp) {
            guard let events = events[user] else { return }
            let kept = events.filter { $0.at > last }
            guard kept.count < events.count else { return }
            self.events[user] = kept.isEmpty ? nil : kept
            count -= events.count - kept.count
        }
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

    /// Takes events in again that were forgotten, as after a rollback: also those whose identifiers were seen, but for those
    /// that are held. O(events × events held of their user).
    func recall(_ events: [Event]) {
        generations.withLock { generations in
            for event in events {
                let fresh = Fresh(itemID: event.itemID, kind: event.kind, value: event.value, at: event.at)
                let isHeld =
                    generations.young.events[event.userID]?.contains(fresh) == true
                    || generations.old.events[event.userID]?.contains(fresh) == true
                guard !isHeld, generations.young.count + 1 < capacity / 2 else { continue }
                generations.young.seen.insert(event.eventID.hashValue)
                generations.young.events[event.userID, default: []].append(fresh)
                generations.young.count += 1
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

    /// Forgets each user's events up to what a new model knows of them. Called after a model change, not in a request.
    /// - Parameter lastKnown: the newest event of a user that is in the model; nil for a user it does not know.
    func forget(upTo lastKnown: (_ userID: String) -> Timestamp?) {
        let users = generations.withLock { Set($0.young.events.keys).union($0.old.events.keys) }
        // The lock is taken for one user at a time: requests are waiting for it.
        for user in users {
            guard let last = lastKnown(user) else { continue }
            generations.withLock { generations in
                generations.young.forget(user, upTo: last)
                generations.old.forget(user, upTo: last)
            }
        }
    }
}
