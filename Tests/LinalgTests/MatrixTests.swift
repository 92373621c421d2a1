import Domain
import Linalg
import TestSupport
import Testing

@Suite struct MatrixTests {
    @Test func copiesAreValues() throws {
        var a = try Matrix(rows: 2, columns: 2, elements: [1, 2, 3, 4])
        let b = a
        a[0, 0] = 9
        #expect(b[0, 0] == 1 && a[0, 0] == 9)
        #expect(b.row(1) == [3, 4])
        #expect(a != b)
    }

    final class Owner: Sendable {}

    @Test func lentMemoryIsNeverWritten() throws {
        var memory: [Float] = [1, 2, 3, 4, 5, 6]
        try memory.withUnsafeMutableBufferPointer { buffer in
            var a = try Matrix(
                rows: 3, columns: 2, lending: UnsafePointer(buffer.baseAddress!), keepingAlive: Owner())
            #expect(a.elements == [1, 2, 3, 4, 5, 6])
            a[2, 1] = 0
            #expect(a[2, 1] == 0)
        }
        #expect(memory[5] == 6)
    }

    @Test func productsAreRightAndCheckTheirShapes() throws {
        let a = try Matrix(rows: 2, columns: 3, elements: [1, 2, 3, 4, 5, 6])
        let b = try Matrix(rows: 3, columns: 2, elements: [7, 8, 9, 10, 11, 12])
        #expect(try a.times(b).elements == [58, 64, 139, 154])
        #expect(try a.timesTransposed(b.transposed()).elements == [58, 64, 139, 154])
        #expect(try a.times([1, 0, -1]) == [-2, -2])
        #expect(throws: LinalgError.self) { try a.times(a) }
        #expect(throws: LinalgError.self) { try a.times([1]) }
        #expect(throws: LinalgError.self) { try Matrix(rows: 2, columns: 2, elements: [1]) }
        #expect(throws: LinalgError.tooLarge(rows: 1 << 30, columns: 1 << 30)) {
            try Matrix(rows: 1 << 30, columns: 1 << 30)
        }
        #expect(throws: LinalgError.tooLarge(rows: -1, columns: 1)) { try Matrix(rows: -1, columns: 1) }
    }

    @Test func gramianIsTheSameForAnyNumberOfWorkers() throws {
        var random = SeededGenerator(seed: 3)
        let a = try Matrix(rows: 9001, columns: 20, elements: randomFloats(9001 * 20, &random))
        let one = try Gramian(of: a, workers: Workers(count: 1))
        for count in [2, 3, 8] {
            #expect(try Gramian(of: a, workers: Workers(count: count)).matrix == one.matrix)
        }
        let direct = try a.transposed().timesTransposed(a.transposed())
        for i in 0..<20 { for j in 0..<20 { #expect(isClose(one.matrix[i, j], direct[i, j], tolerance: 1e-3)) } }
        let inner = (0..<400).reduce(0.0) { $0 + Double(one.matrix.elements[$1]) * Double(one.matrix.elements[$1]) }
        #expect(isClose(one.inner(one), inner))
        #expect(try Gramian(of: Matrix(rows: 0, columns: 3)).matrix == Matrix(rows: 3, columns: 3))
    }

    /// Σ_j weight_j y_j y_jᵀ, over more rows than are scaled at a time.
    @Test func aWeightedGramianSumsWeightedRows() throws {
        var random = SeededGenerator(seed: 4)
        let (rows, columns) = (1300, 5)
        let a = try Matrix(rows: rows, columns: columns, elements: randomFloats(rows * columns, &random))
        let weights = (0..<rows).map { Float($0 % 7) }
        let found = try Gramian(of: a, weights: weights, workers: Workers(count: 2)).matrix
        for i in 0..<columns {
            for j in 0..<columns {
                let sum = (0..<rows).reduce(0.0) { $0 + Double(weights[$1]) * Double(a[$1, i]) * Double(a[$1, j]) }
                #expect(abs(Double(found[i, j]) - sum) < 1e-3 * Double(rows))
            }
        }
        #expect(throws: LinalgError.self) { try Gramian(of: a, weights: [1]) }
    }

    /// V makes both matrices diagonal, and inverts their combinations.
    @Test(arguments: [1, 2, 7, 64])
    func aPencilMakesBothMatricesDiagonal(size: Int) throws {
        var random = SeededGenerator(seed: 6)
        func positive(_ shift: Float) throws -> Matrix {
            let half = try Matrix(rows: size, columns: size, elements: randomFloats(size * size, &random))
            var product = try half.timesTransposed(half)
            for i in 0..<size { product[i, i] += shift }
            return product
        }
        let (b, c) = (try positive(2), try positive(0))
        let pencil = try SymmetricPencil(c, b)
        let v = pencil.vectors
        #expect(pencil.values == pencil.values.sorted() && pencil.values[0] > -1e-3)
        for (matrix, diagonal) in [(b, [Float](repeating: 1, count: size)), (c, pencil.values)] {
            let found = try v.transposed().times(matrix).times(v)
            for i in 0..<size {
                for j in 0..<size { #expect(abs(found[i, j] - (i == j ? diagonal[i] : 0)) < 2e-3, "\(i), \(j)") }
            }
        }
        // (B + 3 C) x = y
        let y = randomFloats(size, &random)
        let t = try zip(v.transposed().times(y), pencil.values).map { $0 / (1 + 3 * $1) }
        let x = try v.times(t)
        for (found, expected) in zip(try zip(b.times(x), c.times(x)).map({ $0 + 3 * $1 }), y) {
            #expect(abs(found - expected) < 2e-2)
        }
    }

    @Test func pencilsThatAreNone() throws {
        let one = try Matrix(rows: 2, columns: 2, elements: [1, 0, 0, 1])
        let singular = try Matrix(rows: 2, columns: 2, elements: [1, 1, 1, 1])
        let broken = try Matrix(rows: 2, columns: 2, elements: [1, .nan, .nan, 1])
        #expect(throws: LinalgError.notPositiveDefinite(pivot: 2, size: 2)) { try SymmetricPencil(one, singular) }
        #expect(throws: LinalgError.notPositiveDefinite(pivot: 0, size: 2)) { try SymmetricPencil(one, broken) }
        #expect(throws: LinalgError.notPositiveDefinite(pivot: 0, size: 2)) { try SymmetricPencil(broken, one) }
        #expect(throws: LinalgError.self) { try SymmetricPencil(one, Matrix(rows: 3, columns: 3)) }
        #expect(try SymmetricPencil(singular, one).values.map { $0.rounded() } == [0, 2])
        #expect(try SymmetricPencil(Matrix(rows: 0, columns: 0), Matrix(rows: 0, columns: 0)).values.isEmpty)
    }

    @Test(arguments: [1, 2, 7, 16, 64, 130])
    func choleskySolvesWhatItFactorised(size: Int) throws {
        var random = SeededGenerator(seed: 5)
        let half = try Matrix(rows: size, columns: size, elements: randomFloats(size * size, &random))
        var a = try half.timesTransposed(half)
        for i in 0..<size { a[i, i] += 1 }
        let x = randomFloats(size, &random)
        let solved = try Cholesky(of: a).solve(a.times(x))
        for i in 0..<size { #expect(isClose(solved[i], x[i], tolerance: 1e-2)) }
    }

    @Test func singularAndMisshapenMatricesAreRefused() throws {
        let singular = try Matrix(rows: 2, columns: 2, elements: [1, 1, 1, 1])
        #expect(throws: LinalgError.notPositiveDefinite(pivot: 2, size: 2)) { try Cholesky(of: singular) }
        #expect(throws: LinalgError.self) { try Cholesky(of: Matrix(rows: 2, columns: 3)) }
        let one = try Cholesky(of: Matrix(rows: 1, columns: 1, elements: [4]))
        #expect(try one.solve([8]) == [2])
        #expect(throws: LinalgError.self) { try one.solve([1, 2]) }
    }
}

@Suite struct SparseRowsTests {
    @Test func entriesBecomeRowsAndTransposeBack() throws {
        let a = try SparseRows(
            rows: 3, columns: 4, entries: [(2, 1, 5), (0, 3, 1), (0, 0, 2), (2, 3, 4)])
        #expect(a.rowStarts == [0, 2, 2, 4])
        #expect(a.columnIndices == [3, 0, 1, 3])
        #expect(a.values == [1, 2, 5, 4])
        #expect(a.count == 4 && a.count(ofRow: 1) == 0)
        let t = a.transposed()
        #expect(t.rows == 4 && t.columns == 3)
        #expect(t.rowStarts == [0, 1, 2, 2, 4])
        #expect(t.columnIndices == [0, 2, 0, 2])
        #expect(t.values == [2, 5, 1, 4])
        #expect(t.transposed().transposed() == t)
        a.withRow(2) { columns, values in
            #expect(columns[0] == 1 && columns[1] == 3 && values[1] == 4)
        }
    }

    /// Enough entries to be cut among the workers.
    @Test func transposesAlikeWithAnyNumberOfWorkers() throws {
        let (rows, columns, perRow) = (1100, 700, 1000)
        var random = SeededGenerator(seed: 2)
        // The product of two uniform numbers: the first columns are the fullest.
        let columnIndices = (0..<rows * perRow).map { _ in
            Int32(random.uniform() * random.uniform() * Double(columns))
        }
        let a = try SparseRows(
            rows: rows, columns: columns, rowStarts: (0...rows).map { Int64($0 * perRow) },
            columnIndices: columnIndices, values: columnIndices.indices.map { Float($0 % 1000) })
        let one = a.transposed()
        for count in [2, 3, 8] { #expect(a.transposed(workers: Workers(count: count)) == one) }
    }

    @Test func badShapesAreRefusedWithTheirPlace() {
        func build(_ starts: [Int64], _ columns: [Int32], _ values: [Float]) throws(LinalgError) -> SparseRows {
            try SparseRows(rows: 2, columns: 2, rowStarts: starts, columnIndices: columns, values: values)
        }
        #expect(throws: LinalgError.rowStarts(row: 1)) { try build([0, 2, 1], [0, 1], [1, 1]) }
        #expect(throws: LinalgError.rowStarts(row: 0)) { try build([1, 1, 2], [0, 1], [1, 1]) }
        #expect(throws: LinalgError.rowStarts(row: 2)) { try build([0, 1, 1], [0, 1], [1, 1]) }
        #expect(throws: LinalgError.rowStarts(row: 1)) { try build([0, 1, 9], [0, 1], [1, 1]) }
        #expect(throws: LinalgError.columnOutOfRange(row: 1, column: 2, columns: 2)) {
            try build([0, 1, 2], [0, 2], [1, 1])
        }
        #expect(throws: LinalgError.self) { try build([0, 1], [0], [1]) }
        #expect(throws: LinalgError.self) { try build([0, 1, 2], [0, 1], [1]) }
        #expect(throws: LinalgError.self) { try SparseRows(rows: 1, columns: 1, entries: [(1, 0, 1)]) }
        #expect(throws: LinalgError.self) { try SparseRows(rows: 1, columns: 1, entries: [(0, -1, 1)]) }
    }

    @Test func workersFinishEveryUnitAndReportTheLowestFailure() {
        struct Failure: Error, Equatable { let unit: Int }
        #expect(throws: Failure(unit: 3)) {
            try Workers(count: 3).run(units: 10) { _, unit throws(Failure) in
                if unit >= 3 { throw Failure(unit: unit) }
            }
        }
        Workers(count: 4).run(units: 0) { _, _ in Issue.record("no unit, no call") }
    }
}
