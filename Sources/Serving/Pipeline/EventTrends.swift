internal import Domain
internal import Glibc
internal import Synchronization
internal import Trainer

/// The newest events of everybody, for what is popular now and what is becoming so.
///
/// Time goes by the events: a window ends with the newest event that was heard, so that a history that was imported has
/// trends of its own time. A bounded number of events is held, the newest; an `event_id` counts once.
final class EventTrends: Sendable {
    /// Which events count.
    struct Window: Hashable, Sendable {
        var duration = Duration.seconds(7 * 86_400)
        /// nil for everybody's.
        var segment: Segment?
    }

    /// Some of the users.
    enum Segment: Hashable, Sendable {
        /// Whom the model knows.
        case known
        /// Whom it does not.
        case new
        /// Who like films of a genre most.
        case genre(String)
    }

    enum Measure: Hashable, Sendable {
        /// How many users liked it within the window.
        case users
        /// Their likings, each half as much for each seventh of the window that has passed.
        case decayed
    }

    private struct Row {
        var item: Int32
        var user: Int32
        var kind: EventKind
        var value: Float
        var at: Timestamp
    }

    /// Events in the order heard, with numbers for their names.
    private struct Generation {
        var rows: [Row] = []
        var items: [String] = []
        var users: [String] = []
        var itemNumbers: [ExactText: Int32] = [:]
        var userNumbers: [ExactText: Int32] = [:]
        var seen: Set<Int> = []

        static func number(_ name: String, _ names: inout [String], _ numbers: inout [ExactText: Int32]) -> Int32 {
            if let number = numbers[ExactText(name)] { return number }
            let number = Int32(names.count)
            names.append(name)
            numbers[ExactText(name)] = number
            return number
        }

        mutating func append(_ event: Event) {
            rows.append(
                Row(
                    item: Self.number(event.itemID, &items, &itemNumbers),
                    user: Self.number(event.userID, &users, &userNumbers), kind: event.kind, value: event.value,
                    at: event.at))
        }
    }

    private struct Generations {
        var young = Generation()
        var old = Generation()
        var newest = Timestamp(microseconds: .min)
        var accepted = 0
    }

    private let capacity: Int
    private let generations = Mutex(Generations())
    /// Of the state asked for last.
    private let memory = Mutex<(state: UInt64?, memory: TrendMemory)>((nil, TrendMemory()))
    /// A list of so many events is made anew each time; of more every few seconds.
    private static let smallCount = 20_000
    private static let patience = Duration.seconds(5)

    /// - Parameter capacity: events held at most, about 100 bytes each.
    init(capacity: Int = 1_000_000) { self.capacity = capacity }

    /// How many events are held.
    var count: Int { generations.withLock { $0.young.rows.count + $0.old.rows.count } }

    /// Takes events in, in any order. O(events).
    func receive(_ events: [Event]) {
        generations.withLock { generations in
            for event in events {
                let hash = ExactText(event.eventID).hashValue
                guard !generations.old.seen.contains(hash), generations.young.seen.insert(hash).inserted else {
                    continue
                }
                generations.young.append(event)
                generations.accepted += 1
                generations.newest = max(generations.newest, event.at)
                if generations.young.rows.count >= max(1, capacity / 2) {
                    generations.old = generations.young
                    generations.young = Generation()
                }
            }
        }
    }

    /// The items that were liked within the window, best first, equal ones by place; scores scaled by the best.
    func ranking(_ measure: Measure, _ window: Window, in state: ServingState) -> [Ranked] {
        let key = TrendMemory.Key(measure: measure, window: window)
        let memory = memory(of: state)
        if let known = memory[key, Self.patience] { return known }
        let (young, old, newest) = generations.withLock { ($0.young, $0.old, $0.newest) }
        var sums: [Int32: Double] = [:]
        for generation in [old, young] {
            add(generation, measure, window, upTo: newest, in: state, to: &sums)
        }
        guard let largest = sums.values.max(), largest > 0 else { return [] }
        var ranked: [Ranked] = []
        ranked.reserveCapacity(sums.count)
        for (place, sum) in sums {
            let score = Int32((sum / largest * 1_000_000).rounded())
            let blended = measure == .users ? BlendedScore(popularity: score) : BlendedScore(rule: score)
            ranked.append(Ranked(place: place, score: blended))
        }
        ranked.sort { $0.score != $1.score ? $0.score > $1.score : $0.place < $1.place }
        if young.rows.count + old.rows.count > Self.smallCount { memory.remember(ranked, as: key) }
        return ranked
    }

    /// How many events were taken in.
    var accepted: Int { generations.withLock { $0.accepted } }

