/// A text that is equal only to the same bytes: what identifiers are told apart by wherever they are held in memory.
///
/// Not a `String`: Swift compares strings by canonical equivalence, so that `ñ` as one scalar and as two are one key; tables,
/// models and SQLite tell them apart. As a key it costs what a `String` of ASCII does, and less than another.
public struct ExactText: Hashable, Comparable, Sendable, ExpressibleByStringLiteral {
    public let text: String

    /// - Parameter text: as it is, not normalised.
    @inlinable
    public init(_ text: String) { self.text = text }
    /// The literal's bytes as they stand in the source.
    public init(stringLiteral text: String) { self.text = text }

    @inlinable
    public static func == (a: Self, b: Self) -> Bool {
        // Proof: a `String` is two words, which hold a short text itself, or its length and the address of its bytes: equal words
        // are equal bytes. `unsafeBitCast` traps where it is not so. `String`'s own comparison begins in the same way.
        let (x, y) = (unsafeBitCast(a.text, to: Words.self), unsafeBitCast(b.text, to: Words.self))
        if x.0 == y.0, x.1 == y.1 { return true }
        let (a, b) = (a.text.utf8, b.text.utf8)
        guard a.count == b.count else { return false }
        let isSame = a.withContiguousStorageIfAvailable { a in
            b.withContiguousStorageIfAvailable { b in
                // Without a way out in the middle, so that it goes by vectors.
                var difference: UInt8 = 0
                for i in 0..<min(a.count, b.count) { difference |= a[i] ^ b[i] }
                return difference == 0
            }
        }
        return (isSame ?? nil) ?? a.elementsEqual(b)
    }

    @usableFromInline typealias Words = (UInt64, UInt64)

    /// By the bytes, as tables and models are sorted.
    public static func < (a: Self, b: Self) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }

    @inlinable
    public func hash(into hasher: inout Hasher) {
        let wasTaken: Void? = text.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if wasTaken == nil { for byte in text.utf8 { hasher.combine(byte) } }
        // In no text: the end, so that "ab", "c" is not "a", "bc".
        hasher.combine(0xFF as UInt8)
    }
}

extension String {
    /// Whether two texts have the same bytes, as identifiers must to be one.
    public func isExactly(_ other: String) -> Bool { ExactText(self) == ExactText(other) }
}
