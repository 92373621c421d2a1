import Domain
import TestSupport

/// What a client may make of a text that it was given: a byte changed, the end cut off, a letter too many.
enum DamagedText {
    /// Some 2,000 of them, none like the text itself.
    static func all(of text: String, seed: UInt64) -> [String] {
        var random = SeededGenerator(seed: seed)
        let sound = Array(text.utf8)
        return (0..<2000).compactMap { _ in
            var bytes = sound
            switch random.below(3) {
            case 0: bytes[random.below(bytes.count)] ^= UInt8(1 + random.below(31))
            case 1: bytes.removeLast(1 + random.below(bytes.count))
            default: bytes.insert(UInt8(65 + random.below(26)), at: random.below(bytes.count))
            }
            return bytes == sound ? nil : String(decoding: bytes, as: UTF8.self)
        }
    }
}
