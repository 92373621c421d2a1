internal import Domain
internal import Synchronization
internal import Trainer

/// What is liked lately: what the model has counted, fading, and the events since.
///
/// A request reads one array. Whoever hears events renews it now and then: ``RecommendationService`` does.
final class RecentBoard: Sendable {
    struct View: Sendable {
        /// By place, `0…1`: the most liked has 1.
        var scores: [Float]
        /// What the scores are on the scale of the blend, which is the ``LearnedBlend/Curve`` of each.
        var scaled: [Float]
        /// Places that may be shown and that somebody likes, the one liked most lately first.
        var order: [Int32]
    }

    let likings: RecentLikings
    private let hidden: HiddenItems
    private let count: Int
    private let curve: LearnedBlend.Curve
    private let view: Mutex<View>

    /// O(items log items).
    init(
        _ likings: RecentLikings, items: ItemSpace, hidden: HiddenItems, curve: LearnedBlend.Curve
    ) {
        self.likings = likings
        self.hidden = hidden
        self.curve = curve
        count = items.count
        view = Mutex(View(scores: [], scaled: [], order: []))
        renew(with: [:], at: likings.at)
    }

    var current: View { view.withLock { $0 } }

    /// - Parameters:
    ///   - since: by place, what the events after ``RecentLikings/at`` count at `now`.
    ///   - now: the time of the newest of them. O(items log items).
    func renew(with since: [Int32: Double], at now: Timestamp) {
        let faded = RecentLikings(at: now, halfLifeDays: likings.halfLifeDays, counts: []).worth(of: likings.at)
        var sums = likings.counts.map { Double($0) * faded }
        sums += [Double](repeating: 0, count: max(0, count - sums.count))
        for (place, worth) in since { sums[Int(place)] += worth }
        let largest = sums.max() ?? 0
        let scores = sums.map { largest > 0 ? Float($0 / largest) : 0 }
        let order = (0..<Int32(count)).filter { scores[Int($0)] > 0 && !hidden.contains($0) }
            .sorted { (scores[Int($0)], $1) > (scores[Int($1)], $0) }
        let scaled = scores.map { curve($0) }
        view.withLock { $0 = View(scores: scores, scaled: scaled, order: order) }
    }
}
