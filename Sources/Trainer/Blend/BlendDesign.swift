internal import Foundation
internal import Linalg

/// Candidates as rows of numbers φ_s(x_s), one for each source, list after list: what weights are fitted to.
struct BlendDesign {
    static let sources = LearnedBlend.Source.allCases
    static var width: Int { sources.count }

    /// List n has the candidates `starts[n]..<starts[n + 1]`.
    private(set) var starts = [0]
    /// Candidates × sources.
    private(set) var values: [Float] = []
    private(set) var isLiked: [Bool] = []
    /// By list, everything that was liked afterwards, candidate or not.
    private(set) var relevant: [Int] = []

    var count: Int { relevant.count }

    /// - Parameters:
    ///   - lists: in this order.
    ///   - halfLife: which of their half-lives.
    init(_ lists: [BlendList], halfLife: Int, epsilon: LearnedBlend.Values) {
        let rows = lists.reduce(0) { $0 + $1.items.count }
        values.reserveCapacity(rows * Self.width)
        isLiked.reserveCapacity(rows)
        let curves = Self.sources.map { LearnedBlend.Curve(epsilon[$0]) }
        for list in lists {
            for (place, value) in list.values.enumerated() {
                var value = value
                value.recent = list.recent[halfLife][place]
                for (source, curve) in zip(Self.sources, curves) { values.append(curve(value[source])) }
            }
            isLiked += list.isLiked
            relevant.append(list.relevant.count)
            starts.append(isLiked.count)
        }
    }

    /// The lists of some of the numbers.
    func part(_ numbers: [Int]) -> BlendDesign {
        var part = self
        (part.starts, part.values, part.isLiked, part.relevant) = ([0], [], [], [])
        let rows = numbers.reduce(0) { $0 + starts[$1 + 1] - starts[$1] }
        part.values.reserveCapacity(rows * Self.width)
        part.isLiked.reserveCapacity(rows)
        for number in numbers {
            let range = starts[number]..<starts[number + 1]
            part.values += values[range.lowerBound * Self.width..<range.upperBound * Self.width]
            part.isLiked += isLiked[range]
            part.relevant.append(relevant[number])
            part.starts.append(part.isLiked.count)
        }
        return part
    }

    /// What each candidate of a list scores with these weights.
    func scores(_ list: Int, _ weights: [Double]) -> [Double] {
        (starts[list]..<starts[list + 1]).map { row in
            var sum = 0.0
            for s in 0..<Self.width { sum += weights[s] * Double(values[row * Self.width + s]) }
            return sum
        }
    }

    /// The candidates of a list by falling score, equal ones in their order, as numbers of rows; the first `count`.
    func ranked(_ list: Int, _ weights: [Double], count: Int) -> [Int] {
        let scores = scores(list, weights)
        return Self.largest(count, of: scores).map { starts[list] + $0 }
    }

    /// Where the `count` largest values are, falling, equal ones in their order: each is put where it belongs among those
    /// found so far, which most values do not reach. O(n + found × count).
    static func largest(_ count: Int, of values: [Double]) -> [Int] {
        guard count > 0 else { return [] }
        var found: [(value: Double, place: Int)] = []
        found.reserveCapacity(count + 1)
        for (place, value) in values.enumerated() {
            guard found.count < count || value > found[found.count - 1].value else { continue }
            var at = found.count
            while at > 0, value > found[at - 1].value { at -= 1 }
            found.insert((value, place), at: at)
            if found.count > count { found.removeLast() }
        }
        return found.map(\.place)
    }

    /// NDCG@10 of each list with these weights. See ``RankingMetric``.
    func ndcg(_ weights: [Double]) -> [Double] {
        let k = Manifest.headlineCutoff
        return (0..<count).map { list in
            let hits = ranked(list, weights, count: k).enumerated().filter { isLiked[$0.element] }.map { $0.offset + 1 }
            return RankingMetric.ndcg.value(hits: hits, relevant: relevant[list], k: k)
        }
    }

    // MARK: Fitting

