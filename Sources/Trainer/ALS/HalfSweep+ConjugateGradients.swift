import Linalg

extension HalfSweep {
    /// Gathered factor rows of a batch, in floats: with its 128 × rank unknowns they fit in the L2 cache.
    private static let batchFloats = 131_072

    /// Improves the rows of one unit by a few steps of conjugate gradients each (Takács, Pilászy, Tikk 2011), many rows
    /// together: what all rows share, the product with α0 YᵀY, becomes one matrix product for the batch.
    func solveByGradients(
        _ system: RowSystem, _ range: Range<Int>, _ scratch: RowScratch, _ turn: Turn
    ) throws(ALSError) -> Sums {
        var sums = Sums()
        var first = range.lowerBound
        while first < range.upperBound {
            if plan.isLong(first, rows) {
                first += 1
                continue
            }
            var end = first
            var gathered = 0
            while end < range.upperBound, end - first < RowScratch.batchRows, !plan.isLong(end, rows) {
                gathered += rows.count(ofRow: end) * system.rank
                if end > first, gathered > Self.batchFloats { break }
                end += 1
            }
            // A row without observations has b = 0, so its solution is zero.
            for u in first..<end where rows.count(ofRow: u) == 0 {
                system.unknowns(u).update(repeating: 0, count: system.rank)
            }
            let batch = ConsecutiveRows(system: system, first: first, count: end - first)
            try solve(batch, system.unknowns(first), scratch, turn, &sums)
            first = end
        }
        return sums
    }

    /// The same for a group of long rows, in step through the blocks of the other side's factors.
    func solveLongRows(
        _ system: RowSystem, _ group: ArraySlice<Int>, _ scratch: RowScratch, _ turn: Turn
    ) throws(ALSError) -> Sums {
        var sums = Sums()
        let k = system.rank
        let batch = BlockedRows(system: system, plan: plan, numbers: group, borders: scratch.borders)
        for (i, u) in group.enumerated() { (scratch.x + i * k).update(from: system.unknowns(u), count: k) }
        try solve(batch, scratch.x, scratch, turn, &sums)
        for (i, u) in group.enumerated() { system.unknowns(u).update(from: scratch.x + i * k, count: k) }
        return sums
    }

    /// Improves the unknowns X, one row of A X = B each.
    private func solve(
        _ batch: some RowBatch, _ X: UnsafeMutablePointer<Float>, _ scratch: RowScratch, _ turn: Turn,
        _ sums: inout Sums
    ) throws(ALSError) {
        let system = batch.system
        let kernels = system.kernels
        let k = system.rank
        let G = system.gramian.pointer
        let (R, P, Q, Z) = (scratch.r, scratch.p, scratch.q, scratch.z)
        let (rho, total) = (scratch.rho, scratch.total)

        // R = B − A X, by rows: −X G at once, then each row's own part.
        kernels.product(X, G, alpha: -1, into: R, rows: batch.count, rank: k)
        batch.residual(X, R, bx: total)
        turn.precondition(R, into: P, Q, batch)
        for i in 0..<batch.count {
            let (x, r) = (X + i * k, R + i * k)
            rho[i] = kernels.dot(r, P + i * k, rank: k)
            // xᵀA x − 2 bᵀx, with A x = b − r.
            let quadratic = -total[i] - Double(kernels.dot(x, r, rank: k))
            try checkFinite(quadratic + Double(rho[i]), row: batch.number(i), epoch: turn.epoch)
            sums.quadratic += quadratic
        }

        for _ in 1..<turn.steps {
            // Q = A P
            kernels.product(P, G, alpha: 1, into: Q, rows: batch.count, rank: k)
            batch.apply(P, Q, rho)
            for i in 0..<batch.count where rho[i] > leastResidual {
                let descent = kernels.conjugateGradientStep(
                    x: X + i * k, r: R + i * k, p: P + i * k, q: Q + i * k, rho: rho[i], rank: k)
                if descent == 0 { rho[i] = 0 }
                sums.quadratic -= descent
                if turn.steps == 2 { sums.firstDescent += descent }
            }
            turn.precondition(R, into: Z, Q, batch)
            for i in 0..<batch.count where rho[i] > leastResidual {
                rho[i] = kernels.conjugateGradientTurn(
                    p: P + i * k, r: R + i * k, z: Z + i * k, rho: rho[i], rank: k)
            }
        }

        // Of the last step no residual is wanted, so pᵀA p will do instead of A p.
        kernels.product(P, G, alpha: 1, into: Q, rows: batch.count, rank: k)
        batch.energy(P, rho, into: total)
        for i in 0..<batch.count where rho[i] > leastResidual {
            let p = P + i * k
            let ridge = Double(system.ridge(batch.number(i))) * Double(kernels.dot(p, p, rank: k))
            let descent = kernels.conjugateGradientFinish(
                x: X + i * k, p: p, q: Q + i * k, rho: rho[i], energy: total[i] + ridge, rank: k)
            sums.quadratic -= descent
            if turn.steps == 2 { sums.secondDescent += descent }
        }

        for i in 0..<batch.count {
            let x = X + i * k
            let squared = Double(kernels.dot(x, x, rank: k))
            try checkFinite(squared, row: batch.number(i), epoch: turn.epoch)
            sums.ridge += Double(system.ridge(batch.number(i))) * squared
        }
    }

    /// What is the same for all rows of a work unit.
    struct Turn: Sendable {
        let epoch: Int
        let steps: Int
        /// Nil for conjugate gradients as they are.
        let meanRow: MeanRow?

        /// Z ← M⁻¹ R; `t` is room for as many rows.
        func precondition(
            _ R: UnsafePointer<Float>, into Z: UnsafeMutablePointer<Float>, _ t: UnsafeMutablePointer<Float>,
            _ batch: some RowBatch
        ) {
            if let meanRow {
                meanRow.solve(R, into: Z, t, batch)
            } else {
                Z.update(from: R, count: batch.count * batch.system.rank)
            }
        }
    }
}
