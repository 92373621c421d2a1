/// 64-bit fingerprints of identifiers under a key of the process: nobody can make two that meet, and by chance two of
/// 25 million meet once in 60,000 times.
struct Fingerprinter: Sendable {
    private let key = UInt64.random(in: .min ... .max)

    /// Multiply and fold, eight bytes at a time, as in wyhash. Never 0.
    func callAsFunction(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let raw = UnsafeRawBufferPointer(bytes)
        var hash = key ^ UInt64(truncatingIfNeeded: raw.count)
        var position = 0
        while position + 8 <= raw.count {
            hash = Self.fold(hash ^ raw.loadUnaligned(fromByteOffset: position, as: UInt64.self), 0xA076_1D64_78BD_642F)
            position += 8
        }
        var tail: UInt64 = 0
        while position < raw.count {
            tail = tail << 8 | UInt64(raw[position])
            position += 1
        }
        return max(1, Self.fold(Self.fold(hash ^ tail, 0xE703_7ED1_A0B4_28DB) ^ key, 0x8EBC_6AF0_9C88_C6E3))
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
