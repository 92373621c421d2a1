internal import Domain
internal import Foundation
internal import Linalg

/// Learns how a list is mixed from its sources: what each source's numbers are worth, and how much each counts for
/// somebody of whom nothing, little or much is known.
struct BlendFit {
    /// With fewer lists than this that tell anything, nothing is learned.
    static let fewestLists = 20
    /// A state of knowledge with fewer takes the weights of everybody.
    static let fewestOfState = 10
    /// Shares below this are dropped: the source is then not even asked.
    static let smallestShare = 0.02

    /// The same for any number of workers.
    /// - Parameter filtered: lists of the same people as a filter would make them. Curves and weights are fitted to these, too,
    ///   so that a blend is worth something in them; probabilities are those of the window's lists.
    /// - Returns: nil if the window says too little.
    static func blend(
        _ window: BlendWindow, filtered: [BlendList] = [], _ halfLives: [Double], workers: Workers = Workers(count: 1)
    ) throws -> LearnedBlend? {
        let whole = window.lists.filter(\.hasLiked)
        guard whole.count >= fewestLists else { return nil }
        let lists = whole + filtered.filter(\.hasLiked)
        var epsilon = LearnedBlend.Values()
        let still = LearnedBlend.Source.allCases.filter { $0 != .recent }
        let fitted = workers.map(still.count) { place in
            SourceCurve.epsilon(lists.map { ($0.values.map { $0[still[place]] }, $0.isLiked) })
        }
        for (source, value) in zip(still, fitted) { epsilon[source] = value }
        // The half-life with which all sources together tell best what was liked.
        let zeros = [Double](repeating: 0, count: BlendDesign.width)
        let curves = epsilon
        let tried = try workers.map(halfLives.count) { halfLife in
            var epsilon = curves
            epsilon.recent = SourceCurve.epsilon(lists.map { ($0.recent[halfLife], $0.isLiked) })
            let design = BlendDesign(lists, halfLife: halfLife, epsilon: epsilon)
            let (weights, loss) = try design.fitted(pull: 0.001, towards: zeros)
            return (halfLife: halfLife, design: design, epsilon: epsilon.recent, weights: weights, loss: loss)
        }
        // Of equal ones the first.
        let best = tried.dropFirst().reduce(tried.first) { best, next in
            best.map { next.loss < $0.loss ? next : $0 }
        }
        guard let best else { return nil }
        epsilon.recent = best.epsilon
        let everybody = best.weights
        let nothing = LearnedBlend.Mixture(
            weights: .init(), intercept: 0, slope: 0, users: 0, ndcg: 0, alone: [:])
        var blend = LearnedBlend(
            epsilon: epsilon, halfLifeDays: halfLives[best.halfLife], none: nothing, few: nothing, many: nothing,
            window: .init(
                from: window.from, until: window.until, lists: whole.count,
                candidates: whole.reduce(0) { $0 + $1.items.count },
                liked: whole.reduce(0) { $0 + $1.isLiked.count { $0 } }))
        for knowledge in LearnedBlend.Knowledge.allCases {
            let numbers = lists.indices.filter { lists[$0].knowledge == knowledge }
            blend[knowledge] = try mixture(
                knowledge, best.design, numbers, whole: numbers.prefix { $0 < whole.count }.count, everybody)
        }
        return blend.isSound ? blend : nil
    }

    /// - Parameter whole: how many of the numbers, the first ones, are of lists that no filter made.
    private static func mixture(
        _ knowledge: LearnedBlend.Knowledge, _ all: BlendDesign, _ numbers: [Int], whole: Int, _ everybody: [Double]
    ) throws -> LearnedBlend.Mixture {
        // Of a stranger only these two know anything.
        let silent: Set<LearnedBlend.Source> =
            knowledge == .none ? [.factors, .content, .neighbours, .linear] : []
        let isEnough = whole >= fewestOfState
        var design = isEnough ? all.part(numbers) : all
        // Few lists are pulled towards everybody's weights, many go their own way.
        var weights =
            isEnough
            ? try design.fitted(pull: 0.1 / Double(numbers.count), towards: everybody, without: silent).weights
            : zip(BlendDesign.sources, everybody).map { silent.contains($0) ? 0 : $1 }
        if weights.allSatisfy({ $0 == 0 }) { weights[BlendDesign.sources.firstIndex(of: .popularity)!] = 1 }
        weights = shares(weights)
        // Everything else is about the lists that everybody gets.
        if isEnough, whole < numbers.count { design = all.part(Array(numbers.prefix(whole))) }
        if isEnough { weights = surely(better: weights, on: design) }
        weights = shares(weights.map { $0 < smallestShare ? 0 : $0 })
        let line = calibrated(design, weights)
        var mixture = LearnedBlend.Mixture(
            weights: .init(), intercept: Float(line.intercept), slope: Float(line.slope),
            users: isEnough ? whole : 0, ndcg: mean(design.ndcg(weights)), alone: [:])
        for (place, source) in BlendDesign.sources.enumerated() {
            mixture.weights[source] = Float(weights[place])
            if !silent.contains(source) { mixture.alone[source.rawValue] = mean(design.ndcg(unit(source))) }
        }
        return mixture
    }

