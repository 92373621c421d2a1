/// A hash of bytes that nobody can foresee, so that nobody can choose identifiers which all fall on one place of a table.
///
/// Each one that is made has a key of its own: values mean nothing to another one, or to another process. Multiply and fold, eight
/// bytes at a time, as in wyhash. O(bytes).
@frozen public struct SeededHash: Sendable {
    @usableFromInline let key: UInt64

    /// One with a key by chance.
    public init() { key = .random(in: .min ... .max) }

    /// The hash of these bytes: all of its bits may be used.
    @inlinable
    public func callAsFunction(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let raw = UnsafeRawBufferPointer(bytes)
        var state = key ^ UInt64(truncatingIfNeeded: raw.count)
        var position = 0
        while position + 8 <= raw.count {
            // In bounds: the loop's condition. Identifiers lie at any address.
            state = Self.fold(
                state ^ raw.loadUnaligned(fromByteOffset: position, as: UInt64.self), 0x9E37_79B9_7F4A_7C15)
            position += 8
        }
        var rest: UInt64 = 0
        while position < raw.count {
            rest = rest << 8 | UInt64(raw[position])
            position += 1
        }
        return Self.fold(Self.fold(state ^ rest, 0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D, 0x9E37_79B9_7F4A_7C15)
    }

    @inlinable
    static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
