internal import Domain
internal import Foundation
public import Linalg

/// Intervals by resampling users (Efron 1979): the percentile interval of 95 %.
///
/// Every resample draws from a stream of its own, so the numbers do not depend on the number of workers.
public struct Bootstrap: Sendable {
    public var resamples: Int
    public var seed: UInt64
    public var workers: Workers

    public init(resamples: Int = 1000, seed: UInt64 = 1, workers: Workers = Workers()) {
        self.resamples = resamples
        self.seed = seed
        self.workers = workers
    }

    /// Mean and interval of each column of a users × width table. O(resamples × users × width).
    public func intervals(of values: [Double], width: Int) -> [Interval] {
        let users = values.count / width
        guard users > 0 else { return [] }
        let sums = resampledSums(values, width: width, users: users)
        return (0..<width).map { column in
            var mean = 0.0
            for user in 0..<users { mean += values[user * width + column] }
            mean /= Double(users)
            let means = (0..<resamples).map { sums[$0 * width + column] / Double(users) }.sorted()
            return Interval(value: mean, low: means.quantile(0.025), high: means.quantile(0.975))
        }
    }

    /// For each column of a users × width table the ratio of its sum to that of the column `divisor`, with users
    /// resampled: means over what users have several of.
    func ratios(of values: [Double], width: Int, divisor: Int) -> [Interval] {
        let users = values.count / width
        guard users > 0 else { return [] }
        let sums = resampledSums(values, width: width, users: users)
        var totals = [Double](repeating: 0, count: width)
        for (place, value) in values.enumerated() { totals[place % width] += value }
        return (0..<width).map { column in
            let ratios = (0..<resamples).map { sums[$0 * width + column] / max(sums[$0 * width + divisor], 1) }.sorted()
            return Interval(
                value: totals[column] / totals[divisor], low: ratios.quantile(0.025), high: ratios.quantile(0.975))
        }
    }

    /// The relative difference of two means over the same users, (ā − b̄) / b̄, with users resampled in pairs. Zero
    /// where both are zero; nil if b̄ is zero and ā is not.
    public func relativeDifference(of a: [Double], to b: [Double]) -> Interval? {
        precondition(a.count == b.count, "paired values of different users")
        let table = zip(a, b).flatMap { [$0, $1] }
        guard !table.isEmpty else { return nil }
        func relative(_ a: Double, _ b: Double) -> Double? { b == 0 ? (a == 0 ? 0 : nil) : (a - b) / b }
        guard let value = relative(a.reduce(0, +), b.reduce(0, +)) else { return nil }
        let sums = resampledSums(table, width: 2, users: a.count)
        let differences = (0..<resamples).map { relative(sums[2 * $0], sums[2 * $0 + 1]) ?? .infinity }.sorted()
        return Interval(value: value, low: differences.quantile(0.025), high: differences.quantile(0.975))
    }

    /// Percentile intervals of statistics of the column sums of a users × width table.
    /// - Parameter statistics: of column sums; a value that there is not is not finite.
    func intervals(
        of values: [Double], width: Int, statistics: ([Double]) -> [Double]
    ) -> [Interval] {
        let users = values.count / width
        guard users > 0 else { return [] }
        var totals = [Double](repeating: 0, count: width)
        for (place, value) in values.enumerated() { totals[place % width] += value }
        let sums = resampledSums(values, width: width, users: users)
        let resampled = (0..<resamples).map { statistics(Array(sums[$0 * width..<($0 + 1) * width])) }
        return statistics(totals).enumerated().map { place, value in
            let sorted = resampled.map { $0[place] }.filter { !$0.isNaN }.sorted()
            guard !sorted.isEmpty else { return Interval(value: value) }
            return Interval(value: value, low: sorted.quantile(0.025), high: sorted.quantile(0.975))
        }
    }

    /// Resamples that go over the table together, and rows of it that they take at a time: so many stay in the cache.
    private static let together = 8
    private static let rowsAtOnce = 512

    /// Resample by resample, the column sums.
    ///
    /// A resample is first drawn as how often it has each user. Then several go over the table together: to fetch the rows as
    /// they are drawn would wait for memory at each of them.
    private func resampledSums(_ values: [Double], width: Int, users: Int) -> [Double] {
        let lanes = (width + 7) / 8
        // Rows of whole vectors; what is beyond `width` stays zero.
        var table = [SIMD8<Double>](repeating: .zero, count: users * lanes)
        for (place, value) in values.enumerated() {
            let (user, column) = place.quotientAndRemainder(dividingBy: width)
            table[user * lanes + column / 8][column % 8] = value
        }
        var sums = [SIMD8<Double>](repeating: .zero, count: resamples * lanes)
        let (seed, resamples) = (seed, resamples)
        table.withUnsafeBufferPointer { table in
            sums.withUnsafeMutableBufferPointer { sums in
                let table = Shared(table.baseAddress!)
                let sums = SharedMutable(sums.baseAddress!)
                workers.run(units: (resamples + Self.together - 1) / Self.together) { _, unit in
                    let own = unit * Self.together..<min((unit + 1) * Self.together, resamples)
                    Self.add(own, seed: seed, users: users, lanes: lanes, table.pointer, to: sums.pointer)
                }
            }
        }
        return (0..<resamples).flatMap { resample in
            (0..<width).map { sums[resample * lanes + $0 / 8][$0 % 8] }
        }
    }

    /// The sums of some resamples. `table` has `users` rows of `lanes` vectors, `sums` has one such row for each resample there
    /// is: nothing else is touched, and no two calls at once have a resample in common.
    private static func add(
        _ own: Range<Int>, seed: UInt64, users: Int, lanes: Int, _ table: UnsafePointer<SIMD8<Double>>,
        to sums: UnsafeMutablePointer<SIMD8<Double>>
    ) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: own.count * users) { times in
            times.initialize(repeating: 0)
            for (number, resample) in own.enumerated() {
                var generator = SeededGenerator(seed: seed, stream: UInt64(resample))
                // `below` is less than `users`, what each resample has of `times`.
                for _ in 0..<users { times[number * users + generator.below(users)] += 1 }
            }
            for first in stride(from: 0, to: users, by: rowsAtOnce) {
                let rows = first..<min(first + rowsAtOnce, users)
                for (number, resample) in own.enumerated() {
                    let target = sums + resample * lanes
                    for user in rows where times[number * users + user] > 0 {
                        let weight = Double(times[number * users + user])
                        let row = table + user * lanes
                        for lane in 0..<lanes { target[lane] += weight * row[lane] }
                    }
                }
            }
        }
    }
}

extension [Double] {
    /// The quantile of sorted values by linear interpolation (Hyndman and Fan's type 7, numpy's default).
    fileprivate func quantile(_ share: Double) -> Double {
        let position = share * Double(count - 1)
        let low = Int(position)
        guard low + 1 < count else { return self[count - 1] }
        // Without this, infinity times zero would be NaN.
        let rest = position - Double(low)
        return rest == 0 ? self[low] : self[low] + (self[low + 1] - self[low]) * rest
    }
}
