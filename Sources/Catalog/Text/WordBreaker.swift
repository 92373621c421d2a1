internal import CICU

/// Cuts text into words as Lucene's standard analyser does: UAX #29 word boundaries, simple lower case, nothing else.
///
/// Where UAX #29 leaves room, Lucene's choice is taken: no dictionaries, so each ideograph and each hiragana is a word,
/// katakana and hangul stay together, runs of Thai, Lao, Khmer or Burmese are one word; emoji are words; a word ends
/// after 255 UTF-16 units.
///
/// Not thread-safe, as ICU's iterators are not: one for each thread. Not copyable, so that the iterator is closed once.
struct WordBreaker: ~Copyable {
    private let breaks: OpaquePointer
    private var text: [UInt16] = []
    private var word: [UInt8] = []
    /// Text of ASCII alone, in lower case.
    private var plain: [UInt8] = []

    /// Lucene's `StandardAnalyzer.DEFAULT_MAX_TOKEN_LENGTH`, in UTF-16 units.
    static let longestWord = 255

    init() {
        let rules = Array(Self.rules.utf16)
        guard let opened = marquee_breaks_open(rules, Int32(rules.count)) else {
            // The rules are a constant that the tests compile: only exhausted memory can bring us here.
            preconditionFailure("ICU refuses the word rules")
        }
        breaks = opened
    }

    deinit { marquee_breaks_close(breaks) }

    /// Calls `body` with the UTF-8 bytes of each word in order. O(text).
    ///
    /// ICU sees only the stretches between spaces that are not all ASCII: in front of a space is a boundary, whatever
    /// stands before it, so that such a stretch, the space in front of it included, is cut as it would be in the whole.
    mutating func forEachWord(of string: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        var string = string
        string.withUTF8 { bytes in
            var start = 0
            while start < bytes.count {
                let rest = UnsafeBufferPointer(rebasing: bytes[start...])
                let odd = PlainWords.count(ofPlainBytesIn: rest)
                guard odd < rest.count else { return forEachPlainWord(of: rest, body) }
                let space = UInt8(ascii: " ")
                let from = rest[..<odd].lastIndex(of: space) ?? 0
                let to = rest[odd...].firstIndex(of: space) ?? rest.count
                forEachPlainWord(of: UnsafeBufferPointer(rebasing: rest[..<from]), body)
                forEachWordByRules(of: String(decoding: rest[from..<to], as: UTF8.self), body)
                start += to
            }
        }
    }

    private mutating func forEachPlainWord(
        of bytes: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        if plain.count < bytes.count { plain = .init(repeating: 0, count: bytes.count + bytes.count / 4) }
        plain.withUnsafeMutableBufferPointer { plain in
            for place in bytes.indices { plain[place] = PlainWords.lowercased(bytes[place]) }
            PlainWords.forEach(of: UnsafeBufferPointer(rebasing: plain[..<bytes.count]), body)
        }
    }

    /// The same by ICU, whatever the text.
    mutating func forEachWordByRules(of string: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        text.removeAll(keepingCapacity: true)
        text.append(contentsOf: string.utf16)
        text.withUnsafeBufferPointer { units in
            marquee_breaks_set_text(breaks, units.baseAddress, Int32(units.count))
            var start = 0
            while case let end = Int(marquee_breaks_next(breaks)), end >= 0 {
                if Self.isWord(units, start..<end) { emit(units, start..<end, body) }
                start = end
            }
            // Leaves no pointer into `text` behind.
            marquee_breaks_set_text(breaks, nil, 0)
        }
    }

    private mutating func emit(
        _ units: UnsafeBufferPointer<UInt16>, _ range: Range<Int>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var start = range.lowerBound
        while start < range.upperBound {
            var end = min(range.upperBound, start + Self.longestWord)
            if end < range.upperBound, UTF16.isTrailSurrogate(units[end]) { end -= 1 }
            word.removeAll(keepingCapacity: true)
            var position = start
            while position < end {
                let scalar = Self.lowercased(Self.scalar(units, &position, end))
                if scalar < 0x80 {
                    word.append(UInt8(scalar))
                } else {
                    word.append(contentsOf: String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
                }
            }
            word.withUnsafeBufferPointer(body)
            start = end
        }
    }

    /// Whether the stretch between two boundaries is a word rather than space or punctuation.
    private static func isWord(_ units: UnsafeBufferPointer<UInt16>, _ range: Range<Int>) -> Bool {
        var position = range.lowerBound
        var flags = 0
        while position < range.upperBound {
            let scalar = scalar(units, &position, range.upperBound)
            if scalar < 0x80 {
                let letter = scalar | 0x20
                if letter >= 0x61 && letter <= 0x7A || scalar >= 0x30 && scalar <= 0x39 { return true }
            } else if marquee_makes_word(scalar) {
                return true
            } else if marquee_is_regional_indicator(scalar) {
                flags += 1
            }
        }
        return flags == 2
    }

    private static func scalar(_ units: UnsafeBufferPointer<UInt16>, _ position: inout Int, _ end: Int) -> UInt32 {
        let unit = UInt32(units[position])
        position += 1
        guard unit & 0xFC00 == 0xD800, position < end else { return unit }
        let trail = UInt32(units[position])
        position += 1
        return 0x10000 + (unit - 0xD800) << 10 + (trail - 0xDC00)
    }

    private static func lowercased(_ scalar: UInt32) -> UInt32 {
        if scalar < 0x80 { return scalar >= 0x41 && scalar <= 0x5A ? scalar | 0x20 : scalar }
        return marquee_lowercase(scalar)
    }
}
