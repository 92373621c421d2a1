/// What to minimise and how: the settings of one ``ALS/fit(interactions:parameters:warmStart:onEpoch:)``.
///
/// The loss over users u, items i and the set S of observed pairs, after Hu, Koren, Volinsky (2008) with the unobserved
/// weight and frequency-scaled regularisation of Rendle et al. (2021):
///
///     L(P, Q) = Σ_(u,i)∈S c_ui (⟨p_u, q_i⟩ − 1)²  +  α0 Σ_u Σ_i ⟨p_u, q_i⟩²
///               + λ ( Σ_u (|S_u| + α0 |I|)^ν ‖p_u‖²  +  Σ_i (|S_i| + α0 |U|)^ν ‖q_i‖² )
///
/// A negative c_ui means |c_ui| confidence that the user does *not* like the item: its target is 0 instead of 1.
///
/// With ``Weighting/mllib`` it is the objective of Spark's MLlib instead, as docs/spark.md has it.
public struct ALSParameters: Codable, Hashable, Sendable {
    /// Length of a factor vector, `1…1024`, at most the number of items.
    public var rank: Int
    /// Alternations over both sides.
    public var epochs: Int
    /// α0: the weight of a pair that was not observed, ≥ 0.
    public var alpha0: Float
    /// λ ≥ 0.
    public var lambda: Float
    /// ν in `0…1`: how much λ grows with the number of a row's observations. 0 is plain L2.
    public var nu: Float
    public var weighting: Weighting
    public var solver: Solver
    /// Steps of conjugate gradients a half-sweep, `1…100`. Nil takes one or two, as many as pay; without a preconditioner
    /// three.
    public var steps: Int?
    /// What makes them descend faster.
    public var preconditioner: Preconditioner
    /// In what form they read the factors of the other side.
    public var precision: Precision
    /// Factors that `ials++` solves together, a multiple of 16.
    public var block: Int
    /// Seed of the start factors.
    public var seed: UInt64
    /// Workers; nil takes every core. The factors do not depend on it.
    public var threads: Int?

    /// How the weight of an observed pair relates to α0.
    public enum Weighting: String, Codable, Sendable {
        /// c_ui comes on top of α0, as in the equation above (Rendle et al. 2021).
        case additive
        /// c_ui replaces α0 at observed pairs (Hu et al. 2008, and the Python library `implicit` with α0 = 1).
        case replacing
        /// As Spark's MLlib has it, times α0: an observed pair weighs α0 + |c_ui| with its own target, 1 or 0, and a row's
        /// ridge is λ α0 n for its n liked entries, so that λ is `regParam` and 1/α0 is `alpha`. Only with
        /// ``Solver/exact``; ν has no meaning.
        case mllib
    }

    /// How the least-squares problem of a row is solved; all of them go towards the same minimum. docs/als.md compares
    /// them.
    public enum Solver: String, Codable, CaseIterable, Sendable {
        /// Conjugate gradients, rows in batches. The fastest to any loss.
        case cg
        /// Each row's equations by Cholesky factorisation.
        case exact
        /// Blocks of factors in turn, each exactly: near the exact solver's descent at large ranks for less work.
        case subspace = "ials++"
    }

    /// The equations that stand in for a row's own while conjugate gradients choose their direction: the closer they
    /// are, the fewer steps suffice. Read by the solver `cg` alone.
    public enum Preconditioner: String, Codable, CaseIterable, Sendable {
        /// The mean row where there are enough interactions for its decompositions. On smaller sets three steps without, and
        /// short rows exactly where many have one length.
        case automatic = "auto"
        /// The textbook's steps, as the Python library `implicit` takes them: three of them for the descent of one with the
        /// mean row.
        case none
        /// The equations of a mean row with as many entries.
        case meanRow = "mean-row"
    }

    /// The form in which conjugate gradients read the factors of the fixed side, row after row that an entry touches. Factors
    /// themselves and all sums are 32-bit floats. Read by the solver `cg` alone.
    public enum Precision: String, Codable, CaseIterable, Sendable {
        /// As they are.
        case float32
        /// 16 bits each: half of the bytes for the same loss to four digits and more (docs/decisions/factors-in-16-bits.md). As
        /// they are where there are fewer than 4096 interactions a factor.
        case bfloat16
    }

