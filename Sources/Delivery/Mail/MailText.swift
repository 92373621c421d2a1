internal import Foundation

/// Text as mail carries it: in 7-bit lines of at most 76 characters.
enum MailText {
    /// A header's text: as it is, or in encoded words (RFC 2047), one a line.
    ///
    /// Control characters become blanks, so that no text can begin a header of its own.
    static func unstructured(_ text: String) -> String {
        let text = String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? " " : $0 }))
        let isPlain = text.utf8.allSatisfy { $0 < 0x80 } && !text.contains("=?") && text.utf8.count <= 60
        return isPlain ? text : encodedWords(text)
    }

    /// The name before an address.
    static func word(_ text: String) -> String {
        let isAtom = text.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
        }
        return isAtom && text.utf8.count <= 40 ? text : encodedWords(text)
    }

    private static func encodedWords(_ text: String) -> String {
        // With the longest name of a header of ours, "=?UTF-8?B?" and "?=" a line has 76 characters at most.
        var words: [[UInt8]] = []
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if let last = words.last, last.count + bytes.count <= 36 {
                words[words.count - 1] += bytes
            } else {
                words.append(bytes)
            }
        }
        return words.map { "=?UTF-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }

    /// A header with an address: its name and the address stand on one line if that is not too long for one.
    static func addressLine(_ header: String, _ address: MailAddress) -> String {
        let line = "\(header): \(address.header)"
        let last = line.split(separator: "\r\n").last ?? ""
        guard last.utf8.count > longestLine, address.name != nil else { return line }
        return "\(header): \(word(address.name ?? ""))\r\n <\(address.address)>"
    }

    private static let longestLine = 76

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool { !isHarmless(scalar) }

    /// Whether a letter neither steers what shows it nor turns the order of others around.
    static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: false
        case .format: !scalar.properties.isBidiControl
        default: true
        }
    }

    /// A body as quoted-printable (RFC 2045, 6.7).
    static func quotedPrintable(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        let lines = text.split(separator: /\r\n|\r|\n/, omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            if number > 0 { bytes += "\r\n".utf8 }
            append(line.utf8.map { $0 }, to: &bytes)
        }
        return bytes
    }

    private static func append(_ line: [UInt8], to bytes: inout [UInt8]) {
        var width = 0
        for (place, byte) in line.enumerated() {
            let isBlankAtEnd = place == line.count - 1 && (byte == 0x20 || byte == 0x09)
            let isPlain = (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "=") || byte == 0x09
            let piece = isPlain && !isBlankAtEnd ? [byte] : escaped(byte)
            // A soft break takes the 76th character.
            if width + piece.count > 75 {
                bytes += "=\r\n".utf8
                width = 0
            }
            bytes += piece
            width += piece.count
        }
    }

    private static func escaped(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
