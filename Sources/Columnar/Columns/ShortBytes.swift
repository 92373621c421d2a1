import Foundation

/// Comparing and copying byte strings of a few words, such as identifiers: inline, since for them a call of `memcmp` or
/// `memcpy` costs more than what it does.
///
/// Unsafe: touches exactly the bytes it is told, a word at a time, the last word overlapping the one before.
public enum ShortBytes {
    @inline(__always)
    static func areEqual(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, count: Int) -> Bool {
        switch count {
        case 17...: memcmp(a, b, count) == 0
        case 8...: (load(a, 0, UInt64.self) ^ load(b, 0)) | (load(a, count - 8) ^ load(b, count - 8)) == 0
        case 4...: (load(a, 0, UInt32.self) ^ load(b, 0)) | (load(a, count - 4) ^ load(b, count - 4)) == 0
        case 1...:
            load(a, 0, UInt8.self) == load(b, 0) && load(a, count / 2, UInt8.self) == load(b, count / 2)
                && load(a, count - 1, UInt8.self) == load(b, count - 1)
        default: true
        }
    }

    /// Below zero if `a` sorts before `b`, above if after: byte by byte, and what is a prefix of the other comes first.
    @inline(__always)
    static func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        let shared = min(a.count, b.count)
        var position = 0
        while shared - position >= 8 {
            let x = UInt64(bigEndian: a.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let y = UInt64(bigEndian: b.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            if x != y { return x < y ? -1 : 1 }
            position += 8
        }
        while position < shared {
            if a[position] != b[position] { return Int(a[position]) - Int(b[position]) }
            position += 1
        }
        return a.count - b.count
    }

    /// How many bytes the two begin with alike.
    @inline(__always)
    static func sharedPrefix(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        let count = min(a.count, b.count)
        guard count >= 8, let x = a.baseAddress, let y = b.baseAddress else {
            var position = 0
            while position < count, a[position] == b[position] { position += 1 }
            return position
        }
        var position = 0
        while position <= count - 8 {
            let difference = UInt64(littleEndian: load(x, position) ^ load(y, position))
            if difference != 0 { return position + difference.trailingZeroBitCount / 8 }
            position += 8
        }
        // The last word overlaps what is known to be alike.
        let difference = UInt64(littleEndian: load(x, count - 8) ^ load(y, count - 8))
        return difference == 0 ? count : count - 8 + difference.trailingZeroBitCount / 8
    }

    /// - Precondition: the two do not overlap.
    @inlinable
    @inline(__always)
    public static func copy(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int) {
        switch count {
        case 33...: target.copyMemory(from: source, byteCount: count)
        case 16...: move(source, target, count, SIMD16<UInt8>.self)
        case 8...: move(source, target, count, UInt64.self)
        case 4...: move(source, target, count, UInt32.self)
        case 1...:
            let first = load(source, 0, UInt8.self)
            let middle = load(source, count / 2, UInt8.self)
            let last = load(source, count - 1, UInt8.self)
            target.storeBytes(of: first, as: UInt8.self)
            target.storeBytes(of: middle, toByteOffset: count / 2, as: UInt8.self)
            target.storeBytes(of: last, toByteOffset: count - 1, as: UInt8.self)
        default: break
        }
    }

    /// The word at `offset` bytes, in the machine's byte order; it need not be aligned.
    ///
    /// Unsafe: the caller vouches that all its bytes can be read.
    @inlinable
    @inline(__always)
    public static func load<T: BitwiseCopyable>(_ bytes: UnsafeRawPointer, _ offset: Int, _: T.Type = T.self) -> T {
        bytes.loadUnaligned(fromByteOffset: offset, as: T.self)
    }

    /// The first and the last word.
    @inlinable
    @inline(__always)
    public static func move<T: BitwiseCopyable>(
        _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ count: Int, _: T.Type
    ) {
        let size = MemoryLayout<T>.size
        let (first, last) = (load(source, 0, T.self), load(source, count - size, T.self))
        target.storeBytes(of: first, as: T.self)
        target.storeBytes(of: last, toByteOffset: count - size, as: T.self)
    }
}
