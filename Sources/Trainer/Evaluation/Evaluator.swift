internal import Domain
public import Linalg
internal import Operations

/// Measures rankers against held-out likings: full catalogue, the user's training items removed. Given candidates
/// replace the catalogue only to repeat a published protocol.
public struct Evaluator: Sendable {
    private static let log = Log("evaluation")
    public var training: TrainingSet
    public var heldOut: HeldOut
    /// Rising.
    public var cutoffs: [Int]
    public var workers: Workers
    /// By user of ``heldOut``, the only items that are ranked beside the relevant ones. Nil: the whole catalogue.
    public var candidates: [[Int32]]?
    /// What lists are measured by beside their hits; nil measures hits only, which is what a search needs.
    var listMeasure: ListMeasure?

    /// - Parameter cutoffs: in any order; ``Manifest/headlineCutoff`` is added if absent.
    /// - Throws: ``TrainerError/invalidSetting(name:value:allowed:)`` for cut-offs below 1,
    ///   ``TrainerError/nothingToEvaluate(reason:advice:)`` if no user has anything held out.
    public init(training: TrainingSet, heldOut: HeldOut, cutoffs: [Int], workers: Workers = Workers()) throws {
        guard !cutoffs.isEmpty, cutoffs.allSatisfy({ $0 >= 1 && $0 <= 10_000 }) else {
            throw TrainerError.invalidSetting(
                name: "k", value: cutoffs.map(String.init).joined(separator: ","), allowed: "numbers from 1 to 10000")
        }
        guard !heldOut.users.isEmpty else {
            throw TrainerError.nothingToEvaluate(
                reason: "no user of the training part has a later liking of an item that is new to them and known")
        }
        self.training = training
        self.heldOut = heldOut
        self.cutoffs = Set(cutoffs + [Manifest.headlineCutoff]).sorted()
        self.workers = workers
    }

    /// What one ranker did for every user.
    public struct Outcome: Sendable {
        public let name: String
        public let cutoffs: [Int]
        /// By user of ``HeldOut/users``, one row of ``RankingMetric/values(hits:relevant:cutoffs:)`` after another.
        public let values: [Double]
        /// By cut-off.
        let exposures: [Exposure]
        /// By user, ``ListMetric`` by ``ListMetric``, by cut-off; nan where there is no value. Nil if not measured.
        var listValues: [Double]?

        /// Values a user has.
        public var width: Int { RankingMetric.allCases.count * cutoffs.count }
        /// Users that were ranked for: the rows of ``values``.
        public var userCount: Int { values.count / width }

        /// Where a metric at a cut-off stands in a user's row.
        public func column(_ metric: RankingMetric, at k: Int) -> Int? {
            guard let place = cutoffs.firstIndex(of: k),
                let row = RankingMetric.allCases.firstIndex(of: metric)
            else { return nil }
            return row * cutoffs.count + place
        }

        /// The per-user values of a metric, in the order of ``HeldOut/users``.
        public func perUser(_ metric: RankingMetric, at k: Int) -> [Double] {
            guard let column = column(metric, at: k) else { return [] }
            return (0..<userCount).map { values[$0 * width + column] }
        }

        /// The values of the users that have one.
        func perUser(_ metric: ListMetric, at k: Int) -> [Double] {
            guard let listValues, let place = cutoffs.firstIndex(of: k),
                let row = ListMetric.allCases.firstIndex(of: metric)
            else { return [] }
            let width = ListMetric.allCases.count * cutoffs.count
            return (0..<userCount).map { listValues[$0 * width + row * cutoffs.count + place] }.filter { !$0.isNaN }
        }

        /// How often each item was recommended in lists of length k; nothing if k is no cut-off.
        func exposure(at k: Int) -> Exposure { cutoffs.firstIndex(of: k).map { exposures[$0] } ?? Exposure(counts: []) }

        /// The mean over users of a metric; 0 if k is no cut-off.
        public func mean(_ metric: RankingMetric, at k: Int) -> Double {
            let values = perUser(metric, at: k)
            return values.reduce(0, +) / Double(max(values.count, 1))
        }
    }

    /// What the lists of the user at `position` must not hold: training items, and with given candidates all others.
    private func excluded(_ position: Int) -> ItemBitmap {
        guard let candidates else { return training.seen(by: heldOut.users[position]) }
        var allowed = ItemBitmap(itemCount: training.itemCount)
        // The held-out item can stand among its own negatives in published files: a set counts it once.
        for item in candidates[position] { allowed.insert(ItemIndex(rawValue: item)) }
        for item in heldOut.relevant(of: position) { allowed.insert(ItemIndex(rawValue: item)) }
        return allowed.complement()
    }

    /// Ranks for every held-out user. Blocks.
    public func measure(_ ranker: some Ranker) throws -> Outcome {
        let depth = cutoffs[cutoffs.count - 1]
        var values: [Double] = []
        var exposure = cutoffs.map { _ in [Int32](repeating: 0, count: training.itemCount) }
        let chunk = 256
        let popular =
            listMeasure == nil ? nil : ListRanker(name: "popular", scores: training.popularity.map(Double.init))
        var listValues: [Double] = []
        let began = ContinuousClock.now
        var counting = Duration.zero
        for start in stride(from: 0, to: heldOut.users.count, by: chunk) {
            let range = start..<min(start + chunk, heldOut.users.count)
            let excluded = range.map(excluded)
            let lists = try ranker.rank(heldOut.users[range], depth: depth, excluded: excluded, workers: workers)
            let expected = popular?.rank(heldOut.users[range], depth: depth, excluded: excluded, workers: workers)
            for (position, list) in zip(range, lists) {
                let relevant = heldOut.relevant(of: position)
                if let listMeasure, let expected {
                    listValues += listMeasure.values(
                        of: heldOut.users[position], list: list, hits: list.map { relevant.containsSorted($0) },
                        popular: expected[position - start], cutoffs: cutoffs)
                }
                let begin = ContinuousClock.now
                var hits: [Int] = []
                for (rank, item) in list.enumerated() {
                    if relevant.containsSorted(item) { hits.append(rank + 1) }
                    for (place, k) in cutoffs.enumerated() where rank < k { exposure[place][Int(item)] += 1 }
                }
                values += RankingMetric.values(hits: hits, relevant: relevant.count, cutoffs: cutoffs)
                counting += .now - begin
            }
        }
        Self.log.debug(
            "lists were measured",
            [
                "ranking": ranker.name, "users": heldOut.users.count,
                "seconds": (ContinuousClock.now - began).inSeconds, "metrics_seconds": counting.inSeconds,
            ])
        return Outcome(
            name: ranker.name, cutoffs: cutoffs, values: values, exposures: exposure.map(Exposure.init),
            listValues: listMeasure == nil ? nil : listValues)
    }
}
