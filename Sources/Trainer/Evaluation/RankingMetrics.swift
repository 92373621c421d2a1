internal import Foundation

/// How well one ranked list finds one user's relevant items.
///
/// With T the set of relevant items (never empty), `hit(r)` 1 if rank r (from 1) holds one of them, k the cut-off:
///
/// | metric         | value                                                                      |
/// |----------------|----------------------------------------------------------------------------|
/// | recall         | Σ_{r≤k} hit(r) / |T|, as LightGCN and trec_eval have it                     |
/// | recall_capped  | Σ_{r≤k} hit(r) / min(k, |T|), as Liang et al. (2018): 1 is always reachable |
/// | precision      | Σ_{r≤k} hit(r) / k, also for lists shorter than k                          |
/// | hit_rate       | 1 if any hit, else 0                                                       |
/// | ndcg           | Σ_{r≤k} hit(r) / log2(r+1)  divided by  Σ_{r≤min(k,|T|)} 1 / log2(r+1)      |
/// | map            | Σ_{r≤k} hit(r) · (hits up to r) / r  divided by |T|, trec_eval's map_cut    |
/// | mrr            | 1 / rank of the first hit, 0 if there is none up to k                      |
///
/// NDCG after Järvelin and Kekäläinen (2002) with binary gain. All are in `0…1`.
public enum RankingMetric: String, CaseIterable, Codable, Sendable {
    case recall
    case recallCapped = "recall_capped"
    case precision
    case hitRate = "hit_rate"
    case ndcg
    case map
    case mrr

    /// All metrics at all cut-offs, in the order metric by metric, cut-off by cut-off.
    ///
    /// - Parameters:
    ///   - hits: ranks from 1 of the relevant items that the list holds, rising.
    ///   - relevant: |T|, at least 1.
    ///   - cutoffs: rising.
    /// - Complexity: O(metrics × cutoffs × hits).
    public static func values(hits: [Int], relevant: Int, cutoffs: [Int]) -> [Double] {
        precondition(relevant > 0, "a user without relevant items has no metrics")
        var values: [Double] = []
        values.reserveCapacity(allCases.count * cutoffs.count)
        for metric in allCases {
            for k in cutoffs { values.append(metric.value(hits: hits, relevant: relevant, k: k)) }
        }
        return values
    }

    /// One metric at one cut-off. See ``values(hits:relevant:cutoffs:)``.
    public func value(hits: [Int], relevant: Int, k: Int) -> Double {
        let hits = hits.prefix { $0 <= k }
        switch self {
        case .recall: return Double(hits.count) / Double(relevant)
        case .recallCapped: return Double(hits.count) / Double(min(k, relevant))
        case .precision: return Double(hits.count) / Double(k)
        case .hitRate: return hits.isEmpty ? 0 : 1
        case .ndcg:
            let gain = hits.reduce(0.0) { $0 + 1 / log2(Double($1 + 1)) }
            let ideal = (1...min(k, relevant)).reduce(0.0) { $0 + 1 / log2(Double($1 + 1)) }
            return gain / ideal
        case .map:
            let sum = hits.enumerated().reduce(0.0) { $0 + Double($1.offset + 1) / Double($1.element) }
            return sum / Double(relevant)
        case .mrr: return hits.first.map { 1 / Double($0) } ?? 0
        }
    }
}
