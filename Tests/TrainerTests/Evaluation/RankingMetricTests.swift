import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Trainer

@Suite struct RankingMetricTests {
    /// Hits at ranks 1 and 4 of a list, three relevant items, k = 5; by hand.
    @Test func metricsAgreeWithTheirPapers() {
        let hits = [1, 4]
        #expect(isClose(RankingMetric.recall.value(hits: hits, relevant: 3, k: 5), 2.0 / 3))
        #expect(isClose(RankingMetric.recallCapped.value(hits: hits, relevant: 3, k: 2), 0.5))
        #expect(isClose(RankingMetric.precision.value(hits: hits, relevant: 3, k: 5), 0.4))
        #expect(RankingMetric.hitRate.value(hits: hits, relevant: 3, k: 1) == 1)
        #expect(RankingMetric.hitRate.value(hits: [4], relevant: 3, k: 3) == 0)
        let dcg = 1 + 1 / Foundation.log2(5.0)
        let ideal = 1.5 + 1 / Foundation.log2(3.0)
        #expect(isClose(RankingMetric.ndcg.value(hits: hits, relevant: 3, k: 5), dcg / ideal))
        #expect(isClose(RankingMetric.map.value(hits: hits, relevant: 3, k: 5), (1 + 0.5) / 3))
        #expect(isClose(RankingMetric.mrr.value(hits: [4], relevant: 3, k: 5), 0.25))
        #expect(RankingMetric.mrr.value(hits: [4], relevant: 3, k: 3) == 0)
    }

    @Test func metricsStayBetweenZeroAndOneAndRiseWithRelevance() {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<500 {
            let relevant = 1 + generator.below(30)
            let hits = Set((0..<generator.below(relevant + 1)).map { _ in 1 + generator.below(60) }).sorted()
            for metric in RankingMetric.allCases {
                for k in [1, 5, 20, 50] {
                    let value = metric.value(hits: hits, relevant: relevant, k: k)
                    #expect(value >= 0 && value <= 1 + 1e-12, "\(metric)@\(k) of \(hits)/\(relevant)")
                    let none = metric.value(hits: [], relevant: relevant, k: k)
                    #expect(none == 0)
                }
            }
        }
    }

    @Test func perfectListsScoreOne() {
        for relevant in 1...20 {
            let hits = Array(1...relevant)
            for metric in [RankingMetric.recallCapped, .ndcg, .hitRate, .mrr] {
                for k in [1, 10, 30] { #expect(isClose(metric.value(hits: hits, relevant: relevant, k: k), 1)) }
            }
            #expect(isClose(RankingMetric.map.value(hits: hits, relevant: relevant, k: 20), 1))
        }
    }

    @Test func giniMeasuresInequality() {
        #expect(Exposure(counts: [0, 0, 0]).gini == 0)
        #expect(isClose(Exposure(counts: [5, 5, 5, 5]).gini, 0))
        #expect(isClose(Exposure(counts: [0, 0, 0, 8]).gini, 0.75))
        #expect(isClose(Exposure(counts: [1, 2, 3]).gini, 2.0 / 9))
    }
}

@Suite struct BootstrapTests {
    @Test func intervalsHoldTheMeanAndDependOnTheSeedAlone() {
        var generator = SeededGenerator(seed: 3)
        let values = (0..<400).map { _ in generator.uniform() }
        let one = Bootstrap(resamples: 200, seed: 7, workers: Workers(count: 1)).intervals(of: values, width: 2)
        let three = Bootstrap(resamples: 200, seed: 7, workers: Workers(count: 3)).intervals(of: values, width: 2)
        #expect(one == three)
        for interval in one {
            #expect(interval.low! < interval.value && interval.value < interval.high!)
            // 200 uniform numbers: a standard error of 0.02.
            #expect(interval.high! - interval.low! < 0.12)
        }
        #expect(Bootstrap(resamples: 200, seed: 8).intervals(of: values, width: 2) != one)
    }

    @Test func relativeDifferenceIsPaired() throws {
        let b = (1...50).map { Double($0) }
        let difference = try #require(Bootstrap(resamples: 100).relativeDifference(of: b.map { $0 * 1.1 }, to: b))
        #expect(isClose(difference.value, 0.1) && isClose(difference.low!, 0.1) && isClose(difference.high!, 0.1))
        #expect(Bootstrap(resamples: 10).relativeDifference(of: [0, 0], to: [0, 0])?.value == 0)
        #expect(Bootstrap(resamples: 10).relativeDifference(of: [1, 0], to: [0, 0]) == nil)
    }

    @Test func holmNeverLowersAndKeepsOrder() {
        let corrected = PairedTest.holm([0.01, 0.04, 0.03, 0.005])
        // By hand: 0.005·4, 0.01·3, 0.03·2, then at least as much.
        for (a, b) in zip(corrected, [0.03, 0.06, 0.06, 0.02]) { #expect(isClose(a, b)) }
    }

    @Test func wilcoxonSeesDifferences() {
        #expect(PairedTest.wilcoxon([1, 2, 3], [1, 2, 3]) == 1)
        let a = (0..<60).map { Double($0 % 7) + 0.5 }
        let b = (0..<60).map { Double($0 % 7) }
        #expect(PairedTest.wilcoxon(a, b) < 1e-6)
    }
}
