internal import Synchronization

/// Identifiers of requests and of what is made in them: 13 characters of Crockford's base 32.
public enum RequestID {
    /// A number that starts anywhere and counts: no two of a process are alike, those of two processes hardly ever.
    private static let counter = Atomic<UInt64>(UInt64.random(in: .min ... .max))

    private static let alphabet: StaticString = "0123456789abcdefghjkmnpqrstvwxyz"
    private static let length = 13

    public static func next() -> String {
        // SplitMix64's finaliser is a bijection: distinct numbers stay distinct and stop looking like a sequence.
        var z = counter.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        return String(unsafeUninitializedCapacity: length) { text in
            alphabet.withUTF8Buffer { letters in
                for position in 0..<length { text[position] = letters[Int(z >> UInt64(position * 5) & 31)] }
            }
            return length
        }
    }

    /// Whether a text may be one that ``next()`` made, here or in another process.
    public static func isOne(_ text: String) -> Bool {
        text.utf8.count == length
            && alphabet.withUTF8Buffer { letters in text.utf8.allSatisfy { letters.contains($0) } }
    }

    /// Whether a client's own identifier may be taken over into headers and logs.
    static func isAcceptable(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
                default: false
                }
            }
    }
}
