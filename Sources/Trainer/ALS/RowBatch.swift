import Linalg

/// A row whose squared residual is below this is solved.
let leastResidual: Float = 1e-20

/// Rows that conjugate gradients improve together: how to go over their entries.
///
/// The matrices hold one row of `system.rank` floats for each row of the batch.
protocol RowBatch {
    var system: RowSystem { get }
    var count: Int { get }
    /// Which row of the interactions is row `i` of the batch.
    func number(_ i: Int) -> Int
    /// R ← R − λ X + what the entries add to B − A X; `bx` becomes each row's bᵀx.
    func residual(
        _ X: UnsafePointer<Float>, _ R: UnsafeMutablePointer<Float>, bx: UnsafeMutablePointer<Double>)
    /// Q ← Q + λ P + what the entries add to A P, for rows that are not solved yet.
    func apply(_ P: UnsafePointer<Float>, _ Q: UnsafeMutablePointer<Float>, _ rho: UnsafePointer<Float>)
    /// Becomes what the entries add to pᵀA p, the ridge left out, of some rows of the batch.
    func energy(
        _ P: UnsafePointer<Float>, of some: UnsafeBufferPointer<Int32>, into energy: UnsafeMutablePointer<Double>)
}

/// Rows that follow each other, one after the other: a batch of them finds its gathered factors in the L2 cache from the
/// second pass on.
struct ConsecutiveRows: RowBatch {
    let system: RowSystem
    let first: Int
    let count: Int

    func number(_ i: Int) -> Int { first + i }

    func residual(
        _ X: UnsafePointer<Float>, _ R: UnsafeMutablePointer<Float>, bx: UnsafeMutablePointer<Double>
    ) {
        let k = system.rank
        for i in 0..<count { bx[i] = system.kernels.residual(system.row(first + i), X + i * k, R + i * k) }
    }

    func apply(_ P: UnsafePointer<Float>, _ Q: UnsafeMutablePointer<Float>, _ rho: UnsafePointer<Float>) {
        let k = system.rank
        for i in 0..<count where rho[i] > leastResidual {
            system.kernels.apply(system.row(first + i), P + i * k, Q + i * k)
        }
    }

    func energy(
        _ P: UnsafePointer<Float>, of some: UnsafeBufferPointer<Int32>, into energy: UnsafeMutablePointer<Double>
    ) {
        guard var i = some.first.map(Int.init) else { return }
        var row = system.row(first + i)
        for number in some.indices {
            var current = row
            let place = i
            if number + 1 < some.count {
                // The next one that measures, not the next one there is.
                i = Int(some[number + 1])
                row = system.row(first + i)
                current.announce(row)
            }
            energy[place] = system.kernels.energy(current, P + place * system.rank)
        }
    }
}

/// Rows that do not follow each other, one after the other.
struct SomeRows: RowBatch {
    let system: RowSystem
    let numbers: ArraySlice<Int>

    var count: Int { numbers.count }
    func number(_ i: Int) -> Int { numbers[numbers.startIndex + i] }

    /// Row `i`, with the next one to come, if there is one.
    @inline(__always)
    private func row(_ i: Int) -> KernelRow {
        var row = system.row(number(i))
        row.announce(system.row(number(min(i + 1, count - 1))))
        return row
    }

    func residual(
        _ X: UnsafePointer<Float>, _ R: UnsafeMutablePointer<Float>, bx: UnsafeMutablePointer<Double>
    ) {
        let k = system.rank
        for i in 0..<count { bx[i] = system.kernels.residual(row(i), X + i * k, R + i * k) }
    }

    func apply(_ P: UnsafePointer<Float>, _ Q: UnsafeMutablePointer<Float>, _ rho: UnsafePointer<Float>) {
        let k = system.rank
        for i in 0..<count where rho[i] > leastResidual { system.kernels.apply(row(i), P + i * k, Q + i * k) }
    }

    func energy(
        _ P: UnsafePointer<Float>, of some: UnsafeBufferPointer<Int32>, into energy: UnsafeMutablePointer<Double>
    ) {
        for i in some { energy[Int(i)] = system.kernels.energy(row(Int(i)), P + Int(i) * system.rank) }
    }
}

/// Long rows, in step through the blocks of the other side's factors; see ``SweepPlan``.
struct BlockedRows: RowBatch {
    let system: RowSystem
    private let numbers: ArraySlice<Int>
    private let blocks: Int
    /// See ``SweepPlan/borders``: those of these rows begin at `firstBorder`.
    private let borders: [Int]
    private let firstBorder: Int

    /// - Parameter some: which of the plan's long rows.
    init(system: RowSystem, plan: SweepPlan, some: Range<Int>) {
        self.system = system
        numbers = plan.longRows[some]
        blocks = plan.blocks
        borders = plan.borders
        firstBorder = some.lowerBound * (plan.blocks + 1)
    }

    var count: Int { numbers.count }
    func number(_ i: Int) -> Int { numbers[numbers.startIndex + i] }

    /// Row `i`'s entries of one block. The first block brings λ.
    @inline(__always)
    private func part(_ i: Int, _ block: Int) -> KernelRow {
        let border = firstBorder + i * (blocks + 1) + block
        return system.part(borders[border]..<borders[border + 1], ridge: block == 0 ? system.ridge(number(i)) : 0)
    }

    /// Calls `body` for the part of each block of some rows, block after block.
    /// - Parameter place: which rows of the batch the first, second and so on of `number` are.
    @inline(__always)
    private func forEachPart(of number: Int, _ place: (Int) -> Int, _ body: (Int, KernelRow) -> Void) {
        guard number > 0 else { return }
        for block in 0..<blocks {
            var next = part(place(0), block)
            for j in 0..<number {
                var part = next
                if j + 1 < number {
                    next = self.part(place(j + 1), block)
                    part.announce(next)
                }
                body(place(j), part)
            }
        }
    }

    func residual(
        _ X: UnsafePointer<Float>, _ R: UnsafeMutablePointer<Float>, bx: UnsafeMutablePointer<Double>
    ) {
        let k = system.rank
        bx.update(repeating: 0, count: count)
        forEachPart(of: count, { $0 }) { i, part in bx[i] += system.kernels.residual(part, X + i * k, R + i * k) }
    }

    func apply(_ P: UnsafePointer<Float>, _ Q: UnsafeMutablePointer<Float>, _ rho: UnsafePointer<Float>) {
        let k = system.rank
        forEachPart(of: count, { $0 }) { i, part in
            if rho[i] > leastResidual { system.kernels.apply(part, P + i * k, Q + i * k) }
        }
    }

    func energy(
        _ P: UnsafePointer<Float>, of some: UnsafeBufferPointer<Int32>, into energy: UnsafeMutablePointer<Double>
    ) {
        energy.update(repeating: 0, count: count)
        forEachPart(of: some.count, { Int(some[$0]) }) { i, part in
            energy[i] += system.kernels.energy(part, P + i * system.rank)
        }
    }
}
