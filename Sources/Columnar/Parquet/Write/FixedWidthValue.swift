/// A fixed-width type with an order and a bit pattern.
///
/// The loops over many values are requirements, though one implementation serves all: the code of a generic class is
/// shared by all its types and calls `precedes` through a table, while the witness of a concrete type is compiled for
/// it. Measured: four times as fast.
protocol FixedWidthValue: BitwiseCopyable, Sendable {
    static var zero: Self { get }
    var pattern: UInt64 { get }
    static func precedes(_ a: Self, _ b: Self) -> Bool
    /// NaN has no place in bounds.
    var isOrdered: Bool { get }
    /// Whether there are values without an order.
    static var mayBeNaN: Bool { get }
    /// The value to state as a bound: zeros of a float are widened, since −0 and +0 are equal but not the same bytes.
    func asBound(upper: Bool) -> Self

    /// The smallest and the largest that have an order; nil if none has.
    static func extremes(of values: [Self]) -> (low: Self, high: Self)?
    /// Appends `source[range]`, or `source[positions[range]]`.
    static func append(_ source: [Self], positions: [Int32]?, range: Range<Int>, to values: inout [Self])
    /// Appends the index of each value from `start` on.
    static func index(
        _ values: [Self], from start: Int, in dictionary: inout PrimitiveDictionary<Self>, to indices: inout [Int32])
    /// Appends DELTA_BINARY_PACKED; integers only.
    static func appendDelta(_ values: [Self], to bytes: inout [UInt8])
    static func appendSplit(_ values: [Self], to bytes: inout [UInt8])
    /// Appends the hash of each value from `start` on.
    static func appendHashes(_ values: [Self], from start: Int, to hashes: inout [UInt64])
}

extension FixedWidthValue {
    static func extremes(of values: [Self]) -> (low: Self, high: Self)? {
        guard let first = values.firstIndex(where: \.isOrdered) else { return nil }
        var low = values[first]
        var high = low
        for i in first..<values.count {
            let value = values[i]
            if precedes(value, low) { low = value }
            if precedes(high, value) { high = value }
        }
        return (low, high)
    }

    static func append(_ source: [Self], positions: [Int32]?, range: Range<Int>, to values: inout [Self]) {
        values.append(addingCapacity: range.count) { (span: inout OutputSpan<Self>) in
            if let positions {
                for i in range { span.append(source[Int(positions[i])]) }
            } else {
                for i in range { span.append(source[i]) }
            }
        }
    }

    static func index(
        _ values: [Self], from start: Int, in dictionary: inout PrimitiveDictionary<Self>, to indices: inout [Int32]
    ) {
        values.withUnsafeBufferPointer {
            dictionary.append(UnsafeBufferPointer(rebasing: $0[start...]), to: &indices)
        }
    }

    static func appendDelta(_ values: [Self], to bytes: inout [UInt8]) {
        preconditionFailure("floating-point numbers have no deltas")
    }

    static func appendSplit(_ values: [Self], to bytes: inout [UInt8]) { ByteStreamSplit.encode(values, to: &bytes) }

    static func appendHashes(_ values: [Self], from start: Int, to hashes: inout [UInt64]) {
        hashes.append(contentsOf: values[start...].lazy.map { ValueHash.of($0) })
    }
}

extension Int32: FixedWidthValue {
    var pattern: UInt64 { UInt64(UInt32(bitPattern: self)) }
    static func precedes(_ a: Self, _ b: Self) -> Bool { a < b }
    var isOrdered: Bool { true }
    static var mayBeNaN: Bool { false }
    func asBound(upper: Bool) -> Self { self }
    static func appendDelta(_ values: [Self], to bytes: inout [UInt8]) { DeltaEncoder.encode(values, to: &bytes) }
}

extension Int64: FixedWidthValue {
    var pattern: UInt64 { UInt64(bitPattern: self) }
    static func precedes(_ a: Self, _ b: Self) -> Bool { a < b }
    var isOrdered: Bool { true }
    static var mayBeNaN: Bool { false }
    func asBound(upper: Bool) -> Self { self }
    static func appendDelta(_ values: [Self], to bytes: inout [UInt8]) { DeltaEncoder.encode(values, to: &bytes) }
}

extension Float: FixedWidthValue {
    var pattern: UInt64 { UInt64(bitPattern) }
    static func precedes(_ a: Self, _ b: Self) -> Bool { a < b }
    var isOrdered: Bool { !isNaN }
    static var mayBeNaN: Bool { true }
    func asBound(upper: Bool) -> Self { self == 0 ? (upper ? 0 : -0.0) : self }
}

extension Double: FixedWidthValue {
    var pattern: UInt64 { bitPattern }
    static func precedes(_ a: Self, _ b: Self) -> Bool { a < b }
    var isOrdered: Bool { !isNaN }
    static var mayBeNaN: Bool { true }
    func asBound(upper: Bool) -> Self { self == 0 ? (upper ? 0 : -0.0) : self }
}
