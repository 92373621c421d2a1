internal import Catalog
internal import Domain

/// What the events of a store come to: a summary of each user, and how many events of each kind there were on each day.
///
/// Holds a few hundred bytes a user, and none of the events.
struct UserSummaries {
    /// An event that speaks for its film.
    static func isLiking(_ event: Event) -> Bool {
        switch event.kind {
        case .like: event.value > 0
        case .review: event.value >= 3.5
        case .view: event.value >= 0.5
        }
    }

    private struct Summary {
        var events = 0
        var liked = 0
        var first: Timestamp
        var last: Timestamp
        /// Newest first, each film once.
        var recent: [(itemID: String, at: Timestamp)] = []
        var genres: [String: Int] = [:]
        var languages: [String: Int] = [:]
        var decades: [Int: Int] = [:]
    }

    private struct Day: Hashable {
        let day: Int32
        let kind: EventKind
    }

    private let films: CatalogSnapshot
    private var users: [ExactText: Summary] = [:]
    private var days: [Day: Int] = [:]

    private static let recentFilms = 10

    init(_ films: CatalogSnapshot) { self.films = films }

    var userCount: Int { users.count }

    mutating func add(_ event: Event) {
        let day = Int32(clamping: Int((Double(event.at.microseconds) / 86_400_000_000).rounded(.down)))
        days[Day(day: day, kind: event.kind), default: 0] += 1
        let user = ExactText(event.userID)
        var summary = users.removeValue(forKey: user) ?? Summary(first: event.at, last: event.at)
        summary.events += 1
        summary.first = min(summary.first, event.at)
        summary.last = max(summary.last, event.at)
        Self.note(event, in: &summary.recent)
        if Self.isLiking(event) {
            summary.liked += 1
            if let film = films[event.itemID] {
                for genre in film.genres { summary.genres[genre, default: 0] += 1 }
                if let language = film.language { summary.languages[language, default: 0] += 1 }
                if let year = film.year { summary.decades[Int(year) / 10 * 10, default: 0] += 1 }
            }
        }
        users[user] = summary
    }

    private static func note(_ event: Event, in recent: inout [(itemID: String, at: Timestamp)]) {
        if let known = recent.firstIndex(where: { $0.itemID.isExactly(event.itemID) }) {
            if recent[known].at >= event.at { return }
            recent.remove(at: known)
        } else if recent.count == recentFilms, recent[recentFilms - 1].at >= event.at {
            return
        }
        let place = recent.firstIndex { $0.at < event.at } ?? recent.count
        recent.insert((event.itemID, event.at), at: place)
        if recent.count > recentFilms { recent.removeLast() }
    }

    /// Lends the users' documents, a batch at a time, by identifier.
    func forEachBatch(of size: Int, _ body: ([UserDocument]) async throws -> Void) async throws {
        let names = users.keys.sorted()
        for start in stride(from: 0, to: names.count, by: size) {
            try await body(names[start..<min(start + size, names.count)].map { document(of: $0.text, users[$0]!) })
        }
    }

    private func document(of userID: String, _ summary: Summary) -> UserDocument {
        func most<Value: Comparable>(_ counts: [Value: Int], _ limit: Int) -> [Value] {
            counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.prefix(limit).map(\.key)
        }
        return UserDocument(
            userID: userID, events: summary.events, liked: summary.liked, firstAt: summary.first,
            lastAt: summary.last, genres: most(summary.genres, 5), languages: most(summary.languages, 3),
            decade: most(summary.decades, 1).first, recentFilms: summary.recent.map(\.itemID),
            recentTitles: summary.recent.compactMap { films[$0.itemID]?.title })
    }

    var activity: [ActivityDocument] {
        days.map { ActivityDocument(day: CalendarDate(days: $0.key.day), kind: $0.key.kind, count: $0.value) }
            .sorted { ($0.day, $0.kind.rawValue) < ($1.day, $1.kind.rawValue) }
    }
}
