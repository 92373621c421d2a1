internal import COpenBLAS

extension Matrix {
    /// A B. O(rows × columns × other.columns).
    /// - Throws: ``LinalgError/shape(operation:expected:found:)`` unless `other` has as many rows as this has columns.
    public func times(_ other: Matrix) throws(LinalgError) -> Matrix {
        try product(other, transposed: false)
    }

    /// A Bᵀ: the inner products of the rows of both.
    /// - Throws: ``LinalgError/shape(operation:expected:found:)`` unless both have as many columns.
    public func timesTransposed(_ other: Matrix) throws(LinalgError) -> Matrix {
        try product(other, transposed: true)
    }

    private func product(_ other: Matrix, transposed: Bool) throws(LinalgError) -> Matrix {
        BLASThreads.useOne()
        let inner = transposed ? other.columns : other.rows
        let outer = transposed ? other.rows : other.columns
        guard columns == inner else {
            throw .shape(
                operation: "A product with \(rows) × \(columns)", expected: "\(columns) inner elements",
                found: "\(inner)")
        }
        var result = try Matrix(rows: rows, columns: outer)
        guard rows > 0, outer > 0, inner > 0 else { return result }
        withUnsafeElements { a in
            other.withUnsafeElements { b in
                result.withUnsafeMutableElements { c in
                    cblas_sgemm(
                        CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, Int32(rows),
                        Int32(outer), Int32(inner), 1, a.baseAddress, Int32(columns), b.baseAddress,
                        Int32(other.columns), 0, c.baseAddress, Int32(outer))
                }
            }
        }
        return result
    }

    /// ⟨row, vector⟩; of two lengths the shorter counts. O(columns).
    /// - Precondition: there is such a row.
    package func product(ofRow row: Int, with vector: [Float]) -> Float {
        precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
        let count = min(columns, vector.count)
        let even = count / Kernels.lanes * Kernels.lanes
        return withUnsafeElements { elements in
            vector.withUnsafeBufferPointer { vector -> Float in
                guard count > 0 else { return 0 }
                let row = elements.baseAddress! + row * columns
                var sum = Kernels.best.dot(row, vector.baseAddress!, rank: even)
                for i in even..<count { sum += row[i] * vector[i] }
                return sum
            }
        }
    }

    /// A x. O(rows × columns).
    /// - Throws: ``LinalgError/shape(operation:expected:found:)`` unless `x` has as many elements as this has columns.
    public func times(_ x: [Float]) throws(LinalgError) -> [Float] {
        BLASThreads.useOne()
        guard x.count == columns else {
            throw .shape(operation: "A product with a vector", expected: "\(columns) numbers", found: "\(x.count)")
        }
        var y = [Float](repeating: 0, count: rows)
        guard rows > 0, columns > 0 else { return y }
        withUnsafeElements { a in
            cblas_sgemv(
                CblasRowMajor, CblasNoTrans, Int32(rows), Int32(columns), 1, a.baseAddress, Int32(columns), x, 1, 0,
                &y, 1)
        }
        return y
    }

    /// Rows and columns exchanged. O(rows × columns).
    public func transposed() throws(LinalgError) -> Matrix {
        var result = try Matrix(rows: columns, columns: rows)
        withElements { a in
            result.withUnsafeMutableElements { b in
                for i in 0..<rows {
                    for j in 0..<columns { b[j * rows + i] = a[i * columns + j] }
                }
            }
        }
        return result
    }

    /// The same rows with zeros added to, or columns dropped from, their end. O(rows × columns).
    package func withColumns(_ count: Int) throws(LinalgError) -> Matrix {
        if count == columns { return self }
        var result = try Matrix(rows: rows, columns: count)
        let kept = min(count, columns)
        withUnsafeElements { a in
            result.withUnsafeMutableElements { b in
                guard let from = a.baseAddress, let to = b.baseAddress else { return }
                for i in 0..<rows { (to + i * count).update(from: from + i * columns, count: kept) }
            }
        }
        return result
    }

    /// Row and column of the first NaN or infinity, or nil. O(rows × columns).
    public func firstNonFinite() -> (row: Int, column: Int)? {
        withElements { a in
            for i in a.indices where !a[i].isFinite { return (i / columns, i % columns) }
            return nil
        }
    }
}
