import Foundation

/// Some rows of a column of byte strings, in place.
///
/// Unsafe: borrows the column's buffers; it must not outlive the closure that lent them.
struct ByteRows {
    let bytes: UnsafeRawBufferPointer
    let offsets: UnsafeBufferPointer<Int32>
    /// Positions in the column; nil for ``range`` itself.
    let positions: UnsafeBufferPointer<Int32>?
    let range: Range<Int>

    var count: Int { range.count }

    /// The bytes of the `i`th row.
    /// - Precondition: offsets ascend within `bytes`, as a `BytesColumn` promises and the slice below checks.
    @inline(__always)
    subscript(i: Int) -> UnsafeRawBufferPointer {
        let row = positions.map { Int($0[range.lowerBound + i]) } ?? range.lowerBound + i
        let start = Int(offsets[row])
        let end = Int(offsets[row + 1])
        precondition(start >= 0 && start <= end && end <= bytes.count, "offsets ascend")
        return UnsafeRawBufferPointer(start: bytes.baseAddress.map { $0 + start }, count: end - start)
    }

    /// Whether there are several rows and all of them the same. Of rows that stand together that is one comparison of their
    /// bytes with themselves, moved by one row.
    var areAllEqual: Bool {
        guard count > 1 else { return false }
        guard positions == nil else { return areAllLikeTheFirst }
        let length = self[0].count
        guard Int(offsets[range.upperBound] - offsets[range.lowerBound]) == length * count else { return false }
        for row in range where Int(offsets[row + 1] - offsets[row]) != length { return false }
        guard length > 0, let base = bytes.baseAddress else { return true }
        // Both inside of `bytes`, since all offsets are: the first row is, and the last.
        precondition(Int(offsets[range.upperBound]) <= bytes.count, "offsets ascend")
        let first = base + Int(offsets[range.lowerBound])
        return memcmp(first, first + length, length * (count - 1)) == 0
    }

    private var areAllLikeTheFirst: Bool {
        let first = self[0]
        for i in 1..<count {
            let value = self[i]
            guard value.count == first.count else { return false }
            guard let a = first.baseAddress, let b = value.baseAddress else { continue }
            guard ShortBytes.areEqual(a, b, count: first.count) else { return false }
        }
        return true
    }

    /// Sum of the lengths.
    var byteCount: Int {
        if positions == nil, !range.isEmpty { return Int(offsets[range.upperBound] - offsets[range.lowerBound]) }
        var sum = 0
        for i in 0..<count { sum += self[i].count }
        return sum
    }
}

/// The smallest and the largest of some byte strings, copied.
struct ByteBounds {
    // Empty until the first value comes.
    private var minimum: [UInt8] = []
    private var maximum: [UInt8] = []
    private var hasValues = false

    var bounds: Bounds { hasValues ? Bounds(minimum: minimum, maximum: maximum) : Bounds() }

    mutating func widen(_ run: BoundsOfRun) {
        guard let low = run.low, let high = run.high else { return }
        if !hasValues || minimum.withUnsafeBytes({ ShortBytes.compare(low, $0) < 0 }) { minimum = Array(low) }
        if !hasValues || maximum.withUnsafeBytes({ ShortBytes.compare($0, high) < 0 }) { maximum = Array(high) }
        hasValues = true
    }
}

/// The smallest and the largest of values that lie in memory together: identifiers often ascend, and each would have to be
/// copied, only for the next to take its place.
///
/// Unsafe: points into the values it was shown, and must not outlive them.
struct BoundsOfRun {
    private(set) var low: UnsafeRawBufferPointer?
    private(set) var high: UnsafeRawBufferPointer?
    // The first eight bytes of each as a number: what lies strictly between the two needs no closer look.
    private var lowest: UInt64 = .max
    private var highest: UInt64 = 0

    @inline(__always)
    mutating func widen(_ value: UnsafeRawBufferPointer) {
        let prefix = Self.prefix(value)
        if prefix <= lowest, low.map({ ShortBytes.compare(value, $0) < 0 }) ?? true {
            (low, lowest) = (value, prefix)
        }
        if prefix >= highest, high.map({ ShortBytes.compare($0, value) < 0 }) ?? true {
            (high, highest) = (value, prefix)
        }
    }

    /// - Parameters:
    ///   - previous: the value that was shown last.
    ///   - shared: how many bytes the two begin with alike.
    @inline(__always)
    mutating func widen(_ value: UnsafeRawBufferPointer, after previous: UnsafeRawBufferPointer, sharing shared: Int) {
        if value.count > shared, previous.count == shared || value[shared] > previous[shared] {
            // Greater than its neighbour: not the smallest, and the largest if the neighbour was.
            if high.map({ Self.areOne($0, previous) || ShortBytes.compare($0, value) < 0 }) ?? true {
                (high, highest) = (value, Self.prefix(value))
            }
        } else if low.map({ Self.areOne($0, previous) || ShortBytes.compare(value, $0) < 0 }) ?? true {
            (low, lowest) = (value, Self.prefix(value))
        }
    }

    /// Whether the two are the same bytes at the same place. An empty one stands where another begins.
    @inline(__always)
    private static func areOne(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        a.baseAddress == b.baseAddress && a.count == b.count
    }

    /// Big endian and padded with zeros: if the prefix of `a` is smaller than that of `b`, so is `a` than `b`.
    @inline(__always)
    private static func prefix(_ value: UnsafeRawBufferPointer) -> UInt64 {
        if value.count >= 8 { return UInt64(bigEndian: value.loadUnaligned(as: UInt64.self)) }
        if value.count >= 4 {
            let first = UInt32(bigEndian: value.loadUnaligned(as: UInt32.self))
            let last = UInt32(bigEndian: value.loadUnaligned(fromByteOffset: value.count - 4, as: UInt32.self))
            return UInt64(first) << 32 | UInt64(last) << UInt64(8 * (8 - value.count))
        }
        var result: UInt64 = 0
        for (i, byte) in value.enumerated() { result |= UInt64(byte) << UInt64(56 - 8 * i) }
        return result
    }
}
