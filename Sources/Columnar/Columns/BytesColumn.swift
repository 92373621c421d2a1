/// Strings or byte strings end to end in one buffer.
public struct BytesColumn: Sendable {
    /// `count + 1` positions in ``bytes``, ascending from 0: row `i` is `bytes[offsets[i]..<offsets[i + 1]]`. A null
    /// row is empty.
    public var offsets: [Int32]
    public var bytes: [UInt8]
    /// One entry a row, false where the row is null; nil if there are no nulls.
    public var validity: [Bool]?

    public init() {
        offsets = [0]
        bytes = []
    }

    /// - Precondition: `offsets` ascends from 0 to `bytes.count` and `validity`, if any, has one entry a row.
    public init(offsets: [Int32], bytes: [UInt8], validity: [Bool]? = nil) {
        precondition(offsets.first == 0 && Int(offsets[offsets.count - 1]) == bytes.count, "offsets span the bytes")
        precondition(validity == nil || validity?.count == offsets.count - 1, "one validity entry a row")
        self.offsets = offsets
        self.bytes = bytes
        self.validity = validity
    }

    /// A column of strings without nulls. O(bytes).
    public init(_ strings: [String]) {
        self.init()
        for string in strings { append(string) }
    }

    /// A column of strings, null where there is none. O(bytes).
    public init(_ strings: [String?]) {
        self.init()
        for string in strings { append(string) }
    }

    /// Rows, nulls included.
    @inlinable public var count: Int { offsets.count - 1 }

    /// Forgets the rows and keeps their memory.
    public mutating func removeAll() {
        offsets.removeAll(keepingCapacity: true)
        offsets.append(0)
        bytes.removeAll(keepingCapacity: true)
        validity?.removeAll(keepingCapacity: true)
    }

    /// Makes room for this many rows and bytes in all, so that appending them does not copy what is there.
    public mutating func reserveCapacity(rows: Int, bytes byteCount: Int) {
        offsets.reserveCapacity(rows + 1)
        bytes.reserveCapacity(byteCount)
    }

    /// - Precondition: the column stays under 2 GiB.
    @inlinable
    public mutating func append(utf8: UnsafeBufferPointer<UInt8>) {
        bytes.append(contentsOf: utf8)
        offsets.append(Int32(bytes.count))
        if validity != nil { validity?.append(true) }
    }

    /// Adds a row: the bytes as they are, whether they are UTF-8 or not.
    /// - Precondition: the column stays under 2 GiB.
    @inlinable
    public mutating func append(_ value: [UInt8]) {
        value.withUnsafeBufferPointer { append(utf8: $0) }
    }

    /// Adds a row: the UTF-8 form of the text.
    /// - Precondition: the column stays under 2 GiB.
    @inlinable
    public mutating func append(_ value: String) {
        var value = value
        value.withUTF8 { append(utf8: $0) }
    }

    /// Adds a row: the UTF-8 form of the text, or a null.
    /// - Precondition: the column stays under 2 GiB.
    @inlinable
    public mutating func append(_ value: String?) {
        if let value { append(value) } else { appendNull() }
    }

    /// Adds a null row, which takes no bytes. The first one makes ``validity``: O(rows).
    @inlinable
    public mutating func appendNull() {
        if validity == nil { validity = [Bool](repeating: true, count: count) }
        offsets.append(Int32(bytes.count))
        validity?.append(false)
    }

    /// Whether a row is null rather than empty. O(1).
    @inlinable
    public func isNull(at row: Int) -> Bool {
        guard let validity else { return false }
        return !validity[row]
    }

    /// Where the bytes of a row lie in ``bytes``.
    @inlinable
    public func range(of row: Int) -> Range<Int> { Int(offsets[row])..<Int(offsets[row + 1]) }

    /// Lends the bytes of a row without copying them.
    @inlinable
    public func withBytes<R>(of row: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
        let range = range(of: row)
        return try bytes.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[range])) }
    }

    /// The text of a row; invalid UTF-8 is repaired. Allocates for texts over 15 bytes: not for hot loops.
    public func string(at row: Int) -> String? {
        isNull(at: row) ? nil : String(decoding: bytes[range(of: row)], as: UTF8.self)
    }
}
