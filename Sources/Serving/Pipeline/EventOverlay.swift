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

        static func == (a: Self, b: Self) -> Bool {
            a.itemID.isExactly(b.itemID) && a.kind == b.kind && a.value == b.value && a.at == b.at
        }
    }

    private struct Generation {
        var events: [ExactText: [Fresh]] = [:]
        var count = 0
        /// Hashes of event identifiers: 8 bytes each instead of a string.
        var seen = Set<Int>()

        mutating func forget(_ user: ExactText, upTo last: Timestamp) {
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
    private let choices: any PersonalChoices
    private let pseudonyms: (any Pseudonymiser)?

    /// - Parameters:
    ///   - capacity: events held at most, about 100 bytes each.
    ///   - choices: whose events may be used, and for what.
    ///   - pseudonyms: what users are called in the model, in stored events and among the choices; nil if as they are.
    public init(
        capacity: Int = 2_000_000, choices: any PersonalChoices = NoObjections(),
        pseudonyms: (any Pseudonymiser)? = nil
    ) {
        precondition(capacity >= 2, "room for two events at least")
        self.capacity = capacity
        self.choices = choices
        self.pseudonyms = pseudonyms
    }

    /// The key of users' pseudonyms, by its digest; nil if users are called as they are.
    var pseudonymKey: String? { pseudonyms?.keyID }

    /// What a user of a request is called here and in the model.
    func known(_ userID: String) -> String { pseudonyms?.pseudonym(of: userID) ?? userID }

    /// Events of a request, as they are stored.
    func known(_ events: [Event]) -> [Event] {
        pseudonyms.map { keys in events.map { $0.pseudonymised(by: keys) } } ?? events
    }

    /// What a user's data may be used for, here and in the model.
    func choice(of userID: String) -> PersonalChoice { choices.choice(of: userID) }

    /// Changes with each change of what somebody allows.
    var choicesRevision: Int { choices.revision }

    /// Forgets the events of those who are being erased.
    func forgetErased() {
        let users = generations.withLock { Set($0.young.events.keys).union($0.old.events.keys) }
        for user in users where choices.choice(of: user.text).isBeingErased {
            generations.withLock { generations in
                generations.young.forget(user, upTo: Timestamp(microseconds: .max))
                generations.old.forget(user, upTo: Timestamp(microseconds: .max))
            }
        }
    }

    /// Takes events in, in any order, dropping those seen before. O(events).
    public func receive(_ events: [Event]) {
        let events =
            choices.revision == 0 ? events : events.filter { !choices.choice(of: $0.userID).isBeingErased }
        generations.withLock { generations in
            for event in events {
                let hash = ExactText(event.eventID).hashValue
                guard !generations.old.seen.contains(hash), generations.young.seen.insert(hash).inserted else {
                    continue
                }
                let fresh = Fresh(itemID: event.itemID, kind: event.kind, value: event.value, at: event.at)
                generations.young.events[ExactText(event.userID), default: []].append(fresh)
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
                let user = ExactText(event.userID)
                let isHeld =
                    generations.young.events[user]?.contains(fresh) == true
                    || generations.old.events[user]?.contains(fresh) == true
                guard !isHeld, generations.young.count + 1 < capacity / 2 else { continue }
                generations.young.seen.insert(ExactText(event.eventID).hashValue)
                generations.young.events[user, default: []].append(fresh)
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
        let user = ExactText(userID)
        let all = generations.withLock { ($0.old.events[user] ?? []) + ($0.young.events[user] ?? []) }
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
            guard let last = lastKnown(user.text) else { continue }
            generations.withLock { generations in
                generations.young.forget(user, upTo: last)
                generations.old.forget(user, upTo: last)
            }
        }
    }
}