    /// By place, the likings after a moment, fading with a half-life up to the newest event; nil if there is none.
    /// O(events).
    func likings(
        after moment: Timestamp, halfLifeDays: Double, in state: ServingState
    ) -> (sums: [Int32: Double], at: Timestamp)? {
        let (young, old, newest) = generations.withLock { ($0.young, $0.old, $0.newest) }
        guard newest > moment else { return nil }
        let likings = RecentLikings(at: newest, halfLifeDays: halfLifeDays, counts: [])
        let weights = state.model.weights
        var sums: [Int32: Double] = [:]
        for generation in [old, young] {
            let places = generation.items.map { state.items.place(of: $0) }
            for row in generation.rows where row.at > moment && weights.counts(row.kind) {
                guard let place = places[Int(row.item)], weights.weight(of: row.kind, value: row.value) > 0 else {
                    continue
                }
                sums[place, default: 0] += likings.worth(of: row.at)
            }
        }
        return (sums, newest)
    }

    /// Of some items, by user what their events come to; items of none are not in it. O(events).
    func weights(
        of wanted: Set<ExactText>, _ weights: ConfidenceWeights
    ) -> [ExactText: [ExactText: Float]] {
        let (young, old) = generations.withLock { ($0.young, $0.old) }
        var sums: [ExactText: [ExactText: Float]] = [:]
        for generation in [old, young] {
            let isWanted = generation.items.map { wanted.contains(ExactText($0)) }
            guard isWanted.contains(true) else { continue }
            for row in generation.rows where isWanted[Int(row.item)] && weights.counts(row.kind) {
                let item = ExactText(generation.items[Int(row.item)])
                let user = ExactText(generation.users[Int(row.user)])
                let weight = weights.weight(of: row.kind, value: row.value)
                sums[item, default: [:]][user] = weights.joined(sums[item]?[user] ?? 0, with: weight)
            }
        }
        return sums
    }

    /// Places are those of one state: another one has a memory of its own.
    private func memory(of state: ServingState) -> TrendMemory {
        memory.withLock { memory in
            if memory.state != state.identity { memory = (state.identity, TrendMemory()) }
            return memory.memory
        }
    }

    private func add(
        _ generation: Generation, _ measure: Measure, _ window: Window, upTo newest: Timestamp, in state: ServingState,
        to sums: inout [Int32: Double]
    ) {
        let span: Double = window.duration / Duration.microseconds(1)
        let places = generation.items.map { state.items.place(of: $0) }
        let weights = state.model.weights
        func liking(_ row: Row) -> Float {
            weights.counts(row.kind) ? weights.weight(of: row.kind, value: row.value) : 0
        }
        let isMember = window.segment.map { self.members(of: $0, generation, places, liking, in: state) }
        var counted: Set<UInt64> = []
        for row in generation.rows {
            let age = Double(newest.microseconds - row.at.microseconds)
            guard age < span, isMember?[Int(row.user)] ?? true, let place = places[Int(row.item)] else { continue }
            let weight = liking(row)
            guard weight > 0 else { continue }
            switch measure {
            case .users:
                let pair = UInt64(UInt32(bitPattern: row.user)) << 32 | UInt64(UInt32(bitPattern: row.item))
                if counted.insert(pair).inserted { sums[place, default: 0] += 1 }
            case .decayed:
                let sevenths: Double = 7 * age / span
                sums[place, default: 0] += Double(weight) * exp2(-sevenths)
            }
        }
    }

    /// By the generation's number of a user, whether they are of the segment.
    private func members(
        of segment: Segment, _ generation: Generation, _ places: [Int32?], _ liking: (Row) -> Float,
        in state: ServingState
    ) -> [Bool] {
        switch segment {
        case .known: return generation.users.map { state.model.userIndex(of: $0) != nil }
        case .new: return generation.users.map { state.model.userIndex(of: $0) == nil }
        case .genre(let name):
            // Of whom the model does not know, by what they like here.
            var likes = [[(place: Int32, weight: Float)]](repeating: [], count: generation.users.count)
            for row in generation.rows {
                guard let place = places[Int(row.item)] else { continue }
                let weight = liking(row)
                if weight > 0 { likes[Int(row.user)].append((place, weight)) }
            }
            return generation.users.indices.map { number in
                var all = likes[number]
                if let user = state.model.userIndex(of: generation.users[number]) {
                    let history = state.model.history(of: user)
                    for (item, weight) in zip(history.items, history.confidences) where weight > 0 {
                        all.append((item.rawValue, weight))
                    }
                }
                return state.favouriteGenres(of: all).first == name
            }
        }
    }
}

extension ServingState {
    /// The genres of liked items, the most liked first, equal ones by name.
    func favouriteGenres(of likes: [(place: Int32, weight: Float)]) -> [String] {
        var sums: [String: Float] = [:]
        for like in likes {
            for genre in items.movie(at: like.place)?.genres ?? [] { sums[genre, default: 0] += like.weight }
        }
        return sums.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.map(\.key)
    }
}