    /// The loss, its gradient and its Hessian at `weights`:
    ///
    ///     L(w) = −1/N Σ_lists 1/|liked| Σ_{i liked} ln softmax(w·φ)(i)  +  r ‖w − w₀‖²
    ///
    /// Lists of whose candidates none was liked say nothing and are left out.
    private func loss(
        _ weights: [Double], pull: Double, towards prior: [Double]
    ) -> (value: Double, gradient: [Double], hessian: [Double]) {
        let d = Self.width
        var value = 0.0
        var gradient = [Double](repeating: 0, count: d)
        var hessian = [Double](repeating: 0, count: d * d)
        var used = 0
        var mean = [Double](repeating: 0, count: d)
        var second = [Double](repeating: 0, count: d * d)
        values.withUnsafeBufferPointer { x in
            for list in 0..<count {
                let rows = starts[list]..<starts[list + 1]
                let liked = rows.count { isLiked[$0] }
                guard liked > 0 else { continue }
                used += 1
                let scores = scores(list, weights)
                let largest = scores.max() ?? 0
                var total = 0.0
                for i in 0..<d { mean[i] = 0 }
                for i in 0..<d * d { second[i] = 0 }
                for row in rows {
                    let score = scores[row - rows.lowerBound]
                    let e = exp(score - largest)
                    total += e
                    for i in 0..<d where x[row * d + i] != 0 {
                        let xi = e * Double(x[row * d + i])
                        mean[i] += xi
                        for j in 0...i { second[i * d + j] += xi * Double(x[row * d + j]) }
                    }
                    guard isLiked[row] else { continue }
                    value -= (score - largest) / Double(liked)
                    for i in 0..<d { gradient[i] -= Double(x[row * d + i]) / Double(liked) }
                }
                value += log(total)
                for i in 0..<d {
                    gradient[i] += mean[i] / total
                    for j in 0...i {
                        hessian[i * d + j] += second[i * d + j] / total - mean[i] * mean[j] / (total * total)
                    }
                }
            }
        }
        let n = Double(max(1, used))
        value /= n
        for i in 0..<d {
            let off = weights[i] - prior[i]
            value += pull * off * off
            gradient[i] = gradient[i] / n + 2 * pull * off
            for j in 0...i { hessian[i * d + j] = hessian[i * d + j] / n + (i == j ? 2 * pull : 0) }
        }
        return (value, gradient, hessian)
    }

    /// The weights ≥ 0 of the least loss, by Newton steps projected to what is not negative (Bertsekas 1982).
    /// - Parameters:
    ///   - pull: r of the loss, above 0.
    ///   - fixed: sources that keep weight 0.
    func fitted(
        pull: Double, towards prior: [Double], without fixed: Set<LearnedBlend.Source> = []
    ) throws -> (weights: [Double], loss: Double) {
        let d = Self.width
        let isFixed = Self.sources.map(fixed.contains)
        let start = zip(prior, isFixed).map { $1 ? 0 : max($0, 0.5) }
        var (weights, current) = (start, loss(start, pull: pull, towards: prior))
        for _ in 0..<60 {
            let free = (0..<d).filter { !isFixed[$0] && (weights[$0] > 1e-9 || current.gradient[$0] < 0) }
            guard !free.isEmpty else { break }
            var system = try Matrix(rows: free.count, columns: free.count)
            for (a, i) in free.enumerated() {
                for (b, j) in free[0...a].enumerated() { system[a, b] = Float(current.hessian[i * d + j]) }
            }
            let step = try Cholesky(of: system).solve(free.map { Float(-current.gradient[$0]) })
            var length = 1.0
            var moved = false
            while length > 1e-4 {
                var next = weights
                for (a, i) in free.enumerated() { next[i] = max(0, weights[i] + length * Double(step[a])) }
                let there = loss(next, pull: pull, towards: prior)
                if there.value < current.value {
                    moved = current.value - there.value > 1e-9
                    (weights, current) = (next, there)
                    break
                }
                length /= 2
            }
            guard moved else { break }
        }
        return (weights, current.value)
    }
}

/// One source by itself: its curve.
enum SourceCurve {
    /// What ε is tried.
    static let epsilons: [Float] = [0.001, 0.01, 0.1, 1]

    /// The ε with which the source alone tells best what was liked, over the lists in which it says anything: of the
    /// largest likelihood of a softmax over the candidates, the steepness fitted.
    static func epsilon(_ lists: [(x: [Float], isLiked: [Bool])]) -> Float {
        let speaking = lists.filter { list in
            list.x.contains { $0 > 0 } && list.isLiked.contains(true)
        }
        guard !speaking.isEmpty else { return 0.1 }
        return epsilons.min { least(speaking, $0) < least(speaking, $1) } ?? 0.1
    }

    /// By Newton steps in one dimension; convex.
    private static func least(_ lists: [(x: [Float], isLiked: [Bool])], _ epsilon: Float) -> Double {
        let curve = LearnedBlend.Curve(epsilon)
        let scaled = lists.map { $0.x.map { Double(curve($0)) } }
        var steepness = 1.0
        var value = Double.infinity
        for _ in 0..<12 {
            var (sum, slope, curvature) = (0.0, 0.0, 0.0)
            for (list, x) in zip(lists, scaled) {
                var (total, first, second, liked, own) = (0.0, 0.0, 0.0, 0.0, 0.0)
                for i in x.indices {
                    let e = exp(steepness * (x[i] - 1))
                    total += e
                    first += e * x[i]
                    second += e * x[i] * x[i]
                    if list.isLiked[i] { (liked, own) = (liked + 1, own + x[i]) }
                }
                sum += log(total) + steepness - steepness * own / liked
                slope += first / total - own / liked
                curvature += second / total - (first / total) * (first / total)
            }
            value = min(value, sum)
            guard curvature > 1e-9 else { break }
            let next = min(max(steepness - slope / curvature, 0), 40)
            if abs(next - steepness) < 1e-4 { break }
            steepness = next
        }
        return value
    }
}
