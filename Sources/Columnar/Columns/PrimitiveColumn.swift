/// Values of one fixed-width type, some of which may be null.
public struct PrimitiveColumn<Element: Sendable & BitwiseCopyable>: Sendable {
    /// One entry a row; the entry of a null row has no meaning.
    public var values: [Element]
    /// One entry a row, false where the row is null; nil if there are no nulls.
    public var validity: [Bool]?

    /// - Precondition: `validity` is nil or as long as `values`.
    @inlinable
    public init(_ values: [Element] = [], validity: [Bool]? = nil) {
        precondition(validity == nil || validity?.count == values.count, "one validity entry a row")
        self.values = values
        self.validity = validity
    }

    /// Rows, nulls included.
    @inlinable public var count: Int { values.count }

    /// Forgets the rows and keeps their memory.
    @inlinable
    public mutating func removeAll() {
        values.removeAll(keepingCapacity: true)
        validity?.removeAll(keepingCapacity: true)
    }

    /// Makes room for this many rows in all, so that appending them does not copy what is there.
    @inlinable
    public mutating func reserveCapacity(_ rows: Int) { values.reserveCapacity(rows) }

    /// Adds a row that is not null.
    @inlinable
    public mutating func append(_ value: Element) {
        values.append(value)
        if validity != nil { validity?.append(true) }
    }

    /// Appends a null row whose slot holds `filler`, which nobody reads.
    @inlinable
    public mutating func appendNull(filler: Element) {
        if validity == nil { validity = [Bool](repeating: true, count: values.count) }
        values.append(filler)
        validity?.append(false)
    }

    /// Whether a row is null. O(1). Loops over columns without nulls test ``validity`` once and read ``values``.
    @inlinable
    public func isNull(at row: Int) -> Bool {
        guard let validity else { return false }
        return !validity[row]
    }

    /// The value of a row, nil where it is null.
    @inlinable
    public subscript(row: Int) -> Element? { isNull(at: row) ? nil : values[row] }
}

extension PrimitiveColumn where Element: ExpressibleByIntegerLiteral {
    /// Adds a null row, with 0 in its slot. The first one makes ``validity``: O(rows).
    @inlinable
    public mutating func appendNull() { appendNull(filler: 0) }

    /// Adds a row, null if there is no value.
    @inlinable
    public mutating func append(_ value: Element?) {
        if let value { append(value) } else { appendNull(filler: 0) }
    }
}

extension PrimitiveColumn where Element == Bool {
    /// Adds a null row, with false in its slot. The first one makes ``validity``: O(rows).
    @inlinable
    public mutating func appendNull() { appendNull(filler: false) }

    /// Adds a row, null if there is no value.
    @inlinable
    public mutating func append(_ value: Bool?) {
        if let value { append(value) } else { appendNull(filler: false) }
    }
}
