internal import Domain

/// Separated values as they are written: RFC 4180 with line feeds.
public enum SeparatedText {
    /// Appends a cell as it is, between quotes where it needs them. O(bytes).
    public static func append(_ cell: String, to bytes: inout [UInt8]) {
        let text = cell.utf8
        guard text.contains(where: { $0 == 34 || $0 == 44 || $0 == 10 || $0 == 13 }) else {
            bytes += text
            return
        }
        bytes.append(34)
        // By bytes: a quote with a combining mark behind it is one character, and still a quote.
        for byte in text {
            if byte == 34 { bytes.append(34) }
            bytes.append(byte)
        }
        bytes.append(34)
    }

    /// Appends a text that others wrote so that no spreadsheet takes it for a formula: an apostrophe stands before what could
    /// begin one. Control characters other than tab and the ends of lines are written as JSON writes them (`\u0000`):
    /// several readers end a cell or a file at them. O(bytes).
    public static func append(harmless cell: String, to bytes: inout [UInt8]) {
        var text: [UInt8] = []
        // Spreadsheets pass over blanks in front.
        if let first = cell.unicodeScalars.first(where: { !$0.properties.isWhitespace && $0.value >= 0x20 }),
            formulaStarts.contains(first)
        {
            text.append(UInt8(ascii: "'"))
        } else if let first = cell.utf8.first, first == 9 || first == 13 || first == 10 {
            text.append(UInt8(ascii: "'"))
        }
        for byte in cell.utf8 {
            if byte == 0x7F || byte < 0x20 && byte != 9 && byte != 10 && byte != 13 {
                JSONText.append(escaped: String(UnicodeScalar(byte)), to: &text)
            } else {
                text.append(byte)
            }
        }
        append(String(decoding: text, as: UTF8.self), to: &bytes)
    }

    /// What a formula begins with, the wide forms too, which some programs take for the same.
    private static let formulaStarts: Set<Unicode.Scalar> = ["=", "+", "-", "@", "＝", "＋", "－", "＠"]
}
