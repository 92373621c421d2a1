import Domain
import Foundation
import TestSupport
import Testing

@testable import Trainer

@Suite struct MetricsOracleTests {
    private struct Task: Encodable {
        struct User: Encodable {
            var list: [Int]
            var relevant: [Int]
        }
        var cutoffs: [Int]
        var users: [User]
    }

    /// Every metric of every user is trec_eval's, to 1e-6: random lists, some empty, some shorter than k.
    @Test(.enabled(if: Checkout.python != nil, "needs the Python environment in .venv"))
    func metricsAgreeWithTrecEval() throws {
        var generator = SeededGenerator(seed: 11)
        let cutoffs = [1, 3, 10, 50]
        let users = (0..<300).map { _ in
            let items = 5 + generator.below(200)
            let shuffled = Array(0..<items).shuffled(using: &generator)
            let relevant = Array(0..<items).shuffled(using: &generator).prefix(1 + generator.below(min(items, 30)))
            return Task.User(list: Array(shuffled.prefix(generator.below(80))), relevant: relevant.sorted())
        }
        let answer = try python(
            "metrics_oracle.py", input: JSONEncoder().encode(Task(cutoffs: cutoffs, users: users)))
        let theirs = try JSONDecoder().decode([String: [Double]].self, from: answer)
        for metric in RankingMetric.allCases {
            for k in cutoffs {
                let values = try #require(theirs["\(metric.rawValue)@\(k)"])
                for (number, user) in users.enumerated() {
                    let hits = user.list.enumerated().filter { user.relevant.contains($0.element) }.map {
                        $0.offset + 1
                    }
                    let ours = metric.value(hits: hits, relevant: user.relevant.count, k: k)
                    #expect(abs(ours - values[number]) < 1e-6, "\(metric)@\(k) of user \(number)")
                }
            }
        }
    }
}
