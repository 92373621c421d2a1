/// What the rules of ``WordBreaker`` come to for ASCII, in lower case: a word is a run of letters, digits and `_`, with
/// `'`, `.` or `:` between two letters, and `'`, `.`, `,` or `;` between two digits.
///
/// Most words of films are such, and ICU's rules took a quarter of the time of loading an index.
enum PlainWords {
    private enum Kind { case letter, digit, connector, betweenLetters, betweenDigits, betweenEither, other }

    /// Calls `body` with each word in order. O(text).
    static func forEach(of text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        var position = 0
        while position < text.count {
            let start = position
            // Nothing but connectors is no word.
            var isWord = false
            while let next = end(ofPartAt: position, of: text) {
                isWord = isWord || kind(text[position]) != .connector
                position = next
            }
            if isWord { cut(UnsafeBufferPointer(rebasing: text[start..<position]), body) }
            if position == start { position += 1 }
        }
    }

    /// How many bytes there are before the first that is not ASCII.
    static func count(ofPlainBytesIn text: UnsafeBufferPointer<UInt8>) -> Int {
        var count = 0
        let raw = UnsafeRawBufferPointer(text)
        while count + 8 <= raw.count {
            guard raw.loadUnaligned(fromByteOffset: count, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 else { break }
            count += 8
        }
        while count < raw.count, raw[count] < 0x80 { count += 1 }
        return count
    }

    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    /// Where a word goes on behind the letter, digit or connector at a position, or ends; nil if there is none.
    @inline(__always)
    private static func end(ofPartAt position: Int, of text: UnsafeBufferPointer<UInt8>) -> Int? {
        guard position < text.count else { return nil }
        let kind = kind(text[position])
        guard kind == .letter || kind == .digit || kind == .connector else { return nil }
        guard position + 2 < text.count else { return position + 1 }
        let joins =
            switch Self.kind(text[position + 1]) {
            case .betweenLetters: kind == .letter
            case .betweenDigits: kind == .digit
            case .betweenEither: kind != .connector
            case .letter, .digit, .connector, .other: false
            }
        return joins && Self.kind(text[position + 2]) == kind ? position + 2 : position + 1
    }

    /// Words are cut as ``WordBreaker/longestWord`` says.
    private static func cut(_ word: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        guard word.count > WordBreaker.longestWord else { return body(word) }
        for start in stride(from: 0, to: word.count, by: WordBreaker.longestWord) {
            body(UnsafeBufferPointer(rebasing: word[start..<min(word.count, start + WordBreaker.longestWord)]))
        }
    }

    @inline(__always)
    private static func kind(_ byte: UInt8) -> Kind {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): .letter
        case UInt8(ascii: "0")...UInt8(ascii: "9"): .digit
        case UInt8(ascii: "_"): .connector
        case UInt8(ascii: ":"): .betweenLetters
        case UInt8(ascii: ","), UInt8(ascii: ";"): .betweenDigits
        case UInt8(ascii: "'"), UInt8(ascii: "."): .betweenEither
        default: .other
        }
    }
}
