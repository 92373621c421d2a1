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
    /// Row-major, `PlantedTruth.dimensions` a row.
    private var userVectors: [Float]
    private let filmVectors: [Float]
    private let userIDs: [String]
    /// Progress (0…1) at which a user joins or a film comes out.
    private let userJoins: [Double]
    private let filmAppears: [Double]
    private let popularity: [Double]
    private let userDraw: AliasTable
    private let filmDraw: AliasTable
    private let calendar: Calendar?
    private let idPrefix: String
    /// User and film of what was watched, so that few watch twice.
    private var watched = PairSet()
    private static let remembered = 8_000_000
    private static let considered = 24

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
        filmVectors = audience.filmVectors
        userVectors = audience.userVectors
        userIDs = (1...settings.users).map { "u\($0)" }
        popularity = Self.popularity(of: catalog, exponent: settings.popularityExponent, &setup)
        userDraw = AliasTable(weights: (0..<settings.users).map { _ in exp(1.1 * Double(setup.normal())) })
        filmDraw = AliasTable(weights: popularity)
        let isSpan = settings.timeline != .live
        userJoins = (0..<settings.users).map { _ in
            isSpan && setup.chance(settings.newUsers) ? setup.uniform() * 0.95 : 0
        }
        filmAppears = catalog.indices.map { _ in isSpan && setup.chance(settings.newFilms) ? setup.uniform() * 0.9 : 0 }
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
        idPrefix = "sim-\(String(settings.seed, radix: 36))-\(String(epoch, radix: 36))-"
    }

    /// Whether ``SimulatorSettings/count`` was reached.
    public var isFinished: Bool { settings.count.map { made >= $0 } ?? false }

    /// The vectors as they are now; tastes drift, so ask at the end.
    public var truth: PlantedTruth {
        let k = PlantedTruth.dimensions
        return PlantedTruth(
            users: userIDs.indices.map { (userIDs[$0], Array(userVectors[$0 * k..<($0 + 1) * k])) },
            films: catalog.indices.map {
                (catalog[$0].itemID, Array(filmVectors[$0 * k..<($0 + 1) * k]), Float(popularity[$0]))
            })
    }

    /// Appends the events of the next session, and malformed messages as often as the settings ask. Times inside a
    /// session ascend; sessions begin in ascending order. Adds nothing once ``isFinished``.
    public mutating func nextSession(into messages: inout [SimulatedMessage]) {
        guard !isFinished else { return }
        let progress = settings.count.map { Double(made) / Double($0) } ?? 1
        var user = userDraw.draw(&random)
        while userJoins[user] > progress { user = userDraw.draw(&random) }
        if settings.bots > 0, Double(user) < settings.bots * Double(settings.users) {
            return botSession(user, progress, into: &messages)
        }
        drift(user)
        var at = start(progress)
        var films = 1
        while films < 6, random.chance(0.45) { films += 1 }
        for _ in 0..<films where !isFinished {
            let (film, affinity) = choose(for: user, progress)
            let minutes = Double(catalog[film].runtime ?? 105)
            let liking = Double(affinity) + 0.5 * Double(random.normal())
            let finishes = random.chance(1 / (1 + exp(-(liking + 0.6))))
            let share = finishes ? 0.9 + 0.1 * random.uniform() : 0.02 + 0.8 * pow(random.uniform(), 1.4)
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
                let text =
                    random.chance(0.7) ? ReviewText.compose(catalog[film], stars: clamped, &random) : nil
                emit(user, film, .review, clamped, text, at, into: &messages)
            }
            at = later(at, 120 + 1200 * random.uniform())
        }
    }

    // MARK: Choosing

    /// Among films drawn by popularity the user takes one with probability growing with affinity (a softmax, drawn by
    /// the Gumbel trick), rarely one already watched.
    private mutating func choose(for user: Int, _ progress: Double) -> (film: Int, affinity: Float) {
        var best = -1
        var bestAffinity: Float = 0
        var bestScore = -Double.infinity
        for _ in 0..<Self.considered {
            let film = filmDraw.draw(&random)
            if filmAppears[film] > progress { continue }
            let affinity = affinity(user, film)
            var score = settings.tasteStrength * Double(affinity) - log(-log(max(random.uniform(), 1e-300)))
            // What does not win anyway need not be looked up: of 24 films about four are.
            guard score > bestScore else { continue }
            if watched.contains(user, film) { score -= 6 }
            if score > bestScore { (best, bestAffinity, bestScore) = (film, affinity, score) }
        }
        if best < 0 {
            best = filmDraw.draw(&random)
            bestAffinity = affinity(user, best)
        }
        if watched.count >= Self.remembered { watched = PairSet() }
        watched.insert(user, best)
        return (best, bestAffinity)
    }

    @inline(__always)
    private func affinity(_ user: Int, _ film: Int) -> Float {
        let k = PlantedTruth.dimensions
        var sum: Float = 0
        for d in 0..<k { sum += userVectors[user * k + d] * filmVectors[film * k + d] }
        return sum
    }

    private mutating func drift(_ user: Int) {
        guard settings.drift > 0 else { return }
        let k = PlantedTruth.dimensions
        let axis = random.below(k)
        userVectors[user * k + axis] += Float(settings.drift) * random.normal()
    }

    private mutating func botSession(_ user: Int, _ progress: Double, into messages: inout [SimulatedMessage]) {
        var at = start(progress)
        for _ in 0..<20 where !isFinished {
            at = later(at, 2 + 3 * random.uniform())
            emit(user, random.below(catalog.count), .view, 0.01, nil, at, into: &messages)
        }
    }

    // MARK: Time and form

    private func start(_ progress: Double) -> Timestamp { calendar?.instant(at: progress) ?? .now }

    /// In a span time passes as the user watches; live, everything happens now.
    private func later(_ at: Timestamp, _ seconds: Double) -> Timestamp {
        guard case .span(_, let end) = settings.timeline else { return .now }
        return min(at.advanced(bySeconds: seconds.rounded()), end)
    }

    private mutating func emit(
        _ user: Int, _ film: Int, _ kind: EventKind, _ value: Float, _ text: String?, _ at: Timestamp,
        into messages: inout [SimulatedMessage]
    ) {
        guard !isFinished else { return }
        let event = Event(
            eventID: idPrefix + String(made, radix: 36), userID: userIDs[user], itemID: catalog[film].itemID,
            kind: kind, value: value, reviewText: text, at: Timestamp(seconds: at.seconds), source: "simulator")
        made += 1
        if settings.malformed > 0, random.chance(settings.malformed) {
            messages.append(.malformed(.random(&random), event))
        } else {
            messages.append(.event(event))
        }
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
