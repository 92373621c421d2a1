/// FNV-1a with the finish of MurmurHash3: the same number in every process, which `Hasher` is not. Against mistakes,
/// not against malice.
struct StableHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    @inline(__always)
    mutating func combine(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }

    /// A text and its end, so that "ab", "c" is not "a", "bc".
    mutating func combine(_ text: String) {
        for byte in text.utf8 { combine(byte) }
        combine(0xFF as UInt8)
    }

    mutating func combine(_ number: UInt64) {
        for place in 0..<8 { combine(UInt8(truncatingIfNeeded: number >> UInt64(8 * place))) }
    }

    /// In one step, where many come one after the other.
    @inline(__always)
    mutating func combine(word: UInt64) {
        state = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
        state ^= state >> 32
    }

    var value: UInt64 {
        var hash = state
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ hash >> 33
    }
}
