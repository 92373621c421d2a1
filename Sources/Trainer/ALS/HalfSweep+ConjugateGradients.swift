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
        // Where most rows go over their entries once, nothing needs to stay in the cache for them.
        let readsAgain = turn.steps > 1 || turn.lengths.isEmpty
        while first < range.upperBound {
            if plan.isLong(first, rows) {
                first += 1
                continue
            }
            var end = first
            var gathered = 0
            while end < range.upperBound, end - first < RowScratch.batchRows, !plan.isLong(end, rows) {
                gathered += rows.count(ofRow: end) * system.rank
                if readsAgain, end > first, gathered > Self.batchFloats { break }
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

    /// The same for rows that do not follow each other.
    func solveSomeRows(
        _ system: RowSystem, _ some: Range<Int>, _ scratch: RowScratch, _ turn: Turn
    ) throws(ALSError) -> Sums {
        var sums = Sums()
        for first in stride(from: some.lowerBound, to: some.upperBound, by: RowScratch.batchRows) {
            let numbers = plan.someRows[first..<min(first + RowScratch.batchRows, some.upperBound)]
            try solve(SomeRows(system: system, numbers: numbers), numbers, scratch, turn, &sums)
        }
        return sums
    }

    /// The same for a group of long rows, in step through the blocks of the other side's factors.
    func solveLongRows(
        _ system: RowSystem, _ some: Range<Int>, _ scratch: RowScratch, _ turn: Turn
    ) throws(ALSError) -> Sums {
        var sums = Sums()
        let batch = BlockedRows(system: system, plan: plan, some: some)
        try solve(batch, plan.longRows[some], scratch, turn, &sums)
        return sums
    }

    /// Improves rows whose unknowns do not lie together.
    private func solve(
        _ batch: some RowBatch, _ numbers: ArraySlice<Int>, _ scratch: RowScratch, _ turn: Turn, _ sums: inout Sums
    ) throws(ALSError) {
        let system = batch.system
        let k = system.rank
        for (i, u) in numbers.enumerated() { (scratch.x + i * k).update(from: system.unknowns(u), count: k) }
        try solve(batch, scratch.x, scratch, turn, &sums)
        for (i, u) in numbers.enumerated() { system.unknowns(u).update(from: scratch.x + i * k, count: k) }
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
        let (R, P, Q, Z, D) = (scratch.r, scratch.p, scratch.q, scratch.z, scratch.d)
        let (rho, total) = (scratch.rho, scratch.total)

        // R = B − A X, by rows: −X G at once, then each row's own part.
        kernels.product(X, G, alpha: -1, into: R, rows: batch.count, rank: k)
        batch.residual(X, R, bx: total)
        turn.precondition(R, into: P, D, batch)
        for i in 0..<batch.count {
            let (x, r) = (X + i * k, R + i * k)
            rho[i] = kernels.dot(r, P + i * k, rank: k)
            // xᵀA x − 2 bᵀx, with A x = b − r.
            let quadratic = -total[i] - Double(kernels.dot(x, r, rank: k))
            try checkFinite(quadratic + Double(rho[i]), row: batch.number(i), epoch: turn.epoch)
            sums.found += quadratic
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
                if turn.steps == 2, turn.ratio(batch, i) == nil { sums.firstDescent += descent }
            }
            turn.precondition(R, into: Z, Q, batch)
            for i in 0..<batch.count where rho[i] > leastResidual {
                let next = kernels.dot(R + i * k, Z + i * k, rank: k)
                kernels.conjugateGradientTurn(p: P + i * k, z: Z + i * k, beta: next / rho[i], rank: k)
                kernels.conjugateGradientTurn(p: D + i * k, z: Q + i * k, beta: next / rho[i], rank: k)
                rho[i] = next
            }
        }
        takeLastStep(batch, X, scratch, turn, &sums)

        for i in 0..<batch.count {
            let x = X + i * k
            let squared = Double(kernels.dot(x, x, rank: k))
            try checkFinite(squared, row: batch.number(i), epoch: turn.epoch)
            sums.ridge += Double(system.ridge(batch.number(i))) * squared
        }
    }

    /// X ← X + α P. Of the last step no residual is wanted, so pᵀA p will do instead of A p, and for most rows what
    /// ``StepLengths`` says of it instead of another pass over their entries.
    private func takeLastStep(
        _ batch: some RowBatch, _ X: UnsafeMutablePointer<Float>, _ scratch: RowScratch, _ turn: Turn,
        _ sums: inout Sums
    ) {
        let kernels = batch.system.kernels
        let k = batch.system.rank
        let (P, Q, rho, energy) = (scratch.p, scratch.q, scratch.rho, scratch.total)
        if turn.meanRow == nil {
            kernels.product(P, batch.system.gramian.pointer, alpha: 1, into: Q, rows: batch.count, rank: k)
        }
        var measured = 0
        for i in 0..<batch.count where rho[i] > leastResidual && turn.ratio(batch, i) == nil {
            scratch.measured[measured] = Int32(i)
            measured += 1
        }
        batch.energy(P, of: UnsafeBufferPointer(start: scratch.measured, count: measured), into: energy)

        for i in 0..<batch.count where rho[i] > leastResidual {
            let known = turn.curvature(batch, i, scratch)
            let ratio = turn.ratio(batch, i)
            let whole = Double(known.rest) + (ratio.map { Double($0 * known.expected) } ?? energy[i])
            // A is positive definite: only rounding, or p = 0, makes it otherwise.
            guard whole > 0 else { continue }
            let alpha = turn.relaxation * Double(rho[i]) / whole
            kernels.conjugateGradientAdvance(x: X + i * k, p: P + i * k, alpha: Float(alpha), rank: k)
            guard ratio == nil else {
                sums.isMeasured = false
                continue
            }
            let descent = alpha * (2 - turn.relaxation) * Double(rho[i])
            sums.quadratic -= descent
            if turn.steps == 2 { sums.secondDescent += descent }
            turn.note(batch, i, rho: rho[i], known, energy: energy[i])
        }
    }
}
