/// How many steps of conjugate gradients the half-sweeps take.
///
/// A second step costs nearly as much as the first, and what it brings differs: next to nothing where α0 YᵀY outweighs
/// a row's own entries, a third of the first's descent where single entries weigh much. So some rows always take it, and
/// tell whether all should. What it brought falls out of the steps.
struct StepControl: Sendable {
    private let fixed: Int?
    private var shares: (users: Double?, items: Double?)
    /// By which step is the last.
    private var lengths: (users: [Int: StepLengths], items: [Int: StepLengths]) = ([:], [:])

    /// From this part of the first step's descent on a second is worth its time.
    private static let leastShare = 0.25
    /// One work unit in so many takes the second step in any case, counted from the last: those of long rows come first, and
    /// one of them may be a tenth of all entries.
    private static let samplePeriod = 64

    init(_ parameters: ALSParameters) {
        fixed = parameters.steps ?? (parameters.preconditioner == .none ? 3 : nil)
    }

    /// Steps of the next half-sweep, by the last one of either side.
    /// - Parameter measured: whether all rows shall measure their last step, so that the loss is known at once.
    func next(_ side: ALSError.Side, measured: Bool = false) -> Steps {
        var steps = count(side)
        if !measured { steps.lengths = (side == .user ? lengths.users : lengths.items)[steps.most] ?? StepLengths() }
        return steps
    }

    private func count(_ side: ALSError.Side) -> Steps {
        if let fixed { return Steps(most: fixed) }
        // Against random factors all rows are mean rows.
        if side == .user, shares.users == nil { return Steps(most: 1) }
        let pays = max(shares.users ?? 0, shares.items ?? 0) >= Self.leastShare
        return Steps(most: pays ? 2 : 1, samplePeriod: pays ? nil : Self.samplePeriod)
    }

    /// Learns from a half-sweep.
    mutating func took(_ side: ALSError.Side, _ steps: Steps, _ outcome: HalfSweep.Outcome) {
        let sums = outcome.sums
        let share = sums.firstDescent > 0 ? sums.secondDescent / sums.firstDescent : 0
        switch side {
        case .user:
            shares.users = share
            lengths.users[steps.most, default: StepLengths()].learn(from: outcome.samples)
        case .item:
            shares.items = share
            lengths.items[steps.most, default: StepLengths()].learn(from: outcome.samples)
        }
    }

    /// Steps of one half-sweep.
    struct Steps: Sendable {
        /// Those of most rows.
        let most: Int
        /// One work unit in so many takes one more.
        var samplePeriod: Int?
        /// Of each row's last one.
        var lengths = StepLengths()

        func ofUnit(_ unit: Int, of units: Int) -> Int {
            guard let samplePeriod, (units - 1 - unit) % samplePeriod == 0 else { return most }
            return most + 1
        }
    }
}