    /// The weights, or a mixture of them with the best single source if that ranks better by more than the standard error
    /// of the difference: likelihood looks at all candidates, a list at its top.
    private static func surely(better weights: [Double], on design: BlendDesign) -> [Double] {
        let ours = design.ndcg(weights)
        let alone = BlendDesign.sources.map { (source: $0, mean: mean(design.ndcg(unit($0)))) }
        guard let best = alone.max(by: { $0.mean < $1.mean }) else { return weights }
        var (chosen, gain) = (weights, 0.0)
        for share in [0.25, 0.5, 0.75, 1] {
            let mixed = zip(weights, unit(best.source)).map { (1 - share) * $0 + share * $1 }
            let differences = zip(design.ndcg(mixed), ours).map { $0 - $1 }
            let difference = mean(differences)
            let variance = differences.reduce(0) { $0 + ($1 - difference) * ($1 - difference) }
            let error = (variance / Double(max(1, differences.count - 1)) / Double(differences.count)).squareRoot()
            if difference > max(gain, error) { (chosen, gain) = (mixed, difference) }
        }
        return chosen
    }

    /// a and b of P(liked) = 1 / (1 + exp(−(a + b · score))), by likelihood over the first ``calibratedDepth`` candidates of
    /// each list: those are what people see. Newton steps, with a little pull so that there is always a least (Platt 1999).
    static func calibrated(_ design: BlendDesign, _ weights: [Double]) -> (intercept: Double, slope: Double) {
        var shown: [(score: Double, isLiked: Double)] = []
        for list in 0..<design.count {
            let scores = design.scores(list, weights)
            for place in BlendDesign.largest(calibratedDepth, of: scores) {
                shown.append((scores[place], design.isLiked[design.starts[list] + place] ? 1 : 0))
            }
        }
        let liked = shown.reduce(0) { $0 + $1.isLiked }
        guard !shown.isEmpty else { return (0, 0) }
        let share = (liked + 0.5) / (Double(shown.count) + 1)
        var (a, b) = (log(share / (1 - share)), 0.0)
        let pull = 1e-3
        for _ in 0..<50 {
            var (ga, gb, haa, hab, hbb) = (0.0, pull * b, pull, 0.0, pull)
            for (score, isLiked) in shown {
                let p = 1 / (1 + exp(-(a + b * score)))
                let w = p * (1 - p)
                ga += p - isLiked
                gb += (p - isLiked) * score
                haa += w
                hab += w * score
                hbb += w * score * score
            }
            let determinant = haa * hbb - hab * hab
            guard determinant > 1e-12 else { break }
            let (da, db) = ((hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant)
            (a, b) = (a - da, b - db)
            if abs(da) + abs(db) < 1e-9 { break }
        }
        // A probability that falls with the score would be a riddle; then all are as likely.
        return a.isFinite && b.isFinite && b >= 0 ? (a, b) : (log(share / (1 - share)), 0)
    }

    /// How far down a list probabilities are fitted and checked: a usual page.
    static let calibratedDepth = 20

    static func unit(_ source: LearnedBlend.Source) -> [Double] { BlendDesign.sources.map { $0 == source ? 1 : 0 } }

    private static func shares(_ weights: [Double]) -> [Double] {
        let sum = weights.reduce(0, +)
        return sum > 0 ? weights.map { $0 / sum } : weights
    }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
}
