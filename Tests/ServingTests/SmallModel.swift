import Domain
import Foundation
import Linalg
import Synchronization
import Trainer

@testable import Catalog
@testable import Serving

/// A model made by hand: two tastes, rank 2. Users `a…` like items `a…`, users `b…` items `b…`.
struct SmallModel: FactorModel {
    static let rank = 2
    var identity: ModelIdentity
    var parameters = ALSParameters(rank: Self.rank, alpha0: 0.1, lambda: 0.01, nu: 0)
    var weights = ConfidenceWeights()
    var users: [String] = []
    var items: [String]
    var userFactors: [[Float]] = []
    var itemFactors: Matrix
    var packedItems: PackedItems
    var histories: [[(Int32, Float)]] = []
    /// Of which kinds the events of the histories were; nil as in models that do not say.
    var kinds: [[EventKinds]]?
    var blend: ModelBlend?
    var content: ContentRidge?
    var last = Timestamp(seconds: 1_000)

    /// - Parameter perTaste: items of each taste; item `a0` is the strongest `a` and the most liked.
    init(id: String = "m1", perTaste: Int = 20, users perTasteUsers: Int = 3) throws {
        identity = ModelIdentity(id: id, trainedAt: Timestamp(seconds: 2_000), dataVersion: 7)
        items = (0..<perTaste).map { "a\($0)" } + (0..<perTaste).map { "b\($0)" }
        var factors: [Float] = []
        for taste in 0..<2 {
            for i in 0..<perTaste {
                let strength = 1 - Float(i) / Float(2 * perTaste)
                factors += taste == 0 ? [strength, 0.05] : [0.05, strength]
            }
        }
        itemFactors = try Matrix(rows: 2 * perTaste, columns: Self.rank, elements: factors)
        packedItems = try PackedItems(itemFactors)
        for taste in 0..<2 {
            for user in 0..<perTasteUsers {
                users.append("\(taste == 0 ? "a" : "b")-user\(user)")
                userFactors.append(taste == 0 ? [0.9, 0.1] : [0.1, 0.9])
                // Each likes the first item of the taste and two others, and dislikes the last of the other taste.
                let base = Int32(taste * perTaste)
                var history: [(Int32, Float)] = [(base, 1), (base + 1 + Int32(user), 1.5), (base + 10, 0.5)]
                history.append((Int32(taste == 0 ? 2 * perTaste - 1 : perTaste - 1), -1))
                histories.append(history.sorted { $0.0 < $1.0 })
            }
        }
    }

    var itemCount: Int { items.count }
    var userCount: Int { users.count }
    func userRows() throws -> Matrix {
        try Matrix(rows: users.count, columns: Self.rank, elements: userFactors.flatMap { $0 })
    }
    func userID(_ user: UserIndex) -> String { users[user.position] }
    func userIndex(of id: String) -> UserIndex? { users.firstIndex(of: id).map { UserIndex($0) } }
    func itemID(_ item: ItemIndex) -> String { items[item.position] }
    func vector(of user: UserIndex) -> [Float] { userFactors[user.position] }
    func history(of user: UserIndex) -> (items: [ItemIndex], confidences: [Float]) {
        let history = histories[user.position]
        return (history.map { ItemIndex(rawValue: $0.0) }, history.map(\.1))
    }
    func kinds(of user: UserIndex) -> [EventKinds]? { kinds?[user.position] }
    func lastEvent(of user: UserIndex) -> Timestamp { last }
    func popularity(of item: ItemIndex) -> Int32 {
        Int32(histories.count { $0.contains { $0.0 == item.rawValue && $0.1 > 0 } })
    }

    /// A film for each item, plus one that only the catalogue knows. Films of one taste share their words.
    var catalog: CatalogSnapshot {
        let films = items.map { id in
            Movie(
                itemID: id, title: "Film \(id)",
                overview: id.hasPrefix("a") ? "space robots explore galaxy" : "quiet romance village summer",
                year: 1990, genres: [id.hasPrefix("a") ? "Science Fiction" : "Romance"])
        }
        return CatalogSnapshot(
            films + [
                Movie(
                    itemID: "new/ä", title: "Brand \"new\"", overview: "space robots explore galaxy",
                    genres: ["Science Fiction"])
            ])
    }
}

