/// How many steps of conjugate gradients the half-sweeps take.
///
/// A second step costs nearly as much as the first, and what it brings differs: next to nothing where α0 YᵀY outweighs
/// a row's own entries, a third of the first's descent where single entries weigh much. So some rows always take it, and
/// tell whether all should. What it brought falls out of the steps.
struct StepControl: Sendable {
    private let fixed: Int?
    private var shares: (users: Double?, items: Double?)
    /// Whether one step leaves the rows of both sides short of their solutions: from then on it goes further than descends the
    /// farthest, as over-relaxation does, and fewer epochs reach the same loss.
    private var isLagging = false
    /// By which step is the last.
    private var lengths: (users: [Int: StepLengths], items: [Int: StepLengths]) = ([:], [:])

    /// From this part of the first step's descent on a second is worth its time.
    private static let leastShare = 0.25
    /// A second step would bring both sides this part of the first's descent where they lag, and then a step goes so far.
    private static let lagging = 0.04
    private static let relaxation = 1.2
    /// One work unit in so many takes the second step in any case, counted from the last: those of long rows come first, and
    /// one of them may be a tenth of all entries.
    private static let samplePeriod = 64

    /// - Parameter entries: of the training.
    init(_ parameters: ALSParameters, entries: Int) {
        fixed = parameters.steps ?? (parameters.usesMeanRow(entries: entries) ? nil : 3)
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
        guard !pays else { return Steps(most: 2) }
        return Steps(most: 1, samplePeriod: Self.samplePeriod, relaxation: isLagging ? Self.relaxation : 1)
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
        if min(shares.users ?? 0, shares.items ?? 0) >= Self.lagging { isLagging = true }
    }

    /// Steps of one half-sweep.
    struct Steps: Sendable {
        /// Those of most rows.
        let most: Int
        /// One work unit in so many takes one more.
        var samplePeriod: Int?
        /// How far the others' last one goes, in lengths that descend the farthest.
        var relaxation = 1.0
        /// Of each row's last one.
        var lengths = StepLengths()

        func ofUnit(_ unit: Int, of units: Int) -> Int {
            guard let samplePeriod, (units - 1 - unit) % samplePeriod == 0 else { return most }
            return most + 1
        }
    }
}
