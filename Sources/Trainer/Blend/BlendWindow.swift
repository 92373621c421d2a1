internal import Domain
internal import Linalg

/// The people of one window of time: what they did before it, as far as the sources know, and what they liked in it.
///
/// Whoever the sources know gets one list, made from that history. Of whoever they do not know there are two: the list of
/// a stranger, and the one after their first ``LearnedBlend/fewItems`` items, folded in as serving does it.
struct BlendWindow {
    var lists: [BlendList]
    var from: Timestamp
    var until: Timestamp

    /// So many of the known and of the unknown people are looked at; more would only cost time.
    static let most = 400

    private struct Event {
        var item: Int32
        var weight: Float
        var at: Int64
    }

    /// - Parameters:
    ///   - slice: what may be listed; nil for everything. Lists without anything to find are left out.
    ///   - isTest: which events are of the window. None of them went into the sources.
    init(
        _ log: InteractionLog, _ sources: BlendSources, among slice: FilmSlice? = nil, most: Int = BlendWindow.most,
        isTest: (InteractionLog.Record) -> Bool
    ) throws {
        let (training, weights) = (sources.training, sources.weights)
        let users = (0..<log.users.count).map { training.users.index(of: $0, in: log.users) ?? -1 }
        let items = (0..<log.items.count).map { training.items.index(of: $0, in: log.items) ?? -1 }
        var likes = [Bool](repeating: false, count: log.users.count)
        var (from, until) = (Int64.max, Int64.min)
        try log.forEachChunk { chunk in
            for record in chunk where weights.counts(record.kind) && isTest(record) {
                (from, until) = (min(from, record.at), max(until, record.at))
                let isLiking = weights.weight(of: record.kind, value: record.value) > 0
                if isLiking, items[Int(record.item)] >= 0 { likes[Int(record.user)] = true }
            }
        }
        (self.from, self.until) = (Timestamp(microseconds: from), Timestamp(microseconds: until))
        let chosen = Self.chosen(log, users, likes, most: most)
        var events = [[Event]](repeating: [], count: chosen.users.count)
        try log.forEachChunk { chunk in
            for record in chunk where weights.counts(record.kind) && isTest(record) {
                let (place, item) = (chosen.places[Int(record.user)], items[Int(record.item)])
                guard place >= 0, item >= 0 else { continue }
                let weight = weights.weight(of: record.kind, value: record.value)
                events[Int(place)].append(Event(item: item, weight: weight, at: record.at))
            }
        }
        let (numbers, all) = (chosen.users.map { users[Int($0)] }, events)
        let found = try sources.workers.map(all.count) { place in
            // Whatever order the events are stored in.
            let events = all[place].sorted { ($0.at, $0.item, $0.weight) < ($1.at, $1.item, $1.weight) }
            return try Self.lists(events, of: numbers[place], sources, slice)
        }
        lists = found.flatMap { $0 }
    }

    /// People with a liking in the window, in the order of their identifiers' hashes: known and unknown ones.
    private static func chosen(
        _ log: InteractionLog, _ known: [Int32], _ likes: [Bool], most: Int
    ) -> (users: [Int32], places: [Int32]) {
        let hashes = log.users.stableHashes()
        var all = (0..<Int32(log.users.count)).filter { likes[Int($0)] }
        all.sort { a, b in
            let (x, y) = (hashes[Int(a)], hashes[Int(b)])
            return x != y ? x < y : log.users.id(at: Int(a)) < log.users.id(at: Int(b))
        }
        let acquainted = all.filter { known[Int($0)] >= 0 }.prefix(most)
        let strangers = all.filter { known[Int($0)] < 0 }.prefix(most)
        let users = acquainted + strangers
        var places = [Int32](repeating: -1, count: log.users.count)
        for (place, user) in users.enumerated() { places[Int(user)] = Int32(place) }
        return (Array(users), places)
    }

    /// The lists of one person.
    /// - Parameters:
    ///   - events: of the window, by time.
    ///   - user: negative if the sources do not know them.
    private static func lists(
        _ events: [Event], of user: Int32, _ sources: BlendSources, _ slice: FilmSlice?
    ) throws -> [BlendList] {
        func liked(_ events: ArraySlice<Event>, without known: Set<Int32>) -> [Int32] {
            sums(events, sources.weights).map { $0.weight > 0 ? $0.item : -1 }
                .filter { $0 >= 0 && !known.contains($0) && slice?.contains($0) ?? true }
        }
        if user >= 0 {
            let rows = sources.training.interactions
            let history = rows.entries(ofRow: Int(user)).map {
                (item: rows.columnIndices[$0], weight: rows.values[$0])
            }
            let relevant = liked(events[...], without: Set(history.map(\.item)))
            guard !relevant.isEmpty else { return [] }
            let isLiking = history.contains { $0.weight > 0 }
            return [
                sources.list(
                    history: history, newest: [],
                    vector: isLiking ? sources.factors.userFactors.row(Int(user)) : nil, relevant: relevant,
                    among: slice)
            ]
        }
        var lists: [BlendList] = []
        let all = liked(events[...], without: [])
        if !all.isEmpty {
            lists.append(sources.list(history: [], newest: [], vector: nil, relevant: all, among: slice))
        }
        var first: Set<Int32> = []
        let end =
            events.firstIndex { event in
                if first.count == LearnedBlend.fewItems, !first.contains(event.item) { return true }
                first.insert(event.item)
                return false
            } ?? events.count
        let history = sums(events[..<end], sources.weights)
        let relevant = liked(events[end...], without: first)
        guard !relevant.isEmpty, history.contains(where: { $0.weight > 0 }) else { return lists }
        let likedItems = Set(history.filter { $0.weight > 0 }.map(\.item))
        lists.append(
            sources.list(
                history: history, newest: events[..<end].reversed().map(\.item).filter(likedItems.contains),
                vector: try sources.solver.vector(items: history.map(\.item), confidences: history.map(\.weight)),
                relevant: relevant, among: slice))
        return lists
    }

    /// What the events of each item come to, by rising item.
    private static func sums(
        _ events: ArraySlice<Event>, _ weights: ConfidenceWeights
    ) -> [(item: Int32, weight: Float)] {
        var sums: [Int32: Float] = [:]
        for event in events { sums[event.item] = weights.joined(sums[event.item] ?? 0, with: event.weight) }
        return sums.sorted { $0.key < $1.key }
            .map { (item: $0.key, weight: min(max($0.value, -weights.ceiling), weights.ceiling)) }
    }
}
