import Linalg

/// Memory that one worker solves in, allocated once a training.
///
/// `@unchecked Sendable`: each worker number is in use by one thread at a time, and has its own.
final class RowScratch: @unchecked Sendable {
    /// Rows solved together by conjugate gradients.
    static let batchRows = 128

    /// Residuals, directions, A p and preconditioned residuals of a batch, the directions in the basis of ``MeanRow``, and
    /// each row's rᵀz.
    let r: UnsafeMutablePointer<Float>
    let p: UnsafeMutablePointer<Float>
    let q: UnsafeMutablePointer<Float>
    let z: UnsafeMutablePointer<Float>
    let d: UnsafeMutablePointer<Float>
    let rho: UnsafeMutablePointer<Float>
    /// Of each row of a batch what a pass over its entries adds up: bᵀx, or what they add to pᵀA p.
    let total: UnsafeMutablePointer<Double>
    /// The rows of a batch that measure their last step.
    let measured: UnsafeMutablePointer<Int32>
    /// The unknowns of rows that do not lie together.
    let x: UnsafeMutablePointer<Float>
    /// A and b of one row, and the panel of gathered rows, for the solvers that factorise.
    let a: UnsafeMutablePointer<Float>
    let b: UnsafeMutablePointer<Float>
    let panel: UnsafeMutablePointer<Float>
    /// A score for each entry of a row.
    let s: UnsafeMutablePointer<Float>

    init(rank: Int, _ parameters: ALSParameters, _ plan: SweepPlan, longestRow: Int) {
        let solver = parameters.solver
        let group = max(plan.longRows.isEmpty ? 0 : plan.groupRows, plan.someRows.isEmpty ? 0 : Self.batchRows)
        let together = solver == .cg ? max(Self.batchRows, group) : 0
        r = Self.zeros(together * rank, 0)
        p = Self.zeros(together * rank, 0)
        q = Self.zeros(together * rank, 0)
        z = Self.zeros(together * rank, 0)
        d = Self.zeros(together * rank, 0)
        rho = Self.zeros(together, 0)
        total = Self.zeros(together, 0)
        measured = Self.zeros(together, 0)
        x = Self.zeros(group * rank, 0)
        let block = solver == .subspace ? min(rank, parameters.block) : solver == .exact ? rank : 0
        a = Self.zeros(block * block, 0)
        b = Self.zeros(rank + block, 0)  // and the step of a block behind it
        panel = Self.zeros(Kernels.panelRows * block, 0)
        s = Self.zeros(solver == .subspace ? longestRow : 0, 0)
    }

    /// At least one vector's worth, aligned for vectors.
    private static func zeros<Number>(_ count: Int, _ zero: Number) -> UnsafeMutablePointer<Number> {
        let count = max(count, Kernels.lanes)
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<Number>.stride, alignment: 64)
        return memory.initializeMemory(as: Number.self, repeating: zero, count: count)
    }

    deinit {
        for memory in [r, p, q, z, d, rho, x, a, b, panel, s] { UnsafeMutableRawPointer(memory).deallocate() }
        UnsafeMutableRawPointer(total).deallocate()
        UnsafeMutableRawPointer(measured).deallocate()
    }
}
