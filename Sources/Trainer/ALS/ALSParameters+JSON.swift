extension ALSParameters {
    private enum CodingKeys: String, CodingKey {
        case rank, epochs, alpha0, lambda, nu, weighting, solver, steps, preconditioner, precision, block, seed
        case threads
    }

    private static let defaultBlock = 64

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            rank: try values.decode(Int.self, forKey: .rank), epochs: try values.decode(Int.self, forKey: .epochs),
            alpha0: try values.decode(Float.self, forKey: .alpha0),
            lambda: try values.decode(Float.self, forKey: .lambda), nu: try values.decode(Float.self, forKey: .nu),
            weighting: try values.decode(Weighting.self, forKey: .weighting),
            solver: try values.decode(Solver.self, forKey: .solver),
            steps: try values.decodeIfPresent(Int.self, forKey: .steps),
            preconditioner: try values.decodeIfPresent(Preconditioner.self, forKey: .preconditioner) ?? .none,
            precision: try values.decodeIfPresent(Precision.self, forKey: .precision) ?? .float32,
            block: try values.decodeIfPresent(Int.self, forKey: .block) ?? Self.defaultBlock,
            seed: try values.decode(UInt64.self, forKey: .seed),
            threads: try values.decodeIfPresent(Int.self, forKey: .threads))
    }

    /// A block of the default size and a missing preconditioner are left out: the digest of a configuration must not change
    /// because a later version can say more.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(rank, forKey: .rank)
        try values.encode(epochs, forKey: .epochs)
        try values.encode(alpha0, forKey: .alpha0)
        try values.encode(lambda, forKey: .lambda)
        try values.encode(nu, forKey: .nu)
        try values.encode(weighting, forKey: .weighting)
        try values.encode(solver, forKey: .solver)
        try values.encodeIfPresent(steps, forKey: .steps)
        if preconditioner != .none { try values.encode(preconditioner, forKey: .preconditioner) }
        if precision != .float32 { try values.encode(precision, forKey: .precision) }
        if block != Self.defaultBlock { try values.encode(block, forKey: .block) }
        try values.encode(seed, forKey: .seed)
        try values.encodeIfPresent(threads, forKey: .threads)
    }
}
