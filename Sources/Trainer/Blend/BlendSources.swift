internal import Domain
internal import Foundation
internal import Linalg

/// Everything that proposes items to the users of one training set.
struct BlendSources {
    let training: TrainingSet
    let weights: ConfidenceWeights
    let factors: ALSFactors
    let packed: PackedItems
    let solver: UserSolver
    /// By item, ln(1 + users who like it), the largest being 1.
    let popularity: [Float]
    /// All items, the most popular first.
    let popular: [Int32]
    /// Of each half-life.
    let recent: [RecentLikings]
    /// By half-life, the items that anybody likes, the one liked most lately first.
    let recentFirst: [[Int32]]
    let neighbours: ItemLinks
    /// Nil where its matrix would be too large.
    let linear: ItemLinks?
    let content: FilmContent?
    /// By item, its film's place in the content, or −1; and by film, its item or −1.
    let films: [Int32]
    let items: [Int32]
    let workers: Workers

    /// The half-lives that are tried, in days.
    static let halfLives: [Double] = [3, 14, 60, 240]
    /// Links kept of each item.
    static let links = 100
    /// Of one list: those of five sources and of each half-life.
    static let mostCandidates = (5 + halfLives.count) * LearnedBlend.depth

    /// - Parameters:
    ///   - neighbours: of the training set, with ``links`` of each item; nil to count them here.
    ///   - isTraining: which events the set was made of.
    init(
        _ log: InteractionLog, _ training: TrainingSet, _ factors: ALSFactors, _ parameters: ALSParameters,
        _ weights: ConfidenceWeights, content: FilmContent?, neighbours: ItemLinks? = nil,
        halfLives: [Double] = BlendSources.halfLives, workers: Workers, isTraining: (InteractionLog.Record) -> Bool
    ) throws {
        self.training = training
        self.weights = weights
        self.factors = factors
        self.content = content
        let films = content?.places(of: training.items) ?? []
        var items = [Int32](repeating: -1, count: content?.films.count ?? 0)
        for (item, film) in films.enumerated() where film >= 0 { items[Int(film)] = Int32(item) }
        (self.films, self.items) = (films, items)
        self.workers = workers
        packed = try PackedItems(factors.itemFactors, keepsRows: true)
        solver = try UserSolver(itemFactors: factors.itemFactors, parameters: parameters)
        let counts = training.popularity
        let most = log1pf(Float(max(1, counts.max() ?? 1)))
        popularity = counts.map { log1pf(Float($0)) / most }
        popular = (0..<Int32(counts.count)).sorted { (counts[Int($0)], $1) > (counts[Int($1)], $0) }
        recent = try RecentLikings.of(log, training, weights, halfLives: halfLives, where: isTraining)
        recentFirst = recent.map { likings in
            let counts = likings.counts
            return (0..<Int32(counts.count)).filter { counts[Int($0)] > 0 }
                .sorted { (counts[Int($0)], $1) > (counts[Int($1)], $0) }
        }
        self.neighbours = try neighbours ?? ItemLinks.cosine(of: training, keeping: Self.links, workers: workers)
        linear =
            ItemLinks.linearBytes(of: training) <= ItemLinks.linearLimit
            ? try ItemLinks.linear(of: training, keeping: Self.links) : nil
    }
}

/// The candidates of one user at one moment, and which of them the user went for afterwards.
struct BlendList {
    var knowledge: LearnedBlend.Knowledge
    /// Rising.
    var items: [Int32] = []
    /// By candidate and, for each source but recency, what it gives.
    var values: [LearnedBlend.Values] = []
    /// By half-life, by candidate.
    var recent: [[Float]] = []
    /// By candidate.
    var isLiked: [Bool] = []
    /// Everything the user went for afterwards, candidate or not; rising.
    var relevant: [Int32]

    var hasLiked: Bool { isLiked.contains(true) }
}

extension BlendSources {
    /// The candidates for somebody with these events behind them, as serving would have them.
    /// - Parameters:
    ///   - history: items of the training set, rising, with their confidences.
    ///   - newest: liked items, the newest first, as far as times are known.
    ///   - vector: nil if the factors have nothing to say.
    ///   - slice: what may be listed; nil for everything.
    func list(
        history: [(item: Int32, weight: Float)], newest: [Int32], vector: [Float]?, relevant: [Int32],
        among slice: FilmSlice? = nil
    ) -> BlendList {
        let depth = LearnedBlend.depth
        let likes = history.filter { $0.weight > 0 }.map { (place: $0.item, weight: $0.weight) }
        var seen = slice?.outside ?? ItemBitmap(itemCount: training.itemCount)
        for entry in history { seen.insert(ItemIndex(rawValue: entry.item)) }
        func isNew(_ item: Int32) -> Bool { !seen.contains(ItemIndex(rawValue: item)) }

        var values: [Int32: LearnedBlend.Values] = [:]
        func propose(_ found: some Sequence<(item: Int32, score: Float)>, _ source: LearnedBlend.Source) {
            var largest: Float = 0
            for (item, score) in found {
                if largest == 0 { largest = score }
                guard largest > 0 else { return }
                values[item, default: .init()][source] = max(0, score / largest)
            }
        }
        var largestFactor: Float = 0
        if let vector {
            let best = packed.topK(vector, count: depth, excluding: seen)
            largestFactor = best.first?.score ?? 0
            propose(best.lazy.map { (item: $0.item.rawValue, score: $0.score) }, .factors)
        }
        if let content, !likes.isEmpty {
            let seeds = LearnedBlend.seeds(newest: newest, likes: likes, most: LearnedBlend.contentSeeds)
            func known(_ items: some Sequence<Int32>) -> [Int32] { items.map { films[Int($0)] }.filter { $0 >= 0 } }
            let excluded = known(history.map(\.item)) + known(slice?.others ?? [])
            propose(
                content.similar(known(seeds), excluded, depth).compactMap { film in
                    let item = items[Int(film.film)]
                    return item >= 0 && isNew(item) ? (item: item, score: film.score) : nil
                }, .content)
        }
        let links = LearnedBlend.seeds(newest: newest, likes: likes, most: LearnedBlend.linkSeeds)
        propose(neighbours.best(of: links, count: depth, where: isNew), .neighbours)
        if let linear { propose(linear.best(of: links, count: depth, where: isNew), .linear) }
        for item in popular.lazy.filter(isNew).prefix(depth) { values[item, default: .init()].popularity = 0 }
        for order in recentFirst {
            for item in order.lazy.filter(isNew).prefix(depth) { values[item, default: .init()].recent = 0 }
        }

        var list = BlendList(knowledge: .init(liked: likes.count, items: history.count), relevant: relevant)
        list.items = values.keys.sorted()
        list.values = list.items.map { item in
            var value = values[item]!
            value.popularity = popularity[Int(item)]
            if let vector, largestFactor > 0, value.factors == 0 {
                let product = factors.itemFactors.withRow(Int(item)) { row in
                    row.indices.reduce(Float(0)) { $0 + row[$1] * vector[$1] }
                }
                value.factors = min(1, max(0, product / largestFactor))
            }
            return value
        }
        list.recent = recent.map { likings in
            let largest = max(likings.counts.max() ?? 0, .leastNormalMagnitude)
            return list.items.map { likings.counts[Int($0)] / largest }
        }
        list.isLiked = list.items.map { relevant[...].containsSorted($0) }
        return list
    }
}
