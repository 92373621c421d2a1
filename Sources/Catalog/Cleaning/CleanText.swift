/// Text as people read it: without HTML, control and invisible characters, with single blanks.
struct CleanText {
    private(set) var text: String
    private(set) var hadMarkup = false
    private(set) var hadControls = false

    /// Cleaning what is clean already changes nothing: markup that was escaped twice, or hidden by control characters, is
    /// taken apart until none is left, at most so many times.
    private static let rounds = 8

    init(_ raw: String) {
        text = raw
        fold()
        for _ in 0..<Self.rounds where text.utf8.contains(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "&") })
        {
            guard let plain = Markup.removed(from: text) else { return }
            hadMarkup = true
            text = plain
            fold()
        }
    }

    /// Takes out what is blank or invisible, but for one blank between words.
    private mutating func fold() {
        var words: [String.UnicodeScalarView] = []
        var word = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if Self.isInvisible(scalar) {
                hadControls = true
            } else if Self.isBlank(scalar) {
                if !scalar.properties.isWhitespace { hadControls = true }
                if !word.isEmpty { words.append(word) }
                word = String.UnicodeScalarView()
            } else {
                word.append(scalar)
            }
        }
        if !word.isEmpty { words.append(word) }
        text = words.map { String($0) }.joined(separator: " ")
    }

    /// White space or a control character.
    static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x80 { return scalar.value <= 0x20 || scalar.value == 0x7F }
        return scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
    }

    /// Characters that show nothing and join nothing: soft hyphen, zero-width space, word joiner, byte order mark, and the
    /// ones that turn the direction of all that follows. Joiners stay: some scripts need them.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xAD, 0x200B, 0x2060, 0xFEFF, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

/// Tags, comments and character references of HTML in texts that are no documents.
private enum Markup {
    /// Elements that begin a line or a cell of their own: words on either side are two words.
    private static let blocks: Set<String> = [
        "br", "p", "div", "li", "ul", "ol", "tr", "td", "th", "table", "hr", "h1", "h2", "h3", "h4", "h5", "h6",
        "blockquote", "pre", "img", "iframe", "center",
    ]
    private static let inline: Set<String> = [
        "a", "abbr", "b", "big", "cite", "code", "del", "em", "font", "i", "ins", "mark", "q", "s", "small", "span",
        "strike", "strong", "sub", "sup", "tt", "u",
    ]
    /// Elements whose content is nothing to read.
    private static let hidden: Set<String> = ["script", "style"]

    private static let references: [String: String] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "hellip": "…", "mdash": "—",
        "ndash": "–", "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”", "laquo": "«", "raquo": "»", "copy": "©",
        "reg": "®", "trade": "™", "bull": "•", "middot": "·", "deg": "°", "frac12": "½", "eacute": "é", "egrave": "è",
        "ecirc": "ê", "agrave": "à", "aacute": "á", "acirc": "â", "auml": "ä", "ouml": "ö", "uuml": "ü", "szlig": "ß",
        "ccedil": "ç", "ntilde": "ñ", "oacute": "ó", "iacute": "í", "uacute": "ú", "oslash": "ø", "aring": "å",
    ]

    /// The text without what is HTML in it; nil if nothing is. O(bytes).
    static func removed(from text: String) -> String? {
        let bytes = Array(text.utf8)
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        var hasChanged = false
        var place = 0
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "<"), let (end, isBreak) = tag(bytes, at: place) {
                if isBreak { plain.append(0x20) }
                place = end
                hasChanged = true
            } else if byte == UInt8(ascii: "&"), let (end, characters) = reference(bytes, at: place) {
                plain.append(contentsOf: characters.utf8)
                place = end
                hasChanged = true
            } else {
                plain.append(byte)
                place += 1
            }
        }
        return hasChanged ? String(decoding: plain, as: UTF8.self) : nil
    }

    /// Where a tag or comment that begins here ends, and whether words on its sides are apart; nil if it is none.
    private static func tag(_ bytes: [UInt8], at start: Int) -> (end: Int, isBreak: Bool)? {
        if bytes[start...].starts(with: Array("<!--".utf8)) {
            return find("-->", in: bytes, from: start + 4).map { ($0, true) }
        }
        var place = start + 1
        let isEnd = place < bytes.count && bytes[place] == UInt8(ascii: "/")
        if isEnd { place += 1 }
        var name = ""
        while place < bytes.count, name.utf8.count < 11, let letter = letterOrDigit(bytes[place]) {
            name.unicodeScalars.append(letter)
            place += 1
        }
        // "a <b" and "I <3 you" are text, and so is <name> of a name that HTML does not have.
        guard blocks.contains(name) || inline.contains(name) || hidden.contains(name), place < bytes.count,
            [0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: "/"), UInt8(ascii: ">")].contains(bytes[place])
        else { return nil }
        var quote: UInt8?
        while place < bytes.count {
            let byte = bytes[place]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                let end = place + 1
                guard hidden.contains(name), !isEnd else { return (end, blocks.contains(name)) }
                return (find("</\(name)>", in: bytes, from: end) ?? bytes.count, true)
            } else if byte == UInt8(ascii: "<") {
                return nil
            }
            place += 1
        }
        return nil
    }

    private static func letterOrDigit(_ byte: UInt8) -> Unicode.Scalar? {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): Unicode.Scalar(byte)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Unicode.Scalar(byte | 0x20)
        default: nil
        }
    }

    /// Behind the first occurrence, whatever the case of its letters.
    private static func find(_ text: String, in bytes: [UInt8], from start: Int) -> Int? {
        let wanted = Array(text.utf8)
        guard bytes.count >= wanted.count, start <= bytes.count - wanted.count else { return nil }
        return (start...bytes.count - wanted.count).first { place in
            wanted.indices.allSatisfy { offset in
                let byte = bytes[place + offset]
                return ((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) == wanted[offset]
            }
        }.map { $0 + wanted.count }
    }

    /// The characters that `&…;` stands for; nil if it is none.
    private static func reference(_ bytes: [UInt8], at start: Int) -> (end: Int, characters: String)? {
        let rest = bytes[(start + 1)...].prefix(10)
        guard let semicolon = rest.firstIndex(of: UInt8(ascii: ";")) else { return nil }
        let name = String(decoding: bytes[(start + 1)..<semicolon], as: UTF8.self)
        if let characters = references[name] { return (semicolon + 1, characters) }
        guard name.hasPrefix("#") else { return nil }
        let isHexadecimal = name.dropFirst().first.map { $0 == "x" || $0 == "X" } ?? false
        let digits = name.dropFirst(isHexadecimal ? 2 : 1)
        guard digits.allSatisfy(\.isHexDigit), let number = UInt32(digits, radix: isHexadecimal ? 16 : 10),
            let scalar = Unicode.Scalar(number)
        else { return nil }
        return (semicolon + 1, String(Character(scalar)))
    }
}
