internal import Domain
internal import Foundation
internal import Linalg

/// What predicted factors are worth: whole films are held out, all of their events, and found again by their content.
///
/// For each seed a share of the films that events and catalogue both know is set aside, the factors are fitted to the
/// events of all other films, and the factors of those set aside are predicted from content. Whoever has likings on both
/// sides gets the set-aside films ranked: by ⟨p_u, q̂_i⟩, by the catalogue's popularity, by content similarity to what the
/// user liked, and by chance. Blocks, and keeps every core busy.
public struct ColdStartTrial: Sendable {
    public let configuration: TrainingConfiguration
    /// Of the films, in `0…1`.
    public var share: Double
    public var seeds: Int

    /// - Parameter configuration: with ``TrainingConfiguration/content``.
    public init(_ configuration: TrainingConfiguration, share: Double = 0.1, seeds: Int = 5) {
        self.configuration = configuration
        self.share = share
        self.seeds = seeds
    }

    /// The rankers, the one that is measured first.
    private static let names = ["predicted factors", "popularity", "content similarity", "random"]

    /// - Throws: ``TrainerError/invalidSetting(name:value:allowed:)``, ``TrainerError/nothingToEvaluate(reason:advice:)`` without a
    ///   catalogue or enough films.
    public func run(
        _ log: InteractionLog, onProgress: (TrainingProgress) throws -> Void = { _ in }
    ) throws -> ReportSection {
        guard share > 0, share <= 0.5 else {
            throw TrainerError.invalidSetting(
                name: "the share of films", value: "\(share)", allowed: "above 0, at most 0.5")
        }
        guard (1...100).contains(seeds) else {
            throw TrainerError.invalidSetting(name: "the number of seeds", value: "\(seeds)", allowed: "1 to 100")
        }
        guard let content = configuration.content else {
            throw TrainerError.nothingToEvaluate(reason: "the store has no table of films to predict from")
        }
        // By user of the log, of each ranker the sum over seeds, and how many seeds had the user.
        var sums = [[Double]](repeating: [], count: log.users.count)
        var counts = [Int](repeating: 0, count: log.users.count)
        var films: [Int] = []
        for seed in 1...seeds {
            let one = try trial(UInt64(seed), log, content, onProgress)
            films.append(one.films)
            for (user, values) in one.values {
                sums[Int(user)] = sums[Int(user)].isEmpty ? values : zip(sums[Int(user)], values).map(+)
                counts[Int(user)] += 1
            }
        }
        // A user is one, however many seeds: the interval is over users.
        let means = zip(sums, counts).filter { $0.1 > 0 }.map { sum, count in sum.map { $0 / Double(count) } }
        guard !means.isEmpty else {
            throw TrainerError.nothingToEvaluate(reason: "no user likes films on both sides")
        }
        return section(means, films)
    }

    private func trial(
        _ seed: UInt64, _ log: InteractionLog, _ content: FilmContent, _ onProgress: (TrainingProgress) throws -> Void
    ) throws -> (values: [(user: Int32, values: [Double])], films: Int) {
        let described = Dictionary(
            content.films.map { (ExactText($0.itemID), $0) }, uniquingKeysWith: { first, _ in first })
        let (hashes, people) = (log.items.stableHashes(), log.users.stableHashes())
        let isHeldOut = (0..<log.items.count).map { item in
            guard described[ExactText(log.items.id(at: item))] != nil else { return false }
            var generator = SeededGenerator(seed: seed, stream: hashes[item])
            return generator.uniform() < share
        }
        var configuration = configuration
        configuration.parameters.seed = seed
        let training = try TrainingSet.build(from: log, weights: configuration.weights) { !isHeldOut[Int($0.item)] }
        configuration = configuration.settled(for: training)
        let fitted = try configuration.recipe.fit(training, as: .evaluation, onProgress: onProgress)
        guard let ridge = try ContentRidge.of(training, fitted.factors, content) else {
            throw TrainerError.nothingToEvaluate(
                reason: "the catalogue describes fewer than \(ContentRidge.fewestFilms) films of the events")
        }
        let cold = log.items.inByteOrder { isHeldOut[$0] }
        let ids = cold.map { ExactText(log.items.id(at: Int($0))) }
        let rank = fitted.factors.rank
        var predicted = try Matrix(rows: cold.count, columns: rank)
        for (place, id) in ids.enumerated() {
            guard let row = ridge.factors(of: described[id]!) else { continue }
            for t in 0..<rank { predicted[place, t] = row[t] }
        }
        let relevant = try likings(log, cold)
        let popularity = ids.map { described[$0]!.popularity ?? 0 }
        let places = Dictionary(uniqueKeysWithValues: zip(ids, cold.indices))
        let films = content.places(of: training.items)
        var values: [(user: Int32, values: [Double])] = []
        for (user, liked) in relevant.sorted(by: { $0.key < $1.key }) {
            guard let row = training.users.index(of: Int(user), in: log.users) else { continue }
            let entries = training.interactions.entries(ofRow: Int(row))
            let likes = entries.filter { training.interactions.values[$0] > 0 }.map {
                (place: training.interactions.columnIndices[$0], weight: training.interactions.values[$0])
            }
            guard !likes.isEmpty else { continue }
            let factors = try predicted.times(fitted.factors.userFactors.row(Int(row)))
            let seeds = LearnedBlend.seeds(newest: [], likes: likes, most: LearnedBlend.contentSeeds)
            var similarity = [Float](repeating: 0, count: cold.count)
            // As deep as it takes: films of the training side stand in between.
            let found = content.similar(
                seeds.map { films[Int($0)] }.filter { $0 >= 0 }, [], content.films.count)
            for film in found {
                let id = ExactText(content.films[Int(film.film)].itemID)
                if let place = places[id] { similarity[place] = film.score }
            }
            var generator = SeededGenerator(seed: seed, stream: people[Int(user)])
            let chance: [Float] = cold.indices.map { _ in Float(generator.uniform()) }
            values.append((user, [factors, popularity, similarity, chance].map { Self.ndcg($0, liked) }))
        }
        return (values, cold.count)
    }

