import Linalg

extension HalfSweep {
    /// Solves A_u x_u = b_u for each row of one unit by Cholesky factorisation.
    func solveExactly(
        _ system: RowSystem, _ range: Range<Int>, _ scratch: RowScratch, _ epoch: Int
    ) throws(ALSError) -> Sums {
        let kernels = system.kernels
        let k = system.rank
        var sums = Sums()
        for u in range {
            let x = system.unknowns(u)
            guard rows.count(ofRow: u) > 0 else {
                x.update(repeating: 0, count: k)
                continue
            }
            let (A, b) = (scratch.a, scratch.b)
            let ridge = system.ridge(u)
            if ridge == 0, parameters.weighting == .mllib,
                !rows.values[rows.entries(ofRow: u)].contains(where: { $0 > 0 })
            {
                // Nothing is liked: b is 0, and so is the solution, whether or not A can be solved.
                x.update(repeating: 0, count: k)
                continue
            }
            try checkDetermined(u, ridge, unknowns: parameters.rank)

            // A = α0 YᵀY + λ_u I + Σ w y yᵀ,  b = Σ c y
            A.update(from: system.gramian.pointer, count: k * k)
            for i in 0..<k { A[i * k + i] += i < parameters.rank ? ridge : 1 }  // padding: x_i = 0
            b.update(repeating: 0, count: k)
            kernels.accumulate(system.row(u), panel: scratch.panel, into: A, b)

            x.update(from: b, count: k)
            guard Cholesky.solve(A, size: k, x) == 0 else {
                let isNumber = kernels.dot(b, b, rank: k).isFinite
                throw isNumber ? .singular(side: side, row: u) : .diverged(epoch: epoch, side: side, row: u)
            }
            // xᵀA x − 2 bᵀx = −bᵀx at the solution.
            let quadratic = -Double(kernels.dot(b, x, rank: k))
            try checkFinite(quadratic, row: u, epoch: epoch)
            sums.quadratic += quadratic
            sums.ridge += Double(ridge) * Double(kernels.dot(x, x, rank: k))
        }
        return sums
    }

    /// - Throws: ``ALSError/singular(side:row:)`` where there are fewer equations than unknowns and nothing to choose
    ///   between their solutions; rounding can hide that from the factorisation.
    func checkDetermined(_ row: Int, _ ridge: Float, unknowns: Int) throws(ALSError) {
        if ridge == 0, parameters.alpha0 == 0, rows.count(ofRow: row) < unknowns {
            throw .singular(side: side, row: row)
        }
    }
}
