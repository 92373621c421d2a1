import Foundation

/// The grammar of Java's properties files, as `java.util.Properties.load` reads it:
///
///     line    = blanks ( comment | entry )?            comment = ( "#" | "!" ) …
///     entry   = name ( blanks? ( "=" | ":" ) blanks? | blanks ) value
///     escape  = "\" ( "t" | "n" | "r" | "f" | "u" 4 hex digits | any other character, which stands for itself )
///
/// A line that ends in an odd number of `\` goes on in the next, without that one's leading blanks. The last entry of a
/// name counts.
enum PropertiesFile {
    struct Entry: Equatable {
        var name: String
        var value: String
        /// From 1; of a continued entry its first.
        var line: Int
    }

    /// Why a line is no entry. It never quotes the line: there may be a password in it.
    struct Malformed: Error, Equatable {
        var line: Int
        var reason: String
    }

    static func parse(_ text: String) throws(Malformed) -> [Entry] {
        var entries: [Entry] = []
        var pending: (text: [Character], line: Int)?
        // "\r\n" is one Character.
        for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            var line = Array(raw.drop(while: isBlank))
            if pending == nil, line.isEmpty || line[0] == "#" || line[0] == "!" { continue }
            let continues = line.reversed().prefix { $0 == "\\" }.count % 2 == 1
            if continues { line.removeLast() }
            let number = pending?.line ?? index + 1
            let whole = (pending?.text ?? []) + line
            pending = continues ? (whole, number) : nil
            if !continues { entries.append(try entry(whole, number)) }
        }
        if let (text, line) = pending { entries.append(try entry(text, line)) }
        return entries
    }

    private static func entry(_ text: [Character], _ line: Int) throws(Malformed) -> Entry {
        var end = 0
        while end < text.count, text[end] != "=", text[end] != ":", !isBlank(text[end]) {
            end += text[end] == "\\" ? 2 : 1
        }
        end = min(end, text.count)
        var start = end
        while start < text.count, isBlank(text[start]) { start += 1 }
        let hasSeparator = start < text.count && (text[start] == "=" || text[start] == ":")
        if hasSeparator { start += 1 }
        while start < text.count, isBlank(text[start]) { start += 1 }
        guard hasSeparator || start < text.count else { throw Malformed(line: line, reason: "there is no = in it") }
        guard end > 0 else { throw Malformed(line: line, reason: "there is no name before the =") }
        var value = text[start...]
        // Java keeps blanks at the end. No property means any, and in a password they are a slip of copying.
        while let last = value.last, isBlank(last) { value.removeLast() }
        return Entry(
            name: try unescaped(text[..<end], line), value: try unescaped(value, line), line: line)
    }

    private static func unescaped(_ text: ArraySlice<Character>, _ line: Int) throws(Malformed) -> String {
        guard text.contains("\\") else { return String(text) }
        var result: [UInt16] = []
        var rest = text
        while let character = rest.popFirst() {
            guard character == "\\", let escape = rest.popFirst() else {
                result += String(character).utf16
                continue
            }
            switch escape {
            case "t": result.append(0x09)
            case "n": result.append(0x0A)
            case "r": result.append(0x0D)
            case "f": result.append(0x0C)
            case "u":
                guard rest.count >= 4, let unit = UInt16(String(rest.prefix(4)), radix: 16) else {
                    throw Malformed(line: line, reason: "\\u needs four hexadecimal digits")
                }
                rest = rest.dropFirst(4)
                result.append(unit)
            default: result += String(escape).utf16
            }
        }
        return String(decoding: result, as: UTF16.self)
    }

    private static func isBlank(_ character: Character) -> Bool {
        character == " " || character == "\t" || character == "\u{0C}"
    }
}