    /// The defaults suit sets like MovieLens with confidences around 1; docs/als.md tells how they were chosen.
    public init(
        rank: Int = 64, epochs: Int = 12, alpha0: Float = 0.2, lambda: Float = 0.01, nu: Float = 1,
        weighting: Weighting = .additive, solver: Solver = .cg, steps: Int? = nil,
        preconditioner: Preconditioner = .automatic, precision: Precision = .bfloat16, block: Int = 64,
        seed: UInt64 = 1, threads: Int? = nil
    ) {
        self.rank = rank
        self.epochs = epochs
        self.alpha0 = alpha0
        self.lambda = lambda
        self.nu = nu
        self.weighting = weighting
        self.solver = solver
        self.steps = steps
        self.preconditioner = preconditioner
        self.precision = precision
        self.block = block
        self.seed = seed
        self.threads = threads
    }

    /// - Throws: ``ALSError/parameter(name:value:expected:)`` naming the first that is out of range.
    public func validate() throws(ALSError) {
        try ALSError.checkCounts(rank: rank, epochs: epochs, threads: threads)
        try ALSError.check(alpha0.isFinite && alpha0 >= 0, "alpha0", alpha0, "a number from 0 up")
        try ALSError.check(lambda.isFinite && lambda >= 0, "lambda", lambda, "a number from 0 up")
        try ALSError.check(nu >= 0 && nu <= 1, "nu", nu, "from 0 to 1")
        if let steps { try ALSError.check((1...100).contains(steps), "steps", steps, "from 1 to 100") }
        try ALSError.check(
            (16...1024).contains(block) && block % 16 == 0, "block", block, "a multiple of 16 up to 1024")
        if weighting == .mllib {
            try ALSError.check(alpha0 > 0, "alpha0", alpha0, "above 0, since MLlib's alpha is 1/alpha0")
        }
    }

    /// λ_u: the regularisation of a row with `count` observations against `others` rows of the other side.
    func ridge(count: Int, others: Int) -> Float {
        let frequency = Double(count) + Double(alpha0) * Double(others)
        return Float(Double(lambda) * (nu == 0 ? 1 : power(frequency, Double(nu))))
    }

    /// The regularisation of a row with these confidences, as they were given, against `others` rows of the other side.
    func ridge(of confidences: some Collection<Float>, others: Int) -> Float {
        guard weighting == .mllib else { return ridge(count: confidences.count, others: others) }
        return Float(Double(lambda) * Double(alpha0) * Double(confidences.count { $0 > 0 }))
    }

    /// A confidence as the equations take it, with ``base`` in it: its sign says the target, its size the whole weight.
    func entry(_ confidence: Float) -> Float {
        guard weighting == .mllib else { return confidence }
        return confidence > 0 ? alpha0 + confidence : -(alpha0 - confidence)
    }

    /// Whether a training has so many interactions that decompositions of k × k matrices count for little beside them, and
    /// the factors lie in far caches or in memory.
    private func isLarge(entries: Int) -> Bool { entries >= 4096 * rank }

    /// Whether a small set is left to plain steps. They need α0 and λ above 0: where a row's matrix is singular they run off
    /// along what it leaves open, and the mean row does not.
    private func takesPlainSteps(entries: Int) -> Bool { !isLarge(entries: entries) && alpha0 > 0 && lambda > 0 }

    /// Whether steps are preconditioned with the mean row.
    func usesMeanRow(entries: Int) -> Bool {
        guard solver == .cg, preconditioner != .none else { return false }
        return preconditioner == .meanRow || !takesPlainSteps(entries: entries)
    }

    /// Whether short rows are solved exactly; see ``ShortRows``.
    func solvesShortRows(entries: Int) -> Bool {
        solver == .cg && preconditioner == .automatic && takesPlainSteps(entries: entries)
    }

    /// Whether the fixed side is read in 16 bits a factor.
    func readsPairs(entries: Int) -> Bool { solver == .cg && precision == .bfloat16 && isLarge(entries: entries) }

    /// The weight that α0 YᵀY already gives to an observed pair and that must come off again.
    var base: Float { weighting == .additive ? 0 : alpha0 }
}
