/// How many steps of conjugate gradients the half-sweeps take.
///
/// A second step costs half to two thirds of the first, and what it brings differs: next to nothing where α0 YᵀY outweighs
/// a row's own entries, a third of the first's descent where single entries weigh much. So some rows always take it, and
/// tell whether all should. What it brought falls out of the steps.
struct StepControl: Sendable {
    private let fixed: Int?
    private var shares: (users: Double?, items: Double?)

    /// From this part of the first step's descent on a second is worth its time.
    private static let leastShare = 0.125
    /// One work unit in so many takes the second step in any case.
    private static let samplePeriod = 64

    init(_ parameters: ALSParameters) {
        fixed = parameters.steps ?? (parameters.preconditioner == .none ? 3 : nil)
    }

    /// Steps of the next half-sweep, by the last one of either side.
    func next(_ side: ALSError.Side) -> Steps {
        if let fixed { return Steps(most: fixed) }
        switch (side, shares.users, shares.items) {
        case (.user, nil, _): return Steps(most: 1)  // against random factors all rows are mean rows
        case (.item, _, nil): return Steps(most: 2)
        default:
            let pays = max(shares.users ?? 0, shares.items ?? 0) >= Self.leastShare
            return Steps(most: pays ? 2 : 1, samplePeriod: pays ? nil : Self.samplePeriod)
        }
    }

    /// Learns from a half-sweep.
    mutating func took(_ side: ALSError.Side, _ sums: HalfSweep.Sums) {
        let share = sums.firstDescent > 0 ? sums.secondDescent / sums.firstDescent : 0
        switch side {
        case .user: shares.users = share
        case .item: shares.items = share
        }
    }

    /// Steps of one half-sweep.
    struct Steps: Sendable {
        /// Those of most rows.
        let most: Int
        /// One work unit in so many takes one more.
        var samplePeriod: Int?

        func ofUnit(_ unit: Int) -> Int {
            guard let samplePeriod, unit % samplePeriod == 0 else { return most }
            return most + 1
        }
    }
}