/// Models by name, promoted by hand.
final class SmallModels: ModelSource {
    private let state: Mutex<(current: String, models: [String: SmallModel])>

    init(_ first: SmallModel) { state = Mutex((first.identity.id, [first.identity.id: first])) }

    func promote(_ model: SmallModel) {
        state.withLock {
            $0.models[model.identity.id] = model
            $0.current = model.identity.id
        }
    }

    /// Points at a model that is not there.
    func promote(missing id: String) { state.withLock { $0.current = id } }

    func currentID() -> String? { state.withLock { $0.current } }
    func open(_ id: String) throws -> any FactorModel {
        guard let model = state.withLock({ $0.models[id] }) else {
            throw TrainerError.modelNotFound(id: id, folder: "models")
        }
        return model
    }
    func openCurrent() throws -> any FactorModel { try open(state.withLock { $0.current }) }
}

/// Events by hand; `fail` breaks the feed once.
final class SmallFeed: EventFeed {
    private let stream: AsyncStream<Result<[Event], TrainerError>>
    private let sink: AsyncStream<Result<[Event], TrainerError>>.Continuation

    private let current = Mutex(FeedState.hearing)

    init() { (stream, sink) = AsyncStream.makeStream() }

    var state: FeedState { current.withLock { $0 } }
    func become(_ state: FeedState) { current.withLock { $0 = state } }

    func send(_ events: [Event]) { sink.yield(.success(events)) }
    func fail() { sink.yield(.failure(.cannotRead(path: "feed", reason: "broken on purpose"))) }

    func run(_ receive: @Sendable ([Event]) -> Void) async throws {
        for await batch in stream { receive(try batch.get()) }
    }
}

/// Events that are stored.
struct SmallArchive: EventArchive {
    let stored: [Event]

    init(_ stored: [Event]) { self.stored = stored }

    func unstored(of events: [Event]) -> [Event] {
        events.filter { event in !stored.contains { $0.eventID == event.eventID } }
    }
    func activity(ofItem itemID: String) -> ItemActivity {
        var activity = ItemActivity()
        for event in stored where event.itemID == itemID { activity.count(event) }
        return activity
    }
    func events(storedSince time: Timestamp?, _ receive: ([Event]) -> Void) { receive(stored) }
    func events(of userID: String, limit: Int) -> [Event] {
        Array(stored.filter { $0.userID == userID }.reversed().prefix(limit))
    }
}

extension Event {
    static func like(_ user: String, _ item: String, id: String? = nil, value: Float = 1, at: Int64 = 5_000) -> Event {
        Event(
            eventID: id ?? "\(user)-\(item)-\(value)-\(at)", userID: user, itemID: item, kind: .like, value: value,
            at: Timestamp(seconds: at), source: "test")
    }
}

/// A content source that fails, hangs or answers as told.
final class FragileContent: ContentSource {
    enum Mood { case answers, fails, hangs }
    let mood: Mutex<Mood>
    private let index: ContentIndex

    init(_ catalog: CatalogSnapshot, mood: Mood) {
        index = ContentIndex(catalog.movies)
        self.mood = Mutex(mood)
    }

    var name: String { "fragile" }

    func similar(
        to itemIDs: [String], excluding: [String], where filter: FilmFilter?, limit: Int
    ) async throws -> [ScoredItem] {
        switch mood.withLock({ $0 }) {
        case .answers: return try await index.similar(to: itemIDs, excluding: excluding, where: filter, limit: limit)
        case .fails: throw CatalogError.searchUnavailable(server: "test", reason: "broken on purpose")
        case .hangs:
            // Heeds no cancellation, as a stuck library would not.
            await withCheckedContinuation { continuation in
                DispatchQueue.global().asyncAfter(deadline: .now() + 1) { continuation.resume() }
            }
            return []
        }
    }
}
