internal import COpenBLAS
import Synchronization

/// YᵀY of a factor matrix: columns × columns, symmetric, both triangles filled.
///
/// It is summed from blocks of rows whose borders depend on the number of rows alone, in the order of the rows and in
/// 64-bit floats: the bytes are the same whatever the number of workers.
public struct Gramian: Sendable {
    public let matrix: Matrix

    /// Rows that are scaled together before they are summed.
    package static let scaledRows = 512

    /// O(rows × columns²).
    ///
    /// - Parameter weights: a number ≥ 0 for each row of `factors`: the sum is then Σ_j weight_j y_j y_jᵀ.
    /// - Throws: ``LinalgError/tooLarge(rows:columns:)``, ``LinalgError/shape(operation:expected:found:)``.
    public init(of factors: Matrix, weights: [Float]? = nil, workers: Workers = Workers()) throws(LinalgError) {
        BLASThreads.useOne()
        if let weights, weights.count != factors.rows {
            throw .shape(
                operation: "A weighted Gramian", expected: "\(factors.rows) weights", found: "\(weights.count)")
        }
        let k = factors.columns
        let rowsPerBlock = max(4096, (factors.rows + 63) / 64)
        let blocks = (factors.rows + rowsPerBlock - 1) / rowsPerBlock
        var sum = try Matrix(rows: k, columns: k)
        guard k > 0, blocks > 0 else {
            matrix = sum
            return
        }
        var partial = try Matrix(rows: blocks * k, columns: k)
        factors.withUnsafeElements { y in
            partial.withUnsafeMutableElements { g in
                let y = Shared(y.baseAddress!)
                let g = SharedMutable(g.baseAddress!)
                workers.run(units: blocks) { _, block in
                    let first = block * rowsPerBlock
                    let count = min(rowsPerBlock, factors.rows - first)
                    let sum = g.pointer + block * k * k
                    guard let weights else {
                        cblas_ssyrk(
                            CblasRowMajor, CblasLower, CblasTrans, Int32(k), Int32(count), 1,
                            y.pointer + first * k, Int32(k), 0, sum, Int32(k))
                        return
                    }
                    Self.addScaled(y.pointer + first * k, weights[first..<first + count], columns: k, to: sum)
                }
            }
        }
        partial.withUnsafeElements { partial in
            sum.withUnsafeMutableElements { sum in
                for i in 0..<k {
                    for j in 0...i {
                        var total = 0.0
                        for block in 0..<blocks { total += Double(partial[(block * k + i) * k + j]) }
                        sum[i * k + j] = Float(total)
                        sum[j * k + i] = Float(total)
                    }
                }
            }
        }
        matrix = sum
    }

    /// sum ← sum + Σ_j weight_j y_j y_jᵀ, in the lower triangle, by rows scaled with √weight_j.
    private static func addScaled(
        _ y: UnsafePointer<Float>, _ weights: ArraySlice<Float>, columns k: Int, to sum: UnsafeMutablePointer<Float>
    ) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: scaledRows * k) { scaled in
            let scaled = scaled.baseAddress!
            for first in stride(from: 0, to: weights.count, by: scaledRows) {
                let count = min(scaledRows, weights.count - first)
                for row in 0..<count {
                    let root = weights[weights.startIndex + first + row].squareRoot()
                    let (from, to) = (y + (first + row) * k, scaled + row * k)
                    for i in 0..<k { to[i] = root * from[i] }
                }
                cblas_ssyrk(
                    CblasRowMajor, CblasLower, CblasTrans, Int32(k), Int32(count), 1, scaled, Int32(k), 1, sum, Int32(k)
                )
            }
        }
    }

    /// Σ_ij A_ij B_ij, in 64-bit floats: ⟨XᵀX, YᵀY⟩ = Σ_u Σ_i ⟨x_u, y_i⟩². O(columns²).
    public func inner(_ other: Gramian) -> Double {
        matrix.withElements { a in
            other.matrix.withElements { b in
                precondition(a.count == b.count, "Gramians of different rank")
                var total = 0.0
                for i in a.indices { total += Double(a[i]) * Double(b[i]) }
                return total
            }
        }
    }
}

/// A pointer that workers may share.
///
/// `@unchecked Sendable`: made only where the memory outlives the blocking ``Workers/run(units:_:)`` that uses it and
/// is not written meanwhile.
package struct Shared<Element>: @unchecked Sendable {
    package let pointer: UnsafePointer<Element>
    /// - Parameter pointer: to memory that outlives every use, and that nobody writes meanwhile.
    @inline(__always)
    package init(_ pointer: UnsafePointer<Element>) { self.pointer = pointer }
}

/// A pointer through which workers write.
///
/// `@unchecked Sendable`: as ``Shared``, and each unit of work writes a region of its own.
package struct SharedMutable<Element>: @unchecked Sendable {
    package let pointer: UnsafeMutablePointer<Element>
    /// - Parameter pointer: to memory that outlives every use. No two workers write the same element.
    @inline(__always)
    package init(_ pointer: UnsafeMutablePointer<Element>) { self.pointer = pointer }
}
