public import Domain
import Foundation

/// Makes events as an audience with tastes would: users prefer genres and eras, films are popular after Zipf, people
/// watch in sessions of an evening, finish what they like, and like and review what they finished.
///
/// The taste behind it is planted: each user and film has a vector, and affinity is their inner product, so that a
/// factor model has something true to find. Seeded; nothing depends on the clock except ``SimulatorSettings/Timeline``.
public struct Simulator: Sendable {
    let settings: SimulatorSettings
    let catalog: [Movie]
    var random: SeededGenerator
    private var userTastes: [Taste]
    private let filmTastes: [Taste]
    /// Progress (0…1) at which a user joins or a film comes out.
    private let userJoins: [Double]
    private let filmAppears: [Float]
    private let filmMinutes: [Double]
    private let popularity: [Double]
    private let userDraw: AliasTable
    private let filmDraw: AliasTable
    private var calendar: Calendar?
    /// So that few watch a film twice.
    private var watched: WatchedFilms

    /// Writes out what this makes.
    public let scribe: Scribe

    /// Events made so far, the malformed ones included.
    public private(set) var made = 0

    /// - Throws: ``IngestError/emptyCatalog``.
    public init(catalog: [Movie], settings: SimulatorSettings) throws {
        guard !catalog.isEmpty else { throw IngestError.emptyCatalog }
        guard settings.users > 0 else {
            throw IngestError.invalidSetting(name: "--users", reason: "it must be positive")
        }
        self.settings = settings
        self.catalog = catalog
        random = SeededGenerator(seed: settings.seed)
        var setup = SeededGenerator(seed: settings.seed, stream: 1)
        let audience = Audience(catalog: catalog, users: settings.users, &setup)
        filmTastes = audience.films
        userTastes = audience.users
        filmMinutes = catalog.map { Double($0.runtime ?? 105) }
        popularity = Self.popularity(of: catalog, exponent: settings.popularityExponent, &setup)
        let activity = (0..<settings.users).map { _ in exp(1.1 * Double(setup.normal())) }
        userDraw = AliasTable(weights: activity)
        // Of a run without end, about as many as MovieLens has of a user.
        let films = Double(settings.count ?? 60 * settings.users) / activity.reduce(0, +)
        watched = WatchedFilms(expected: activity.lazy.map { $0 * films }, films: catalog.count)
        filmDraw = AliasTable(weights: popularity)
        let isSpan = settings.timeline != .live
        userJoins = (0..<settings.users).map { _ in
            isSpan && setup.chance(settings.newUsers) ? setup.uniform() * 0.95 : 0
        }
        filmAppears = catalog.indices.map { _ in
            isSpan && setup.chance(settings.newFilms) ? Float(setup.uniform() * 0.9) : 0
        }
        let epoch: Int64
        if case .span(let start, let end) = settings.timeline {
            guard start < end else {
                throw IngestError.invalidSetting(name: "the simulated time span", reason: "it ends before it begins")
            }
            calendar = Calendar(from: start, to: end)
            epoch = start.milliseconds
        } else {
            calendar = nil
            // A live run must not repeat the identifiers of an earlier one.
            epoch = Timestamp.now.milliseconds
        }
        scribe = Scribe(
            catalog: catalog, idPrefix: "sim-\(String(settings.seed, radix: 36))-\(String(epoch, radix: 36))-")
    }

    private var isFinished: Bool { made >= settings.count ?? .max }

    /// The vectors as they are now; tastes drift, so ask at the end.
    public var truth: PlantedTruth {
        PlantedTruth(
            users: userTastes.indices.map { (Scribe.userID($0), userTastes[$0].components) },
            films: catalog.indices.map { (catalog[$0].itemID, filmTastes[$0].components, Float(popularity[$0])) })
    }

    /// Appends the events of the next session, and malformed messages as often as the settings ask. Times inside a
    /// session ascend; sessions begin in ascending order.
    /// - Returns: false, and adds nothing, once ``SimulatorSettings/count`` is reached.
    public mutating func nextSession(into messages: inout [SimulatedMessage]) -> Bool {
        guard !isFinished else { return false }
        let progress = settings.count.map { Double(made) / Double($0) } ?? 1
        var user = userDraw.draw(&random)
        while userJoins[user] > progress { user = userDraw.draw(&random) }
        if settings.bots > 0, Double(user) < settings.bots * Double(settings.users) {
            botSession(user, progress, into: &messages)
            return true
        }
        drift(user)
        var at = start(progress)
        var films = 1
        while films < 6, random.chance(0.45) { films += 1 }
        for _ in 0..<films where !isFinished {
            let (film, affinity) = choose(for: user, progress)
            let minutes = filmMinutes[film]
            let liking = Double(affinity) + 0.5 * Double(random.normal())
            let finishes = random.chance(1 / (1 + exp(-(liking + 0.6))))
            let share =
                finishes
                ? 0.9 + 0.1 * random.uniform() : 0.02 + 0.8 * Double(pow(Float(random.uniform()), 1.4))
            at = later(at, minutes * 60 * share)
            emit(user, film, .view, Float((share * 100).rounded() / 100), nil, at, into: &messages)
            if share > 0.5, random.chance(0.18) {
                at = later(at, 20 + 200 * random.uniform())
                emit(user, film, .like, liking > -0.1 ? 1 : -1, nil, at, into: &messages)
            }
            if share > 0.3, random.chance(0.12) {
                at = later(at, 60 + 900 * random.uniform())
                let stars = Float(((3.3 + 0.9 * liking) * 2).rounded() / 2)
                let clamped = min(5, max(0.5, stars))
                let text = random.chance(0.7) ? ReviewText(stars: clamped, &random) : nil
                emit(user, film, .review, clamped, text, at, into: &messages)
            }
            at = later(at, 120 + 1200 * random.uniform())
        }
        return true
    }

