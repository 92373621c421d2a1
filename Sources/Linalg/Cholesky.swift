internal import CLAPACKE

/// The factor of a symmetric positive definite matrix, for solving A x = b by LAPACK.
///
///     let x = try Cholesky(of: a).solve([1, 2, 3])
public struct Cholesky: Sendable {
    private let factor: Matrix

    /// Reads the lower triangle of `matrix`. O(n³ / 3); without a copy of a matrix that nobody else has.
    /// - Throws: ``LinalgError/notPositiveDefinite(pivot:size:)``, ``LinalgError/shape(operation:expected:found:)``.
    public init(of matrix: consuming Matrix) throws(LinalgError) {
        BLASThreads.useOne()
        var a = matrix
        let n = a.rows
        guard a.columns == n else {
            throw .shape(operation: "Cholesky", expected: "a square matrix", found: "\(n) × \(a.columns)")
        }
        // Row-major lower is column-major upper: LAPACK works in place, without a transpose.
        let info = a.withUnsafeMutableElements {
            LAPACKE_spotrf_work(LAPACK_COL_MAJOR, CChar(UInt8(ascii: "U")), Int32(n), $0.baseAddress, Int32(max(n, 1)))
        }
        guard info == 0 else { throw .notPositiveDefinite(pivot: Int(info), size: n) }
        factor = a
    }

    /// The solution of A x = b. O(n²).
    public func solve(_ b: [Float]) throws(LinalgError) -> [Float] {
        guard b.count == factor.rows else {
            throw .shape(operation: "A solve", expected: "\(factor.rows) numbers", found: "\(b.count)")
        }
        var x = b
        let n = Int32(factor.rows)
        let info = factor.withUnsafeElements { a in
            LAPACKE_spotrs_work(
                LAPACK_COL_MAJOR, CChar(UInt8(ascii: "U")), n, 1, a.baseAddress, max(n, 1), &x, max(n, 1))
        }
        precondition(info == 0, "LAPACK refused argument \(-info) of spotrs")
        return x
    }

    /// The solution of A X = B, column by column. O(n² × columns).
    /// - Parameter b: n × columns.
    public func solve(_ b: Matrix) throws(LinalgError) -> Matrix {
        guard b.rows == factor.rows else {
            throw .shape(operation: "A solve", expected: "\(factor.rows) rows", found: "\(b.rows)")
        }
        BLASThreads.useOne()
        let n = Int32(factor.rows)
        // LAPACK wants columns one after the other.
        var x = try b.transposed()
        let info = factor.withUnsafeElements { a in
            x.withUnsafeMutableElements { x in
                LAPACKE_spotrs_work(
                    LAPACK_COL_MAJOR, CChar(UInt8(ascii: "U")), n, Int32(b.columns), a.baseAddress, max(n, 1),
                    x.baseAddress, max(n, 1))
            }
        }
        precondition(info == 0, "LAPACK refused argument \(-info) of spotrs")
        return try x.transposed()
    }

    /// Solves A x = b in place: `a` (row-major, `size` × `size`, lower triangle read) becomes the factor, `b` becomes x.
    /// - Returns: 0, or the pivot (from 1) at which A is not positive definite.
    @inline(__always)
    package static func solve(
        _ a: UnsafeMutablePointer<Float>, size: Int, _ b: UnsafeMutablePointer<Float>
    ) -> Int {
        let n = Int32(size)
        return Int(LAPACKE_sposv_work(LAPACK_COL_MAJOR, CChar(UInt8(ascii: "U")), n, 1, a, n, b, n))
    }
}
