/// A dense matrix of 32-bit floats, row-major without gaps: element (i, j) lies at `i * columns + j`.
///
/// A value: copies share memory until one of them changes. It can also stand on memory that someone else owns, such as
/// a mapped model file, without copying it.
///
///     var a = try Matrix(rows: 2, columns: 3)
///     a[0, 1] = 4
///     a.withRow(0) { row in print(row[1]) }  // 4.0
public struct Matrix: Sendable {
    public let rows: Int
    public let columns: Int
    var storage: FloatStorage

    /// Zeros.
    /// - Throws: ``LinalgError/tooLarge(rows:columns:)`` past 2⁴⁰ elements or past 2³¹ − 1 rows or columns.
    public init(rows: Int, columns: Int) throws(LinalgError) {
        let count = try Self.checkedCount(rows: rows, columns: columns)
        self.rows = rows
        self.columns = columns
        storage = FloatStorage(zeros: count)
    }

    /// A matrix of the given elements, row by row.
    /// - Throws: ``LinalgError/shape(operation:expected:found:)`` unless there are `rows * columns` of them.
    public init(rows: Int, columns: Int, elements: [Float]) throws(LinalgError) {
        try self.init(rows: rows, columns: columns)
        guard elements.count == rows * columns else {
            throw .shape(
                operation: "A \(rows) × \(columns) matrix", expected: "\(rows * columns) elements",
                found: "\(elements.count)")
        }
        elements.withUnsafeBufferPointer { source in
            guard let base = source.baseAddress else { return }
            storage.base.update(from: base, count: source.count)
        }
    }

    /// A matrix that reads `rows * columns` floats where they are.
    ///
    /// The memory must stay unchanged while `owner` lives; it is never written through this matrix (a mutation copies
    /// first) and never freed by it.
    public init(
        rows: Int, columns: Int, lending memory: UnsafePointer<Float>, keepingAlive owner: any AnyObject & Sendable
    ) throws(LinalgError) {
        let count = try Self.checkedCount(rows: rows, columns: columns)
        self.rows = rows
        self.columns = columns
        storage = FloatStorage(lent: memory, count: count, by: owner)
    }

    private static func checkedCount(rows: Int, columns: Int) throws(LinalgError) -> Int {
        guard rows >= 0, columns >= 0, rows <= Int(Int32.max), columns <= Int(Int32.max),
            columns == 0 || rows <= (1 << 40) / columns
        else { throw .tooLarge(rows: rows, columns: columns) }
        return rows * columns
    }

    /// One element. For loops use ``withRow(_:_:)`` or ``withElements(_:)``.
    public subscript(row: Int, column: Int) -> Float {
        get {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns, "index out of range")
            return storage.base[row * columns + column]
        }
        set {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns, "index out of range")
            makeUnique()
            storage.base[row * columns + column] = newValue
        }
    }

    /// Calls `body` with the elements of one row.
    public func withRow<R, E: Error>(_ row: Int, _ body: (Span<Float>) throws(E) -> R) throws(E) -> R {
        precondition(row >= 0 && row < rows, "row out of range")
        defer { withExtendedLifetime(storage) {} }
        return try body(
            Span(_unsafeStart: UnsafePointer(storage.base) + row * columns, count: columns))
    }

    /// Calls `body` with all elements, row by row.
    public func withElements<R, E: Error>(_ body: (Span<Float>) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(storage) {} }
        return try body(Span(_unsafeStart: UnsafePointer(storage.base), count: rows * columns))
    }

    /// The elements of one row, copied. O(columns).
    public func row(_ index: Int) -> [Float] {
        withRow(index) { row in row.indices.map { row[$0] } }
    }

    /// All elements, row by row, copied. O(rows × columns).
    public var elements: [Float] {
        Array(UnsafeBufferPointer(start: storage.base, count: rows * columns))
    }

    /// For C and for files: the elements, row by row. The pointer is valid inside `body` only.
    public func withUnsafeElements<R, E: Error>(
        _ body: (UnsafeBufferPointer<Float>) throws(E) -> R
    ) throws(E) -> R {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeBufferPointer(start: storage.base, count: rows * columns))
    }

    /// For C: the elements, row by row, to write. The pointer is valid inside `body` only.
    public mutating func withUnsafeMutableElements<R, E: Error>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
    ) throws(E) -> R {
        makeUnique()
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeMutableBufferPointer(start: storage.base, count: rows * columns))
    }

    mutating func makeUnique() {
        if storage.lender != nil || !isKnownUniquelyReferenced(&storage) { storage = storage.copy() }
    }
}

extension Matrix: Equatable {
    /// Same shape and equal elements, as floats compare: NaN equals nothing.
    public static func == (a: Matrix, b: Matrix) -> Bool {
        guard a.rows == b.rows, a.columns == b.columns else { return false }
        return a.withUnsafeElements { x in b.withUnsafeElements { y in x.elementsEqual(y) } }
    }
}
