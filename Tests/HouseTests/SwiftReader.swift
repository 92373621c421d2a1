/// A word of Swift source where it stands, with what tells whose name it is.
struct Word {
    let text: String
    let line: Int
    /// The word, or the mark, before it; "" at the beginning.
    let before: String
    /// Two before it: `Domain` in `Domain.Event`.
    let secondBefore: String
    /// The mark right behind it, without white space between: `(`, `:`, …
    let behind: Character?
    /// Names of the types around it, outermost first; nil for any other pair of braces.
    let scopes: [String?]
}

/// Cuts Swift source into words and marks. Comments and the contents of string literals are not there any more; the
/// code in `\(…)` is.
///
/// No parser: it knows literals, comments and braces, which is what it takes to tell a name from a text. Regular
/// expression literals are not known to it, and the sources have none.
struct SwiftReader {
    private(set) var words: [Word] = []
    /// Words and marks as they come, to look back.
    private var past: [String] = []
    private var scopes: [String?] = []
    /// The type whose body the next brace opens.
    private var announced: String?
    private let characters: [Character]
    private var place = 0
    private var line = 1

    init(_ source: String) {
        characters = Array(source)
        code(until: nil)
    }

    private var current: Character? { place < characters.count ? characters[place] : nil }

    private func next(_ distance: Int = 1) -> Character? {
        place + distance < characters.count ? characters[place + distance] : nil
    }

    private mutating func step() {
        if characters[place].isNewline { line += 1 }
        place += 1
    }

    /// Reads code to the end, or to the parenthesis that closes an interpolation.
    private mutating func code(until end: Character?) {
        var depth = 0
        while let character = current {
            if character == "/", next() == "/" {
                while let character = current, !character.isNewline { step() }
            } else if character == "/", next() == "*" {
                comment()
            } else if character == "\"" || character == "#" && (next() == "\"" || next() == "#") {
                literal()
            } else if character.isLetter || character == "_" || character == "`" {
                word()
            } else if character.isNumber {
                while let digit = current, digit.isLetter || digit.isNumber || digit == "_" { step() }
                past.append("0")
            } else {
                if character == "(" { depth += 1 }
                if character == ")" {
                    if depth == 0, end != nil { return step() }
                    depth -= 1
                }
                if character == "{" {
                    scopes.append(announced)
                    announced = nil
                }
                if character == "}" { _ = scopes.popLast() }
                if !character.isWhitespace { past.append(String(character)) }
                step()
            }
        }
    }

    private mutating func comment() {
        var depth = 0
        repeat {
            if current == "/", next() == "*" {
                depth += 1
                step()
            } else if current == "*", next() == "/" {
                depth -= 1
                step()
            }
            if current != nil { step() }
        } while depth > 0 && current != nil
    }

    private mutating func literal() {
        var hashes = 0
        while current == "#" {
            hashes += 1
            step()
        }
        guard current == "\"" else { return }
        let isLong = next() == "\"" && next(2) == "\""
        let quotes = isLong ? 3 : 1
        for _ in 0..<quotes { step() }
        func closes(_ reader: SwiftReader) -> Bool {
            (0..<quotes).allSatisfy { (reader.next($0) ?? " ") == "\"" }
                && (0..<hashes).allSatisfy { (reader.next(quotes + $0) ?? " ") == "#" }
        }
        while current != nil, !closes(self) {
            if current == "\\", (0..<hashes).allSatisfy({ next(1 + $0) == "#" }) {
                for _ in 0...hashes where current != nil { step() }
                if current == "(" {
                    step()
                    code(until: ")")
                } else if current != nil {
                    step()
                }
            } else {
                step()
            }
        }
        for _ in 0..<quotes + hashes where current != nil { step() }
        past.append("\"")
    }

    private mutating func word() {
        let first = line
        var text = ""
        while let character = current, character.isLetter || character.isNumber || character == "_" || character == "`"
        {
            text.append(character)
            step()
        }
        let isQuoted = text.first == "`"
        text.removeAll { $0 == "`" }
        words.append(
            Word(
                text: text, line: first, before: past.last ?? "", secondBefore: past.dropLast().last ?? "",
                behind: current.flatMap { $0.isWhitespace ? nil : $0 }, scopes: scopes))
        // `extension A.B {` opens the body of B.
        let isName = ["struct", "class", "enum", "actor", "protocol", "extension"].contains(past.last ?? "")
        let goesOn = past.last == "." && announced != nil && past.dropLast().last == announced
        if isName || goesOn, !["func", "var", "let", "subscript"].contains(text) { announced = text }
        past.append(isQuoted ? "`\(text)" : text)
    }
}
