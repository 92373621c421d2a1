internal import CKernels
import Glibc

/// The rows of a factor matrix once more in 16 bits a factor, which is half of what a gather reads.
///
/// `@unchecked Sendable`: it is written by ``take(_:kernels:workers:)`` alone, before workers read it and by one caller at a
/// time.
package final class PairedRows: @unchecked Sendable {
    /// `columns / 2` words a row, as `pairs.inc` has them.
    package var words: UnsafePointer<UInt32> { UnsafePointer(memory) }
    private let memory: UnsafeMutablePointer<UInt32>
    private let rows: Int
    private let columns: Int

    private static let hugePage = 2 << 20
    /// Rows that one worker packs at a time.
    private static let unitRows = 2048

    /// - Parameter columns: a multiple of ``Kernels/lanes``.
    package init(rows: Int, columns: Int) {
        precondition(columns % Kernels.lanes == 0, "Rows of \(columns) factors cannot be paired")
        (self.rows, self.columns) = (rows, columns)
        let count = max(rows * columns / 2, Kernels.lanes)
        let isHuge = count * 4 >= 2 * Self.hugePage
        let raw = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: isHuge ? Self.hugePage : 64)
        // As for the factors themselves: gathers miss the TLB on small pages.
        if isHuge { _ = madvise(raw, count * 4, Int32(MADV_HUGEPAGE)) }
        memory = raw.initializeMemory(as: UInt32.self, repeating: 0, count: count)
    }

    deinit { UnsafeMutableRawPointer(memory).deallocate() }

    /// Takes the factors of a matrix of this shape. O(rows × columns).
    package func take(_ factors: Matrix, kernels: Kernels, workers: Workers) {
        precondition(factors.rows == rows && factors.columns == columns, "The factors have another shape")
        factors.withUnsafeElements { elements in
            guard let base = elements.baseAddress else { return }
            let (y, words) = (Shared(base), SharedMutable(memory))
            workers.run(units: (rows + Self.unitRows - 1) / Self.unitRows) { _, unit in
                // Rows first..<first + count of both: the units are apart from each other and within the matrices.
                let first = unit * Self.unitRows
                let count = min(Self.unitRows, rows - first)
                kernels.packPairs(
                    y.pointer + first * columns, count: count * columns, into: words.pointer + first * columns / 2)
            }
        }
    }
}

extension Kernels {
    /// `count` floats, a multiple of ``lanes``, in 16 bits each: count / 2 words.
    @inline(__always)
    package func packPairs(_ y: UnsafePointer<Float>, count: Int, into words: UnsafeMutablePointer<UInt32>) {
        table.pointee.pack_pairs(y, count, words)
    }
}
