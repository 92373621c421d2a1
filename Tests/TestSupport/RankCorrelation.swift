/// Spearman's rank correlation of two lists of equal length, −1…1: 1 if both put the same in the same order.
///
/// Equal values rank in the order they come, so it is for numbers that are rarely equal. 0 below two values.
public func rankCorrelation(_ a: [Double], _ b: [Double]) -> Double {
    func ranks(_ values: [Double]) -> [Double] {
        var ranks = [Double](repeating: 0, count: values.count)
        for (rank, index) in values.indices.sorted(by: { values[$0] < values[$1] }).enumerated() {
            ranks[index] = Double(rank)
        }
        return ranks
    }
    let squares = zip(ranks(a), ranks(b)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let n = Double(a.count)
    return n < 2 ? 0 : 1 - 6 * squares / (n * (n * n - 1))
}
