import Linalg

extension HalfSweep {
    /// What is the same for all rows of a work unit that conjugate gradients improve.
    struct Turn: Sendable {
        let epoch: Int
        let steps: Int
        /// Nil for conjugate gradients as they are.
        let meanRow: MeanRow?
        let lengths: StepLengths
        /// How far the last step goes, in lengths that descend the farthest.
        let relaxation: Double
        /// Where rows that measure their last step say what they found; nil if nobody asks.
        let samples: SharedMutable<StepLengths.Sample>?

        /// Z ← M⁻¹ R, and T ← Z in the basis of ``MeanRow``, if there is one.
        func precondition(
            _ R: UnsafePointer<Float>, into Z: UnsafeMutablePointer<Float>, _ T: UnsafeMutablePointer<Float>,
            _ batch: some RowBatch
        ) {
            if let meanRow {
                meanRow.solve(R, into: Z, T, batch)
            } else {
                Z.update(from: R, count: batch.count * batch.system.rank)
            }
        }

        /// κ of a row of the batch; nil if it measures its last step.
        @inline(__always)
        func ratio(_ batch: some RowBatch, _ i: Int) -> Float? {
            let row = batch.number(i)
            if StepLengths.isSample(row, epoch: epoch) { return nil }
            return lengths.ratio(count: batch.system.rows.count(ofRow: row))
        }

        /// What is known of pᵀA p without the row's entries, with A p's part α0 YᵀY p in `scratch.q` if there is no mean row.
        @inline(__always)
        func curvature(_ batch: some RowBatch, _ i: Int, _ scratch: RowScratch) -> MeanRow.Curvature {
            let system = batch.system
            let (kernels, k) = (system.kernels, system.rank)
            let p = scratch.p + i * k
            let row = batch.number(i)
            let ridge = system.ridge(row)
            guard let meanRow else {
                let gramian = kernels.dot(p, scratch.q + i * k, rank: k)
                return .init(rest: gramian + ridge * kernels.dot(p, p, rank: k))
            }
            let count = system.rows.count(ofRow: row)
            return meanRow.curvature(p, scratch.d + i * k, count: count, ridge: ridge, kernels, rank: k)
        }

        /// Leaves what a row found for ``StepLengths/learn(from:)``.
        @inline(__always)
        func note(_ batch: some RowBatch, _ i: Int, rho: Float, _ known: MeanRow.Curvature, energy: Double) {
            let row = batch.number(i)
            guard let samples, StepLengths.isSample(row, epoch: epoch) else { return }
            samples.pointer[StepLengths.place(row)] = .init(
                count: Int32(clamping: batch.system.rows.count(ofRow: row)), rho: rho, rest: known.rest,
                expected: known.expected, energy: Float(energy))
        }
    }
}

extension StepControl.Steps {
    /// Work units that take a step more to try it measure all they do, and so do those without a mean row to compare with.
    func turn(
        ofUnit unit: Int, of units: Int, epoch: Int, _ meanRow: MeanRow?, _ samples: SharedMutable<StepLengths.Sample>?
    ) -> HalfSweep.Turn {
        let steps = ofUnit(unit, of: units)
        return HalfSweep.Turn(
            epoch: epoch, steps: steps, meanRow: meanRow,
            lengths: steps == most && meanRow != nil ? lengths : StepLengths(),
            relaxation: steps == most ? relaxation : 1,
            samples: steps == most ? samples : nil)
    }
}
