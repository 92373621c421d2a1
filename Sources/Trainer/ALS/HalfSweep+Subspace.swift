import Linalg

extension HalfSweep {
    /// Improves each row of one unit block by block: the factors of one block are solved exactly with the others fixed
    /// (iALS++: Rendle, Krichene, Zhang, Koren 2021). What a block needs of the others is in the scores s_j alone.
    func solveBySubspaces(
        _ system: RowSystem, _ range: Range<Int>, _ scratch: RowScratch, _ epoch: Int
    ) throws(ALSError) -> Sums {
        let kernels = system.kernels
        let k = system.rank
        let G = system.gramian.pointer
        let (A, g, s) = (scratch.a, scratch.b, scratch.s)
        var sums = Sums()
        for u in range {
            let x = system.unknowns(u)
            let count = rows.count(ofRow: u)
            guard count > 0 else {
                x.update(repeating: 0, count: k)
                continue
            }
            let ridge = system.ridge(u)
            try checkDetermined(u, ridge, unknowns: min(parameters.rank, parameters.block))
            // s_j = ⟨y_j, x⟩
            s.update(repeating: 0, count: count)
            kernels.predict(system.row(u), x, s)
            var quadratic = self.quadratic(system, u, x, s)

            for first in stride(from: 0, to: k, by: parameters.block) {
                let block = first..<min(first + parameters.block, k)
                let b = block.count
                // A = G_block + λ_u I + Σ w y yᵀ,  g = (b − A x)_block
                for i in block {
                    (A + (i - first) * b).update(from: G + i * k + first, count: b)
                    A[(i - first) * b + i - first] += i < parameters.rank ? ridge : 1  // padding: x_i = 0
                    g[i - first] = -kernels.dot(G + i * k, x, rank: k) - ridge * x[i]
                }
                let row = system.row(u, unknowns: block)
                kernels.accumulate(row, predictions: s, panel: scratch.panel, into: A, g)
                // x_block ← x_block + δ with A δ = g, which lowers xᵀA x − 2 bᵀx by gᵀδ.
                let delta = g + k  // the scratch behind g
                delta.update(from: g, count: b)
                guard Cholesky.solve(A, size: b, delta) == 0 else {
                    let isNumber = kernels.dot(g, g, rank: b).isFinite
                    throw isNumber ? .singular(side: side, row: u) : .diverged(epoch: epoch, side: side, row: u)
                }
                for i in 0..<b { x[first + i] += delta[i] }
                quadratic -= Double(kernels.dot(g, delta, rank: b))
                if block.upperBound < k { kernels.predict(row, delta, s) }
            }
            try checkFinite(quadratic, row: u, epoch: epoch)
            sums.quadratic += quadratic
            sums.ridge += Double(ridge) * Double(kernels.dot(x, x, rank: k))
        }
        return sums
    }

    /// xᵀA x − 2 bᵀx before the first step: xᵀG x + λ_u ‖x‖² + Σ_j w_j s_j² − 2 c⁺_j s_j.
    private func quadratic(
        _ system: RowSystem, _ u: Int, _ x: UnsafePointer<Float>, _ s: UnsafePointer<Float>
    ) -> Double {
        let kernels = system.kernels
        let k = system.rank
        var sum = Double(system.ridge(u)) * Double(kernels.dot(x, x, rank: k))
        for i in 0..<k { sum += Double(x[i]) * Double(kernels.dot(system.gramian.pointer + i * k, x, rank: k)) }
        let entries = rows.entries(ofRow: u)
        for (j, entry) in entries.enumerated() {
            let c = system.confidences.pointer[entry]
            let score = Double(s[j])
            sum += Double(abs(c) - parameters.base) * score * score - 2 * Double(max(c, 0)) * score
        }
        return sum
    }
}
