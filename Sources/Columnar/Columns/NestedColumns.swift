/// Lists: row `i` holds the elements `offsets[i]..<offsets[i + 1]` of one inner column.
public struct ListColumn: Sendable {
    /// `count + 1` positions, ascending from 0. A null row is empty.
    public var offsets: [Int32]
    public var elements: Column
    public var validity: [Bool]?

    /// - Precondition: `offsets` ascends from 0 to `elements.count`.
    public init(offsets: [Int32], elements: Column, validity: [Bool]? = nil) {
        precondition(offsets.first == 0 && Int(offsets[offsets.count - 1]) == elements.count, "offsets span elements")
        precondition(validity == nil || validity?.count == offsets.count - 1, "one validity entry a row")
        self.offsets = offsets
        self.elements = elements
        self.validity = validity
    }

    /// Lists of strings, none of them null. O(bytes).
    public init(_ rows: [[String]]) {
        var strings = BytesColumn()
        var offsets: [Int32] = [0]
        for row in rows {
            for string in row { strings.append(string) }
            offsets.append(Int32(strings.count))
        }
        self.init(offsets: offsets, elements: .string(strings))
    }

    /// Lists, nulls included; the elements are `elements.count`.
    public var count: Int { offsets.count - 1 }
    /// Where the elements of a list lie in ``elements``. Empty for a null.
    public func range(of row: Int) -> Range<Int> { Int(offsets[row])..<Int(offsets[row + 1]) }
    /// Whether a list is null rather than empty. O(1).
    public func isNull(at row: Int) -> Bool { validity.map { !$0[row] } ?? false }
}

/// Maps: row `i` holds the entries `offsets[i]..<offsets[i + 1]`. Keys are never null.
public struct MapColumn: Sendable {
    public var offsets: [Int32]
    public var keys: Column
    public var values: Column
    public var validity: [Bool]?

    /// - Precondition: `offsets` ascends from 0 to the number of keys, which is the number of values.
    public init(offsets: [Int32], keys: Column, values: Column, validity: [Bool]? = nil) {
        precondition(offsets.first == 0 && Int(offsets[offsets.count - 1]) == keys.count, "offsets span the keys")
        precondition(keys.count == values.count, "one value a key")
        precondition(validity == nil || validity?.count == offsets.count - 1, "one validity entry a row")
        self.offsets = offsets
        self.keys = keys
        self.values = values
        self.validity = validity
    }

    /// Maps, nulls included; the entries are `keys.count`.
    public var count: Int { offsets.count - 1 }
    /// Where the entries of a map lie in ``keys`` and ``values``. Empty for a null.
    public func range(of row: Int) -> Range<Int> { Int(offsets[row])..<Int(offsets[row + 1]) }
    /// Whether a map is null rather than empty. O(1).
    public func isNull(at row: Int) -> Bool { validity.map { !$0[row] } ?? false }
}

/// Structs: one inner column a field, each as long as the struct column. Inside a null row the fields have no meaning.
public struct StructColumn: Sendable {
    public var children: [Column]
    public var count: Int
    public var validity: [Bool]?

    /// - Precondition: every child has `count` rows.
    public init(children: [Column], count: Int, validity: [Bool]? = nil) {
        precondition(children.allSatisfy { $0.count == count }, "one child row a row")
        precondition(validity == nil || validity?.count == count, "one validity entry a row")
        self.children = children
        self.count = count
        self.validity = validity
    }

    /// Whether the struct as a whole is null. A field of one that is not may still be. O(1).
    public func isNull(at row: Int) -> Bool { validity.map { !$0[row] } ?? false }
}
