/// Which language the free text of a review is in, as far as its letters alone tell: a BCP 47 tag.
///
/// A script that nearly only one language is written in gives that language (`ja`, `ko`, `el`, `th`); one that many share
/// gives the script, with no language named (`und-Latn`, `und-Cyrl`); a text without letters, or of several scripts none
/// of which has more than half of them, gives `und`. Why not more: docs/decisions/review-text.md.
enum ReviewLanguage {
    /// What the letters say, and how many Unicode scalars the text has. O(count).
    /// - Precondition: `text` is UTF-8.
    static func look(at text: UnsafeBufferPointer<UInt8>) -> (tag: StaticString, length: Int32) {
        var counts = Counts()
        var length: Int32 = 0
        var i = 0
        while i < text.count {
            let first = text[i]
            length &+= 1
            if first < 0x80 {
                if (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20) { counts.add(.latin) }
                i += 1
                continue
            }
            let size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
            var scalar = UInt32(first) & (0xFF >> UInt32(size + 1))
            for j in i + 1..<min(i + size, text.count) { scalar = scalar << 6 | UInt32(text[j] & 0x3F) }
            i += size
            if let script = Script(of: scalar) { counts.add(script) }
        }
        return (counts.tag, length)
    }

    private enum Script: Int, CaseIterable {
        case latin, greek, cyrillic, armenian, hebrew, arabic, devanagari, bengali, tamil, telugu, thai, georgian
        case hangul, kana, han

        /// The script of a letter beyond ASCII; nil for what is no letter, and for other scripts.
        init?(of scalar: UInt32) {
            guard let script = Self.blocks.first(where: { $0.range.contains(scalar) })?.script else { return nil }
            self = script
        }

        /// Blocks of the Unicode Character Database, without the signs that stand among the letters of Latin-1.
        private static let blocks: [(range: ClosedRange<UInt32>, script: Script)] = [
            (0xC0...0xD6, .latin), (0xD8...0xF6, .latin), (0xF8...0x24F, .latin), (0x1E00...0x1EFF, .latin),
            (0x370...0x3FF, .greek), (0x1F00...0x1FFF, .greek), (0x400...0x52F, .cyrillic), (0x531...0x58A, .armenian),
            (0x5D0...0x5F4, .hebrew), (0x620...0x6FF, .arabic), (0x750...0x77F, .arabic), (0x900...0x97F, .devanagari),
            (0x980...0x9FF, .bengali), (0xB80...0xBFF, .tamil), (0xC00...0xC7F, .telugu), (0xE01...0xE4E, .thai),
            (0x10A0...0x10FF, .georgian), (0x1C90...0x1CBF, .georgian), (0x1100...0x11FF, .hangul),
            (0x3131...0x318E, .hangul), (0xAC00...0xD7A3, .hangul), (0x3041...0x30FF, .kana), (0x3400...0x4DBF, .han),
            (0x4E00...0x9FFF, .han), (0x20000...0x2FA1F, .han),
        ]

        var tag: StaticString {
            switch self {
            case .latin: "und-Latn"
            case .greek: "el"
            case .cyrillic: "und-Cyrl"
            case .armenian: "hy"
            case .hebrew: "he"
            case .arabic: "und-Arab"
            case .devanagari: "und-Deva"
            case .bengali: "und-Beng"
            case .tamil: "ta"
            case .telugu: "te"
            case .thai: "th"
            case .georgian: "ka"
            case .hangul: "ko"
            case .kana: "ja"
            case .han: "zh"
            }
        }
    }

    /// How many letters there are of each script.
    private struct Counts {
        private var counts = [Int](repeating: 0, count: Script.allCases.count)

        mutating func add(_ script: Script) { counts[script.rawValue] += 1 }

        var tag: StaticString {
            var counts = counts
            // Japanese is written in both; Chinese has no kana.
            if counts[Script.kana.rawValue] > 0 {
                counts[Script.kana.rawValue] += counts[Script.han.rawValue]
                counts[Script.han.rawValue] = 0
            }
            let all = counts.reduce(0, +)
            return Script.allCases.first { 2 * counts[$0.rawValue] > all }?.tag ?? "und"
        }
    }
}
