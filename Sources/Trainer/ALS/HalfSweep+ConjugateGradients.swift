import Linalg

extension HalfSweep {
    /// Gathered factor rows of a batch, in floats: with its 128 × rank unknowns they fit in the L2 cache.
    private static let batchFloats = 131_072

    /// Improves the rows of one unit by a few steps of conjugate gradients each (Takács, Pilászy, Tikk 2011), many rows
    /// together: what all rows share, the product with α0 YᵀY, becomes one matrix product for the batch.
    func solveByGradients(
        _ system: RowSystem, _ range: Range<Int>, _ scratch: RowScratch, _ epoch: Int
    ) throws(ALSError) -> Sums {
        var sums = Sums()
        var first = range.lowerBound
        while first < range.upperBound {
            var end = first
            var gathered = 0
            while end < range.upperBound, end - first < RowScratch.batchRows {
                gathered += rows.count(ofRow: end) * system.rank
                if end > first, gathered > Self.batchFloats { break }
                end += 1
            }
            try solveBatch(system, first..<end, scratch, epoch, &sums)
            first = end
        }
        return sums
    }

    private func solveBatch(
        _ system: RowSystem, _ batch: Range<Int>, _ scratch: RowScratch, _ epoch: Int, _ sums: inout Sums
    ) throws(ALSError) {
        let kernels = system.kernels
        let k = system.rank
        let G = system.gramian.pointer
        let X = system.unknowns(batch.lowerBound)
        let (R, P, Q, rho) = (scratch.r, scratch.p, scratch.q, scratch.rho)

        // A row without observations has b = 0, so its solution is zero.
        for u in batch where rows.count(ofRow: u) == 0 { system.unknowns(u).update(repeating: 0, count: k) }

        // R = B − A X, by rows: −X G at once, then each row's own part.
        kernels.product(X, G, alpha: -1, into: R, rows: batch.count, rank: k)
        for (i, u) in batch.enumerated() {
            let (x, r, p) = (X + i * k, R + i * k, P + i * k)
            let bx = kernels.residual(system.row(u), x, r)
            p.update(from: r, count: k)
            rho[i] = kernels.dot(r, r, rank: k)
            // xᵀA x − 2 bᵀx, with A x = b − r.
            let quadratic = -bx - Double(kernels.dot(x, r, rank: k))
            try checkFinite(quadratic + Double(rho[i]), row: u, epoch: epoch)
            sums.quadratic += quadratic
        }

        for _ in 0..<parameters.steps {
            // Q = A P
            kernels.product(P, G, alpha: 1, into: Q, rows: batch.count, rank: k)
            for (i, u) in batch.enumerated() where rho[i] > 1e-20 {
                let (x, r, p, q) = (X + i * k, R + i * k, P + i * k, Q + i * k)
                kernels.apply(system.row(u), p, q)
                let step = kernels.conjugateGradientStep(x: x, r: r, p: p, q: q, rho: rho[i], rank: k)
                rho[i] = step.rho
                sums.quadratic -= step.descent
            }
        }

        for (i, u) in batch.enumerated() {
            let x = X + i * k
            let squared = Double(kernels.dot(x, x, rank: k))
            try checkFinite(squared, row: u, epoch: epoch)
            sums.ridge += Double(system.ridge(u)) * squared
        }
    }
}
