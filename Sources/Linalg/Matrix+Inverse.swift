internal import CLAPACKE

extension Matrix {
    /// Replaces a symmetric positive definite matrix by its inverse, by LAPACK's Cholesky factor, in place: the lower
    /// triangle is read, and then holds the inverse; the upper one is left as it is. O(n³), on one thread.
    /// - Throws: ``LinalgError/shape(operation:expected:found:)``, ``LinalgError/notPositiveDefinite(pivot:size:)``; the
    ///   elements are of no use then.
    public mutating func invertPositiveDefinite() throws(LinalgError) {
        BLASThreads.useOne()
        guard rows == columns else {
            throw .shape(operation: "An inverse", expected: "a square matrix", found: "\(rows) × \(columns)")
        }
        guard rows > 0 else { return }
        let n = Int32(rows)
        // Row-major lower is column-major upper.
        let upper = CChar(UInt8(ascii: "U"))
        let info = withUnsafeMutableElements { a in
            let info = LAPACKE_spotrf_work(LAPACK_COL_MAJOR, upper, n, a.baseAddress, n)
            return info == 0 ? LAPACKE_spotri_work(LAPACK_COL_MAJOR, upper, n, a.baseAddress, n) : info
        }
        guard info == 0 else { throw .notPositiveDefinite(pivot: Int(info), size: rows) }
    }
}
