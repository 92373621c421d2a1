/// What every cursor is as text: base64url of a byte that says of which kind it is, of what it holds, and of a checksum.
///
/// It holds nothing secret and grants nothing: the checksum finds what was cut, mistyped or put together by hand.
enum CursorSeal {
    /// The first byte. Those of other versions had others.
    enum Kind: UInt8 {
        case list = 2
        case catalogue = 3
    }

    private static let checksumBytes = 8
    private static let longestText = 8192

    /// - Parameter bytes: the kind, and what the cursor holds.
    static func text(of bytes: [UInt8]) -> String {
        var sealed = bytes
        let checksum = bytes.withUnsafeBufferPointer { Self.checksum($0) }
        for byte in 0..<checksumBytes { sealed.append(UInt8(truncatingIfNeeded: checksum >> UInt64(8 * byte))) }
        return Base64URL.text(of: sealed)
    }

    /// The kind, and what the cursor holds.
    /// - Throws: ``ServingError/badCursor`` for what no page has given, ``ServingError/cursorOfAnotherList`` for a cursor of
    ///   another kind.
    static func bytes(of text: String, _ kind: Kind) throws(ServingError) -> [UInt8] {
        guard text.utf8.count <= longestText, let bytes = Base64URL.bytes(of: text), bytes.count > checksumBytes,
            number(bytes[(bytes.count - checksumBytes)...])
                == bytes.withUnsafeBufferPointer({
                    Self.checksum(UnsafeBufferPointer(rebasing: $0.dropLast(checksumBytes)))
                }), let found = Kind(rawValue: bytes[0])
        else { throw .badCursor }
        guard found == kind else { throw .cursorOfAnotherList }
        return Array(bytes.dropLast(checksumBytes))
    }

    /// The lowest byte first.
    static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Eight bytes at a time.
    static func checksum(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = StableHash()
        for start in stride(from: 0, to: bytes.count, by: 8) {
            var word: UInt64 = 0
            for place in start..<min(start + 8, bytes.count) {
                word |= UInt64(bytes[place]) << UInt64(8 * (place - start))
            }
            hash.combine(word: word)
        }
        hash.combine(word: UInt64(bytes.count))
        return hash.value
    }
}

/// RFC 4648, 5, without padding.
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func text(of bytes: [UInt8]) -> String { bytes.withUnsafeBufferPointer { text(of: $0) } }

    static func text(of bytes: UnsafeBufferPointer<UInt8>) -> String {
        alphabet.withUnsafeBufferPointer { alphabet in
            String(unsafeUninitializedCapacity: (bytes.count * 4 + 2) / 3) { text in
                var (start, end) = (0, 0)
                while start + 3 <= bytes.count {
                    let bits = Int(bytes[start]) << 16 | Int(bytes[start + 1]) << 8 | Int(bytes[start + 2])
                    text[end] = alphabet[bits >> 18]
                    text[end + 1] = alphabet[bits >> 12 & 63]
                    text[end + 2] = alphabet[bits >> 6 & 63]
                    text[end + 3] = alphabet[bits & 63]
                    (start, end) = (start + 3, end + 4)
                }
                // One or two bytes are left: two or three letters, the last filled up with zeros.
                guard start < bytes.count else { return end }
                let isTwo = start + 1 < bytes.count
                let bits = Int(bytes[start]) << 16 | (isTwo ? Int(bytes[start + 1]) << 8 : 0)
                text[end] = alphabet[bits >> 18]
                text[end + 1] = alphabet[bits >> 12 & 63]
                if isTwo { text[end + 2] = alphabet[bits >> 6 & 63] }
                return end + (isTwo ? 3 : 2)
            }
        }
    }

    /// nil for what is no such text.
    static func bytes(of text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 3 / 4)
        var bits: UInt32 = 0
        var held: UInt32 = 0
        for byte in text.utf8 {
            let value: UInt8
            switch byte {
            case 65...90: value = byte - 65
            case 97...122: value = byte - 71
            case 48...57: value = byte + 4
            case UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "_"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> held))
            }
        }
        // What is left over is padding, and zero: one text for each value.
        guard held < 6, bits & ((1 << held) - 1) == 0 else { return nil }
        return bytes
    }
}
