internal import Domain
public import Linalg

/// Alternating least squares: fixes one side's factors and solves the other side's rows, in turn.
///
///     let factors = try ALS.fit(interactions: confidences, parameters: ALSParameters()) { report in
///         print(report.epoch, report.loss)
///     }
///
/// With one side fixed the loss (see ``ALSParameters``) falls apart into one quadratic for each row of the other, and
/// row u's minimum solves A_u p_u = b_u with
///
///     A_u = α0 QᵀQ + Σ_(i∈S_u) w_ui q_i q_iᵀ + λ_u I        b_u = Σ_(i∈S_u) c_ui q_i
///
/// α0 QᵀQ is the same for all rows and computed once a half-sweep, so unobserved pairs cost nothing.
public enum ALS {
    /// What was reached after one epoch.
    public struct EpochReport: Sendable {
        /// From 1.
        public let epoch: Int
        /// The loss of ``ALSParameters``, after both half-sweeps.
        public let loss: Double
        /// Wall-clock time of the epoch.
        public let seconds: Double
        /// Steps of conjugate gradients that most rows took; 0 with other solvers.
        public let steps: (users: Int, items: Int)
    }

    /// Factorises a users × items matrix of confidences.
    ///
    /// Blocks the calling thread and runs `parameters.threads` workers: never call it on the cooperative pool. The
    /// factors are the same bytes for any number of workers. O(epochs × (entries × rank + rows × rank²)) for `cg`.
    ///
    /// - Parameters:
    ///   - warmStart: factors to start from, of the same shape; nil starts from random numbers.
    ///   - onEpoch: called after each epoch, or half an epoch later if its loss is only known then; what it throws stops the
    ///     training and is thrown on.
    ///   - proceeding: asked after each epoch with the factors so far; false ends the training there. They are copied for
    ///     it, so a training without it costs less.
    /// - Throws: ``ALSError``, and what `onEpoch` throws.
    public static func fit(
        interactions: SparseRows, parameters: ALSParameters, warmStart: ALSFactors? = nil,
        onEpoch: (EpochReport) throws -> Void = { _ in },
        proceeding: ((EpochReport, ALSFactors) throws -> Bool)? = nil
    ) throws -> ALSFactors {
        try parameters.validate()
        // What leads a row of MLlib's is exact alone; other solvers have its ridge from the number of entries.
        try ALSError.check(
            parameters.weighting != .mllib || parameters.solver == .exact, "solver", parameters.solver.rawValue,
            "exact with the weighting of MLlib")
        try check(interactions, rank: parameters.rank)
        let interactions = try parameters.entries(of: interactions)
        try checkMemory(interactions, parameters)
        let workers = Workers(count: parameters.threads)
        var factors = try start(interactions, parameters, warmStart)
        let byItem = interactions.transposed(workers: workers)
        let users = HalfSweep(
            side: .user, rows: interactions, transposed: byItem, parameters: parameters, workers: workers)
        let items = HalfSweep(
            side: .item, rows: byItem, transposed: interactions, parameters: parameters, workers: workers)
        var control = StepControl(parameters, entries: interactions.count)
        let constant = interactions.values.reduce(0.0) { $0 + Double(max($1, 0)) }
        let clock = ContinuousClock()
        // Where rows did not measure their last steps, the loss of an epoch is what the next one finds.
        var unreported: ((_ found: Double) -> EpochReport)?
        for epoch in 1...parameters.epochs {
            let begin = clock.now
            let userSteps = control.next(.user)
            let userOutcome = try users.run(
                &factors.userFactors, against: factors.itemFactors, epoch: epoch, steps: userSteps)
            control.took(.user, userSteps, userOutcome)
            if let report = unreported.take() { try onEpoch(report(userOutcome.sums.found)) }
            // Who is asked about an epoch shall know its loss, and nobody finds that of the last.
            let itemSteps = control.next(.item, measured: proceeding != nil || epoch == parameters.epochs)
            let itemOutcome = try items.run(
                &factors.itemFactors, against: factors.userFactors, epoch: epoch, steps: itemSteps)
            control.took(.item, itemSteps, itemOutcome)
            let elapsed = begin.duration(to: clock.now)
            let seconds = elapsed.inSeconds
            func report(_ quadratic: Double, ridge: Double) -> EpochReport {
                EpochReport(
                    epoch: epoch, loss: constant + quadratic + ridge, seconds: seconds,
                    steps: parameters.solver == .cg ? (userSteps.most, itemSteps.most) : (0, 0))
            }
            guard itemOutcome.sums.isMeasured else {
                unreported = { report($0, ridge: itemOutcome.sums.ridge) }
                continue
            }
            let known = report(itemOutcome.sums.quadratic, ridge: userOutcome.sums.ridge)
            try onEpoch(known)
            if let proceeding, try !proceeding(known, trimmed(factors, parameters.rank)) { break }
        }
        factors.userFactors = try factors.userFactors.withColumns(parameters.rank)
        factors.itemFactors = try factors.itemFactors.withColumns(parameters.rank)
        return factors
    }

    /// A copy without the padding.
    private static func trimmed(_ factors: ALSFactors, _ rank: Int) throws -> ALSFactors {
        var factors = factors
        factors.userFactors = try factors.userFactors.withColumns(rank)
        factors.itemFactors = try factors.itemFactors.withColumns(rank)
        return factors
    }

    private static func check(_ interactions: SparseRows, rank: Int) throws(ALSError) {
        guard interactions.count > 0 else {
            throw .emptyTrainingSet(users: interactions.rows, items: interactions.columns)
        }
        guard rank <= interactions.columns else { throw .rankAboveItems(rank: rank, items: interactions.columns) }
        try checkFinite(interactions)
    }

    /// - Throws: ``ALSError/confidence(user:item:value:)`` at the first NaN or infinity. O(entries).
    static func checkFinite(_ interactions: SparseRows) throws(ALSError) {
        let values = interactions.values.span
        for entry in values.indices where !values[entry].isFinite {
            let user = interactions.rowStarts.lastIndex { $0 <= Int64(entry) } ?? 0
            throw .confidence(user: user, item: Int(interactions.columnIndices[entry]), value: values[entry])
        }
    }

    /// The start factors, with zero columns added up to a multiple of the vector width: they stay zero throughout.
    private static func start(
        _ interactions: SparseRows, _ parameters: ALSParameters, _ warmStart: ALSFactors?
    ) throws -> ALSFactors {
        let users = interactions.rows
        let items = interactions.columns
        let rank = parameters.rank
        var factors: ALSFactors
        if let warmStart {
            for (what, matrix, rows) in [
                ("The start factors of users", warmStart.userFactors, users),
                ("The start factors of items", warmStart.itemFactors, items),
            ] where matrix.rows != rows || matrix.columns != rank {
                throw ALSError.shape(
                    what: what, expected: "\(rows) × \(rank)", found: "\(matrix.rows) × \(matrix.columns)")
            }
            for (side, matrix) in [
                (ALSError.Side.user, warmStart.userFactors), (.item, warmStart.itemFactors),
            ] {
                if let bad = matrix.firstNonFinite() {
                    throw ALSError.diverged(epoch: 0, side: side, row: bad.row)
                }
            }
            factors = warmStart
        } else {
            factors = try ALSFactors(users: users, items: items, rank: rank, seed: parameters.seed)
        }
        factors.userFactors = try factors.userFactors.withColumns(Kernels.padded(rank))
        factors.itemFactors = try factors.itemFactors.withColumns(Kernels.padded(rank))
        return factors
    }
}
