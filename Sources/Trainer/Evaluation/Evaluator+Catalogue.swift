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
        for exposure in outcome.exposures {
            func mean(of values: [Double]) -> Double {
                guard exposure.total > 0 else { return 0 }
                return zip(exposure.counts, values).reduce(0.0) { $0 + Double($1.0) * $1.1 } / exposure.total
            }
            result[.coverage, default: []].append(exposure.coverage)
            result[.gini, default: []].append(exposure.gini)
            result[.novelty, default: []].append(mean(of: information))
            result[.popularityRank, default: []].append(mean(of: rank))
        }
        return result
    }
}
