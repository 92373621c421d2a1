internal import Foundation

/// Figures about the lists as a whole, which are no means over users.
///
/// | figure          | value at k                                                                             |
/// |-----------------|----------------------------------------------------------------------------------------|
/// | coverage        | share of the catalogue that is recommended to anybody                                  |
/// | gini            | inequality of exposure over the catalogue: 0 all equal, 1 one item gets everything      |
/// | novelty         | mean self-information −log2(p_i) of recommended items, p_i the share of users who like i, |
/// |                 | an item nobody likes counted as liked by one (Zhou et al. 2010), in bits               |
/// | popularity_rank | mean rank by popularity of recommended items, as a share of the catalogue: 0 is the top |
public enum CatalogueMetric: String, CaseIterable, Codable, Sendable {
    case coverage
    case gini
    case novelty
    case popularityRank = "popularity_rank"
}

extension Evaluator {
    /// By cut-off, all figures of ``CatalogueMetric``.
    func catalogueMetrics(of outcome: Outcome) -> [CatalogueMetric: [Double]] {
        let popularity = training.popularity
        let items = training.itemCount
        let order = (0..<items).sorted { (-popularity[$0], Int32($0)) < (-popularity[$1], Int32($1)) }
        var rank = [Double](repeating: 0, count: items)
        for (place, item) in order.enumerated() { rank[item] = Double(place) / Double(max(items - 1, 1)) }
        let information = popularity.map { -log2(Double(max($0, 1)) / Double(training.userCount)) }

        var result: [CatalogueMetric: [Double]] = [:]
        for exposure in outcome.exposure {
            let total = exposure.reduce(0.0) { $0 + Double($1) }
            func mean(of values: [Double]) -> Double {
                guard total > 0 else { return 0 }
                return zip(exposure, values).reduce(0.0) { $0 + Double($1.0) * $1.1 } / total
            }
            result[.coverage, default: []].append(Double(exposure.count { $0 > 0 }) / Double(items))
            result[.gini, default: []].append(gini(exposure))
            result[.novelty, default: []].append(mean(of: information))
            result[.popularityRank, default: []].append(mean(of: rank))
        }
        return result
    }
}

/// Gini's coefficient of the counts: Σ_j (2j − n − 1) x_(j) / (n Σ x), x sorted rising, j from 1. 0 if all are zero.
func gini(_ counts: [Int32]) -> Double {
    let total = counts.reduce(0.0) { $0 + Double($1) }
    guard total > 0 else { return 0 }
    let n = Double(counts.count)
    var sum = 0.0
    for (place, count) in counts.sorted().enumerated() { sum += (2 * Double(place + 1) - n - 1) * Double(count) }
    return sum / (n * total)
}