    // MARK: Choosing

    /// Among films drawn by popularity the user takes one with probability growing with affinity (a softmax), rarely
    /// one already watched.
    private mutating func choose(for user: Int, _ progress: Double) -> (film: Int, affinity: Float) {
        var considered = Consideration()
        let taste = userTastes[user]
        let now = Float(progress)
        for place in considered.places {
            let film = filmDraw.draw(&random)
            considered.films[place] = UInt32(film)
            considered.affinities[place] = taste.affinity(to: filmTastes[film])
            considered.isOut[place] = filmAppears[film] <= now ? 1 : 0
        }
        considered.weigh(strength: Float(settings.tasteStrength))
        // A film already watched is taken with e⁻⁶ of its probability. Drawn, and mostly turned down, until one is
        // taken: so only what is drawn has to be looked up.
        var chosen = considered.draw(&random)
        var refusals = 0
        while let place = chosen, watched.contains(user, considered.film(place)), !random.chance(Self.again) {
            refusals += 1
            if refusals == 4 {
                // Perhaps all are. The weights lowered at once leave the probabilities as they are.
                for other in considered.places where watched.contains(user, considered.film(other)) {
                    considered.weights[other] *= Float(Self.again)
                }
                chosen = considered.draw(&random)
                break
            }
            chosen = considered.draw(&random)
        }
        // None of them is out yet.
        let film = chosen.map { considered.film($0) } ?? filmDraw.draw(&random)
        watched.insert(user, film)
        return (film, taste.affinity(to: filmTastes[film]))
    }

    /// exp(−6)
    private static let again = 0.00248

    private mutating func drift(_ user: Int) {
        guard settings.drift > 0 else { return }
        userTastes[user][random.below(PlantedTruth.dimensions)] += Float(settings.drift) * random.normal()
    }

    private mutating func botSession(_ user: Int, _ progress: Double, into messages: inout [SimulatedMessage]) {
        var at = start(progress)
        for _ in 0..<20 where !isFinished {
            at = later(at, 2 + 3 * random.uniform())
            emit(user, random.below(catalog.count), .view, 0.01, nil, at, into: &messages)
        }
    }

    // MARK: Time and form

    private mutating func start(_ progress: Double) -> Timestamp { calendar?.instant(at: progress) ?? .now }

    /// In a span time passes as the user watches; live, everything happens now.
    private func later(_ at: Timestamp, _ seconds: Double) -> Timestamp {
        guard case .span(_, let end) = settings.timeline else { return .now }
        return min(at.advanced(bySeconds: seconds.rounded()), end)
    }

    private mutating func emit(
        _ user: Int, _ film: Int, _ kind: EventKind, _ value: Float, _ text: ReviewText?, _ at: Timestamp,
        into messages: inout [SimulatedMessage]
    ) {
        guard !isFinished else { return }
        let damage = settings.malformed > 0 && random.chance(settings.malformed) ? Damage.random(&random) : nil
        messages.append(
            SimulatedMessage(
                number: made, user: UInt32(user), film: UInt32(film), kind: kind, value: value, text: text,
                at: Timestamp(seconds: at.seconds), damage: damage))
        made += 1
    }

    /// Zipf weights by rank: the catalogue's own popularity or votes where it has them, else a seeded shuffle.
    private static func popularity(
        of catalog: [Movie], exponent: Double, _ random: inout SeededGenerator
    ) -> [Double] {
        let keys = catalog.map { movie -> Double in
            Double(movie.popularity ?? 0) + Double(movie.voteCount ?? 0) / 100 + random.uniform() * 0.5
        }
        let order = catalog.indices.sorted { keys[$0] > keys[$1] }
        var weights = [Double](repeating: 0, count: catalog.count)
        for (rank, film) in order.enumerated() { weights[film] = pow(Double(rank + 1), -exponent) }
        return weights
    }
}