    /// By user of the log, which of the set-aside films they like, as places in `cold`.
    private func likings(_ log: InteractionLog, _ cold: [Int32]) throws -> [Int32: Set<Int>] {
        let weights = configuration.weights
        var place = [Int](repeating: -1, count: log.items.count)
        for (number, item) in cold.enumerated() { place[Int(item)] = number }
        var sums: [Int32: [Int: Float]] = [:]
        try log.forEachChunk { chunk in
            for record in chunk where place[Int(record.item)] >= 0 && weights.counts(record.kind) {
                let weight = weights.weight(of: record.kind, value: record.value)
                sums[record.user, default: [:]][place[Int(record.item)], default: 0] += weight
            }
        }
        return sums.mapValues { Set($0.filter { $0.value > 0 }.keys) }.filter { !$0.value.isEmpty }
    }

    /// NDCG@10 of the films by falling score, equal ones by place.
    private static func ndcg(_ scores: [Float], _ liked: Set<Int>) -> Double {
        let k = Manifest.headlineCutoff
        let order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }.prefix(k)
        let hits = order.enumerated().filter { liked.contains($0.element) }.map { $0.offset + 1 }
        return RankingMetric.ndcg.value(hits: hits, relevant: liked.count, k: k)
    }

    private func section(_ means: [[Double]], _ films: [Int]) -> ReportSection {
        let bootstrap = Bootstrap(
            resamples: configuration.bootstrapResamples, seed: configuration.parameters.seed,
            workers: Workers(count: configuration.parameters.threads))
        let columns = Self.names.indices.map { ranker in means.map { $0[ranker] } }
        let differences = columns.dropFirst().map { bootstrap.relativeDifference(of: columns[0], to: $0) }
        func verdict(_ difference: Interval?) -> String {
            switch (difference?.low, difference?.high) {
            case (let low?, _) where low > 0: "better"
            case (_, let high?) where high < 0: "worse"
            default: "no difference shown"
            }
        }
        let losses = zip(Self.names.dropFirst(), differences).filter { verdict($0.1) != "better" }.map(\.0)
        let text =
            losses.isEmpty
            ? "Predicted factors find films without events better than each of the others."
            : "Predicted factors are not shown to be better than \(losses.joined(separator: ", "))."
        let range = Set(films).count == 1 ? "\(films[0])" : "\(films.min() ?? 0) to \(films.max() ?? 0)"
        return ReportSection(
            id: "cold-start", title: "Films without events",
            text: [
                text,
                "A share of \(share) of the films, \(range) of them, was set aside with all of its events, \(seeds) times with "
                    + "another draw; the figures are means over \(means.count) users, each over the draws with a liking on both "
                    + "sides. Only the set-aside films are ranked. Popularity is the catalogue's: events have none to tell.",
            ],
            tables: [
                ReportTable(
                    title: "NDCG@\(Manifest.headlineCutoff) over films held out whole",
                    columns: ["ranked by", "NDCG", "predicted factors against it", "verdict"],
                    rows: Self.names.indices.map { ranker in
                        [
                            .text(Self.names[ranker]),
                            .interval(bootstrap.intervals(of: columns[ranker], width: 1).first),
                            ranker == 0 ? .missing : .percent(differences[ranker - 1]),
                            ranker == 0 ? .missing : .text(verdict(differences[ranker - 1])),
                        ]
                    })
            ])
    }
}

extension ContentRidge {
    /// From the films of a training set that the catalogue describes; nil if they are too few.
    static func of(_ training: TrainingSet, _ factors: ALSFactors, _ content: FilmContent) throws -> ContentRidge? {
        var films: [(film: Movie, item: Int32)] = []
        for film in content.films.sorted(by: { $0.itemID.utf8.lexicographicallyPrecedes($1.itemID.utf8) }) {
            if let item = training.items.index(of: film.itemID) { films.append((film, item)) }
        }
        return try ContentRidge(films: films, factors: factors.itemFactors, users: training.popularity)
    }
}
