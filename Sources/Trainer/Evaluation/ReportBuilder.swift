internal import Foundation
internal import Linalg

/// Puts the measurements of a model and its baselines together.
struct ReportBuilder {
    var evaluator: Evaluator
    var bootstrap: Bootstrap
    /// Measured already; the first is the model, the second the popularity list.
    var outcomes: [Evaluator.Outcome] = []

    /// By metric and k: means with intervals, and catalogue figures without.
    func table(_ outcome: Evaluator.Outcome) -> [String: [String: Interval]] {
        let intervals = bootstrap.intervals(of: outcome.values, width: outcome.width)
        var result: [String: [String: Interval]] = [:]
        for metric in RankingMetric.allCases {
            for k in outcome.cutoffs {
                result[metric.rawValue, default: [:]][String(k)] = intervals[outcome.column(metric, at: k)!]
            }
        }
        for (metric, k, interval) in listIntervals(outcome) {
            result[metric.rawValue, default: [:]][String(k)] = interval
        }
        for (metric, values) in evaluator.catalogueMetrics(of: outcome) {
            for (k, value) in zip(outcome.cutoffs, values) {
                result[metric.rawValue, default: [:]][String(k)] = Interval(value: value)
            }
        }
        return result
    }

    /// Those that all users have are resampled together: to draw the users is most of the work.
    private func listIntervals(_ outcome: Evaluator.Outcome) -> [(metric: ListMetric, k: Int, interval: Interval)] {
        var columns = ListMetric.allCases.flatMap { metric in
            outcome.cutoffs.map { (metric: metric, k: $0, values: outcome.perUser(metric, at: $0)) }
        }
        columns.removeAll { $0.values.isEmpty }
        return Dictionary(grouping: columns, by: \.values.count).flatMap { users, columns in
            // Of the same number of users, and so of the same draws, though not always of the same users.
            let table = (0..<users).flatMap { user in columns.map { $0.values[user] } }
            return zip(columns, bootstrap.intervals(of: table, width: columns.count)).map { ($0.metric, $0.k, $1) }
        }
    }

    /// NDCG at the first cut-off by length of history and by popularity of what was relevant.
    func slices() -> [EvaluationReport.Slice] {
        guard outcomes.count >= 2 else { return [] }
        let training = evaluator.training
        let k = evaluator.cutoffs[0]
        let model = outcomes[0].perUser(.ndcg, at: k)
        let popular = outcomes[1].perUser(.ndcg, at: k)
        func slice(_ dimension: String, _ name: String, _ positions: [Int]) -> EvaluationReport.Slice? {
            guard !positions.isEmpty else { return nil }
            let both = bootstrap.intervals(of: positions.flatMap { [model[$0], popular[$0]] }, width: 2)
            return EvaluationReport.Slice(
                dimension: dimension, name: name, users: positions.count, metric: "ndcg@\(k)", model: both[0],
                popular: both[1])
        }
        let all = Array(evaluator.heldOut.users.indices)
        let lengths = all.map { training.interactions.count(ofRow: Int(evaluator.heldOut.users[$0])) }
        let histories: [(String, ClosedRange<Int>)] = [
            ("1–5", 1...5), ("6–20", 6...20), ("21–100", 21...100), ("more than 100", 101...Int.max),
        ]
        var result = histories.compactMap { name, range in
            slice("history", name, all.filter { range.contains(lengths[$0]) })
        }
        let part = training.popularityParts
        for (number, name) in ["head", "torso", "tail"].enumerated() {
            let positions = all.filter { position in
                let parts = evaluator.heldOut.relevant(of: position).map { part[Int($0)] }.sorted()
                return parts[parts.count / 2] == number
            }
            if let found = slice("median popularity of the liked items", name, positions) { result.append(found) }
        }
        return result
    }

    /// The model against each other outcome, by NDCG at the first cut-off and recall at the last.
    func comparisons() -> [EvaluationReport.Comparison] {
        guard let model = outcomes.first else { return [] }
        var result: [EvaluationReport.Comparison] = []
        for other in outcomes.dropFirst() {
            for (metric, k) in [(RankingMetric.ndcg, evaluator.cutoffs[0]), (.recall, evaluator.cutoffs.last!)] {
                let a = model.perUser(metric, at: k)
                let b = other.perUser(metric, at: k)
                let difference = bootstrap.relativeDifference(of: a, to: b)
                let verdict =
                    switch (difference?.low, difference?.high) {
                    case (let low?, _) where low > 0: "better"
                    case (_, let high?) where high < 0: "worse"
                    case (nil, nil): "better"
                    default: "no difference shown"
                    }
                result.append(
                    .init(
                        against: other.name, metric: "\(metric.rawValue)@\(k)", relativeDifference: difference,
                        pValue: PairedTest.wilcoxon(a, b),
                        minimumDetectableEffect: PairedTest.minimumDetectableEffect(a, b), verdict: verdict))
            }
        }
        for (place, p) in PairedTest.holm(result.map(\.pValue)).enumerated() { result[place].pValue = p }
        return result
    }
}
