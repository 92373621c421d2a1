internal import CLAPACKE

/// Vectors that make two symmetric matrices diagonal at once: with V's columns v_i,
///
///     Vᵀ B V = I        Vᵀ C V = diag(μ)
///
/// so that every combination B + t C is inverted at the price of two products: V diag(1 / (1 + t μ)) Vᵀ (Golub, Van Loan:
/// Matrix Computations, section 8.7).
public struct SymmetricPencil: Sendable {
    /// μ, ascending.
    public let values: [Float]
    /// V: vector i is column i.
    public let vectors: Matrix

    /// Solves C v = μ B v by LAPACK, in 64-bit floats. O(n³), about 14 n³ operations.
    ///
    /// - Parameters:
    ///   - c: symmetric; its lower triangle is read.
    ///   - b: symmetric and positive definite, of the same size; its lower triangle is read.
    /// - Throws: ``LinalgError/shape(operation:expected:found:)``; ``LinalgError/notPositiveDefinite(pivot:size:)`` for a
    ///   `b` that is not, and with pivot 0 if an element is not a number or LAPACK finds no solution.
    public init(_ c: Matrix, _ b: Matrix) throws(LinalgError) {
        BLASThreads.useOne()
        let n = b.rows
        for matrix in [b, c] where matrix.rows != n || matrix.columns != n {
            throw .shape(
                operation: "A pencil", expected: "two \(n) × \(n) matrices",
                found: "\(matrix.rows) × \(matrix.columns)")
        }
        var (a, b) = (c.elements.map(Double.init), b.elements.map(Double.init))
        var mu = [Double](repeating: 0, count: n)
        if n > 0 {
            // Row-major lower is column-major upper.
            let info = LAPACKE_dsygvd(
                LAPACK_COL_MAJOR, 1, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "U")), Int32(n), &a, Int32(n), &b,
                Int32(n), &mu)
            guard info == 0 else { throw .notPositiveDefinite(pivot: max(0, Int(info) - n), size: n) }
        }
        values = mu.map(Float.init)
        // Columns of LAPACK's are rows here.
        vectors = try Matrix(rows: n, columns: n, elements: a.map(Float.init)).transposed()
    }
}
