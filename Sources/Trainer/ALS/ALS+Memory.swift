package import Linalg
internal import Operations

extension ALS {
    /// Bytes that one training needs at its peak, the interactions included. A fit compares them with the free memory
    /// before it starts.
    ///
    ///     16 entries            interactions by user and by item: a 32-bit column and a float each
    ///     + 8 (U + I)           starts of their rows
    ///     + 4 k (U + I)         the factors, k the rank rounded up to a multiple of 16
    ///     + 4 k² b              partial sums of the Gramian, b ≤ 64 blocks
    ///     + 56 k²               for cg, the mean row's equations and LAPACK's room for them
    ///     + 2 k (U + I)         for cg, the factors in 16 bits each, or on small sets Z of short rows
    ///     + 2 (U + I)           for cg, what rows measure of the lengths of steps
    ///     + entries / 4         for cg, where blocks begin in long rows: 8 bytes for each 36 entries at most
    ///     + threads × scratch   for cg 3 KiB × k, at least 768 KiB, and 2 KiB × k for the weighted Gramian;
    ///                           4 (k² + 32 k) for exact; a float for each entry of the longest row for
    ///                           ials++, at most one for each of U or I
    public static func peakBytes(users: Int, items: Int, entries: Int, parameters: ALSParameters) -> Int {
        let k = Kernels.padded(parameters.rank)
        let rows = users + items
        let blocks = min(64, max(users, items) / 4096 + 1)
        let scratch =
            switch parameters.solver {
            case .cg:
                24 * max(RowScratch.batchRows * k, SweepPlan.groupFloats) + 4 * Gramian.scaledRows * k
            case .exact: 4 * (k * k + 32 * k)
            case .subspace: 4 * max(users, items) + 4 * parameters.block * (parameters.block + 32)
            }
        let threads = Workers(count: parameters.threads).count
        let copies = parameters.solver == .cg ? copiesBytes(rows: rows, k) : 0
        let borders = parameters.solver == .cg ? entries / 4 : 0
        let meanRow = parameters.solver == .cg ? 56 * k * k + 2 * rows : 0
        return 16 * entries + 8 * rows + 4 * k * rows + 4 * k * k * blocks + copies + meanRow + borders
            + threads * scratch
    }

    /// What conjugate gradients keep beside the factors of `rows` rows of `k` floats.
    package static func copiesBytes(rows: Int, _ k: Int) -> Int { 2 * k * rows }

    /// Refuses what would end in the kernel's out-of-memory killer.
    package static func checkMemory(
        _ interactions: SparseRows, _ parameters: ALSParameters, available: Int? = availableBytes()
    ) throws(ALSError) {
        let total = peakBytes(
            users: interactions.rows, items: interactions.columns, entries: interactions.count,
            parameters: parameters)
        // The interactions by user are there already.
        let needed = total - 8 * (interactions.count + interactions.rows)
        if let available, needed > available {
            throw .memory(needed: needed, available: available)
        }
    }

    /// What can be had without swapping or being killed. Nil where the system does not say.
    package static func availableBytes() -> Int? { AvailableMemory.bytes() }
}
