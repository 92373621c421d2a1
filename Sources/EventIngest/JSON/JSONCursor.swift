import Foundation

/// A place in a JSON text (RFC 8259) held as bytes.
///
/// Every step checks the bounds, so no input can move it outside the message. Strings are returned as slices of the
/// message, or of `scratch` where escapes had to be resolved; `scratch` must be as long as the message, because an
/// escape is never shorter than what it stands for.
struct JSONCursor {
    var position: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>
    private var scratch: UnsafeMutablePointer<UInt8>
    /// Whether a string had to be copied to `scratch`.
    private(set) var usedScratch = false

    static let deepest = 32

    init(_ bytes: UnsafeBufferPointer<UInt8>, scratch: UnsafeMutablePointer<UInt8>) {
        position = bytes.baseAddress!
        end = position + bytes.count
        self.scratch = scratch
    }

    @inline(__always)
    mutating func skipSpace() {
        while position < end {
            let byte = position.pointee
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    /// The next byte that is not white space, without passing it; 0 at the end.
    @inline(__always)
    mutating func peek() -> UInt8 {
        skipSpace()
        return position < end ? position.pointee : 0
    }

    @inline(__always)
    mutating func expect(_ byte: UInt8) throws(RejectReason) {
        guard peek() == byte else { throw .malformed }
        position += 1
    }

    /// Passes `text` if exactly it stands here.
    @inline(__always)
    mutating func pass(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        // With a length that the compiler knows this is one comparison of a word or two, inside the message.
        guard end - position >= count, memcmp(position, text.utf8Start, count) == 0 else { return false }
        position += count
        return true
    }

    // MARK: Strings

    /// As ``string()``, inline as far as plain ASCII goes, which nearly all strings of events are.
    @inline(__always)
    mutating func asciiString() throws(RejectReason) -> UnsafeBufferPointer<UInt8> {
        guard position < end, position.pointee == UInt8(ascii: "\"") else { return try string() }
        var place = position + 1
        while end - place >= 8 {
            // Inside the message by the condition above.
            let word = UInt64(littleEndian: UnsafeRawPointer(place).loadUnaligned(as: UInt64.self))
            // As in ``passPlain()``; a byte that is not ASCII is found by its own highest bit.
            let small = word &- 0x20 &* Self.ones
            let quote = (word ^ 0x22 &* Self.ones) &- Self.ones
            let backslash = (word ^ 0x5C &* Self.ones) &- Self.ones
            let found = (word | small | quote | backslash) & Self.tops
            guard found != 0 else {
                place += 8
                continue
            }
            place += found.trailingZeroBitCount / 8
            guard place.pointee == UInt8(ascii: "\"") else { break }
            let slice = UnsafeBufferPointer(start: position + 1, count: place - position - 1)
            position = place + 1
            return slice
        }
        return try string()
    }

    /// string = quotation-mark *char quotation-mark
    mutating func string() throws(RejectReason) -> UnsafeBufferPointer<UInt8> {
        guard peek() == UInt8(ascii: "\"") else { throw .wrongType }
        position += 1
        let start = position
        var seen = passPlain()
        while position < end {
            let byte = position.pointee
            if byte == UInt8(ascii: "\"") {
                let slice = UnsafeBufferPointer(start: start, count: position - start)
                position += 1
                if seen >= 0x80, !isUTF8(slice) { throw .invalidUTF8 }
                return slice
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            guard byte >= 0x20 else { throw .malformed }
            seen |= byte
            position += 1
        }
        throw .malformed
    }

    /// Passes bytes of a string, eight at a time, up to a quotation mark, a backslash or a control character, or near the
    /// end. Returns all of them or'd together, as far as the highest bit goes.
    @inline(__always)
    private mutating func passPlain() -> UInt8 {
        // Of `a - b`, a byte's highest bit tells that it was smaller, if it was not set before. What a borrow makes wrong
        // lies above a byte that is rightly found, so the lowest one found is right.
        func below(_ word: UInt64, _ limit: UInt64) -> UInt64 { (word &- limit &* Self.ones) & ~word & Self.tops }
        var seen: UInt64 = 0
        while end - position >= 8 {
            // Inside the message by the condition above.
            let word = UInt64(littleEndian: UnsafeRawPointer(position).loadUnaligned(as: UInt64.self))
            let found =
                below(word, 0x20) | below(word ^ 0x22 &* Self.ones, 1) | below(word ^ 0x5C &* Self.ones, 1)
            if found != 0 {
                let bits = found.trailingZeroBitCount & ~7
                seen |= word & (1 << UInt64(bits) &- 1)
                position += bits / 8
                break
            }
            seen |= word
            position += 8
        }
        return seen & Self.tops == 0 ? 0 : 0x80
    }

    /// The lowest, and the highest, bit of each byte of a word.
    private static var ones: UInt64 { 0x0101_0101_0101_0101 }
    private static var tops: UInt64 { 0x8080_8080_8080_8080 }

    /// Goes on from the first backslash, copying to `scratch`.
    private mutating func escapedString(from start: UnsafePointer<UInt8>) throws(RejectReason)
        -> UnsafeBufferPointer<UInt8>
    {
        usedScratch = true
        let target = scratch
        var used = position - start
        target.update(from: start, count: used)
        while position < end {
            let byte = position.pointee
            position += 1
            if byte == UInt8(ascii: "\"") {
                scratch += used
                let slice = UnsafeBufferPointer(start: UnsafePointer(target), count: used)
                guard isUTF8(slice) else { throw .invalidUTF8 }
                return slice
            }
            guard byte >= 0x20 else { throw .malformed }
            guard byte == UInt8(ascii: "\\") else {
                target[used] = byte
                used += 1
                continue
            }
            guard position < end else { throw .malformed }
            let escape = position.pointee
            position += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): target[used] = escape
            case UInt8(ascii: "b"): target[used] = 0x08
            case UInt8(ascii: "f"): target[used] = 0x0C
            case UInt8(ascii: "n"): target[used] = 0x0A
            case UInt8(ascii: "r"): target[used] = 0x0D
            case UInt8(ascii: "t"): target[used] = 0x09
            case UInt8(ascii: "u"):
                used += write(try unicodeEscape(), to: target + used)
                continue
            default: throw .malformed
            }
            used += 1
        }
        throw .malformed
    }

    /// The scalar after `\u`; a surrogate must have its partner.
    private mutating func unicodeEscape() throws(RejectReason) -> UInt32 {
        let first = try fourHexDigits()
        guard first & 0xF800 == 0xD800 else { return first }
        guard first < 0xDC00, end - position >= 6, position[0] == UInt8(ascii: "\\"), position[1] == UInt8(ascii: "u")
        else { throw .malformed }
        position += 2
        let second = try fourHexDigits()
        guard second & 0xFC00 == 0xDC00 else { throw .malformed }
        return 0x10000 + (first & 0x3FF) << 10 + second & 0x3FF
    }

    private mutating func fourHexDigits() throws(RejectReason) -> UInt32 {
        guard end - position >= 4 else { throw .malformed }
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = position.pointee
            position += 1
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
            case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
            default: throw .malformed
            }
        }
        return value
    }

    private func write(_ scalar: UInt32, to target: UnsafeMutablePointer<UInt8>) -> Int {
        switch scalar {
        case ..<0x80:
            target[0] = UInt8(scalar)
            return 1
        case ..<0x800:
            target[0] = UInt8(0xC0 | scalar >> 6)
            target[1] = UInt8(0x80 | scalar & 0x3F)
            return 2
        case ..<0x10000:
            target[0] = UInt8(0xE0 | scalar >> 12)
            target[1] = UInt8(0x80 | scalar >> 6 & 0x3F)
            target[2] = UInt8(0x80 | scalar & 0x3F)
            return 3
        default:
            target[0] = UInt8(0xF0 | scalar >> 18)
            target[1] = UInt8(0x80 | scalar >> 12 & 0x3F)
            target[2] = UInt8(0x80 | scalar >> 6 & 0x3F)
            target[3] = UInt8(0x80 | scalar & 0x3F)
            return 4
        }
    }

    // MARK: Anything else

    /// Passes `null` if it stands here.
    @inline(__always)
    mutating func null() throws(RejectReason) -> Bool {
        guard peek() == UInt8(ascii: "n") else { return false }
        try literal("null")
        return true
    }

    /// Passes one value of any type, checking its form.
    mutating func skipValue(depth: Int = 1) throws(RejectReason) {
        guard depth <= Self.deepest else { throw .tooDeep }
        switch peek() {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        case UInt8(ascii: "{"):
            position += 1
            if peek() == UInt8(ascii: "}") { return position += 1 }
            while true {
                guard peek() == UInt8(ascii: "\"") else { throw .malformed }
                _ = try string()
                try expect(UInt8(ascii: ":"))
                try skipValue(depth: depth + 1)
                guard peek() == UInt8(ascii: ",") else { break }
                position += 1
            }
            try expect(UInt8(ascii: "}"))
        case UInt8(ascii: "["):
            position += 1
            if peek() == UInt8(ascii: "]") { return position += 1 }
            while true {
                try skipValue(depth: depth + 1)
                guard peek() == UInt8(ascii: ",") else { break }
                position += 1
            }
            try expect(UInt8(ascii: "]"))
        case UInt8(ascii: "-"), 0x30...0x39: _ = try number()
        default: throw .malformed
        }
    }

    private mutating func literal(_ text: StaticString) throws(RejectReason) {
        let count = text.utf8CodeUnitCount
        guard end - position >= count else { throw .malformed }
        for i in 0..<count where position[i] != text.utf8Start[i] { throw .malformed }
        position += count
    }
}
