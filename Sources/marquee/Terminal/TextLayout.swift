/// Text fitted to the width of a page or a terminal.
enum TextLayout {
    /// What everything that is printed fits into, but for paths and words that are longer by themselves.
    static let width = 80

    /// Breaks a line at spaces after `indent` columns; following lines are indented.
    static func wrapped(_ line: String, indent: Int, width: Int = width) -> String {
        var lines: [String] = []
        var current = String(line.prefix(indent))
        var isEmpty = true
        for word in line.dropFirst(indent).split(separator: " ", omittingEmptySubsequences: false) {
            if !isEmpty && columns(of: current) + 1 + columns(of: word) > width {
                lines.append(current)
                current = String(repeating: " ", count: indent) + word
            } else {
                current += (isEmpty ? "" : " ") + word
            }
            isEmpty = false
        }
        lines.append(current)
        return lines.joined(separator: "\n")
    }

    /// A line for a shell, broken with backslashes at spaces outside of quotes; following lines are indented further.
    static func wrappedForShell(_ line: String, indent: Int) -> String {
        var lines: [String] = []
        var current = String(repeating: " ", count: indent)
        var isEmpty = true
        for word in shellWords(line) {
            if !isEmpty, columns(of: current) + 1 + columns(of: word) + 2 > width {
                lines.append(current + " \\")
                current = String(repeating: " ", count: indent + 4) + word
            } else {
                current += (isEmpty ? "" : " ") + word
            }
            isEmpty = false
        }
        return (lines + [current]).joined(separator: "\n")
    }

    /// Words with their quotes; an option stays together with its value.
    private static func shellWords(_ line: String) -> [String] {
        var words: [String] = []
        var word = ""
        var quote: Character?
        for character in line {
            if character == " ", quote == nil {
                if !word.isEmpty { words.append(word) }
                word = ""
                continue
            }
            if character == quote {
                quote = nil
            } else if quote == nil, character == "'" || character == "\"" {
                quote = character
            }
            word.append(character)
        }
        if !word.isEmpty { words.append(word) }
        var joined: [String] = []
        for word in words {
            if let last = joined.last, last.hasPrefix("-"), !last.contains(" "), !last.contains("="),
                !word.hasPrefix("-"), word != "|", columns(of: last) + columns(of: word) < 60
            {
                joined[joined.count - 1] = last + " " + word
            } else {
                joined.append(word)
            }
        }
        return joined
    }

    /// At most so many columns of the text; an ellipsis says where something is left out.
    static func clipped(_ text: String, to width: Int) -> String {
        guard columns(of: text) > width else { return text }
        var clipped = ""
        var used = 1
        for character in text {
            used += columns(of: character)
            if used > width { break }
            clipped.append(character)
        }
        return clipped + "…"
    }

    /// The text in lines of at most so many columns, broken anywhere.
    static func folded(_ text: String, to width: Int) -> [String] {
        guard columns(of: text) > width else { return [text] }
        var lines = [""]
        var used = 0
        for character in text {
            let own = columns(of: character)
            if used + own > width {
                lines.append("")
                used = 0
            }
            lines[lines.count - 1].append(character)
            used += own
        }
        return lines
    }

    /// Widths of columns with two spaces between them, none above its natural one and together no wider than a page: the
    /// widest of those that may shrink give way first.
    /// - Returns: nil if the columns would have to be narrower than `least`.
    static func fitted(
        _ natural: [Int], mayShrink: [Bool], least: Int = 8, width: Int = width
    ) -> [Int]? {
        var widths = natural
        var excess = natural.reduce(0, +) + 2 * max(0, natural.count - 1) - width
        while excess > 0 {
            let candidates = widths.indices.filter { mayShrink[$0] && widths[$0] > least }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return nil }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    /// Columns of a terminal: East Asian wide characters and emoji take two.
    static func columns(of text: some StringProtocol) -> Int { text.reduce(0) { $0 + columns(of: $1) } }

    private static func columns(of character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first?.value, scalar >= 0x1100 else { return 1 }
        let isWide =
            (0x1100...0x115F).contains(scalar) || (0x2E80...0xA4CF).contains(scalar)
            || (0xAC00...0xD7A3).contains(scalar) || (0xF900...0xFAFF).contains(scalar)
            || (0xFE30...0xFE6F).contains(scalar) || (0xFF00...0xFF60).contains(scalar)
            || (0xFFE0...0xFFE6).contains(scalar) || (0x1F300...0x1FAFF).contains(scalar)
            || (0x20000...0x3FFFD).contains(scalar)
        return isWide ? 2 : 1
    }
}
