/// A piece of a filter's text.
enum FilterToken: Equatable {
    /// A field, or one of the words `and or not in is null`.
    case word(String)
    /// `$name`, without the sign.
    case parameter(String)
    case text(String)
    case number(Double)
    case comparison(FilterComparison)
    case open, close, comma
    case end

    /// What to call it in a message.
    var description: String {
        switch self {
        case .word(let word): "“\(word.prefix(40))”"
        case .parameter(let name): "$\(name.prefix(40))"
        case .text: "a text"
        case .number: "a number"
        case .comparison(let comparison): comparison.rawValue
        case .open: "“(”"
        case .close: "“)”"
        case .comma: "a comma"
        case .end: "its end"
        }
    }
}

/// Cuts a filter's text into tokens.
struct FilterLexer {
    private let scalars: [Unicode.Scalar]
    private var next = 0
    /// Of the token last read, from 1.
    private(set) var position = 1

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    mutating func token() throws(FilterError) -> FilterToken {
        while next < scalars.count, scalars[next].properties.isWhitespace { next += 1 }
        position = next + 1
        guard next < scalars.count else { return .end }
        let scalar = scalars[next]
        switch scalar {
        case "(": return symbol(.open)
        case ")": return symbol(.close)
        case ",": return symbol(.comma)
        case "=":
            if peek(1) == "=" { throw unexpected("==", "a comparison", "Write one = for “is equal to”.") }
            return symbol(.comparison(.equal))
        case "!":
            guard peek(1) == "=" else { throw unexpected("!", "a condition", "Write `not` for “not”.") }
            return symbol(.comparison(.notEqual), length: 2)
        case "<":
            if peek(1) == ">" { return symbol(.comparison(.notEqual), length: 2) }
            return peek(1) == "="
                ? symbol(.comparison(.lessOrEqual), length: 2) : symbol(.comparison(.less))
        case ">":
            return peek(1) == "="
                ? symbol(.comparison(.greaterOrEqual), length: 2) : symbol(.comparison(.greater))
        case "&": throw unexpected("&", "a condition", "Write `and`.")
        case "|": throw unexpected("|", "a condition", "Write `or`.")
        case "\"", "'": return .text(try text(until: scalar))
        case "$":
            next += 1
            let name = word()
            guard !name.isEmpty else { throw unexpected("$", "$ and a name", "Write a parameter as $name.") }
            return .parameter(name)
        case "0"..."9", "-", "+", ".": return .number(try number())
        default:
            let word = word()
            guard !word.isEmpty else {
                throw unexpected(
                    "“\(scalar)”", "a condition", "Write conditions such as year >= 1990; texts stand in \"quotes\".")
            }
            return .word(word)
        }
    }

    private mutating func symbol(_ token: FilterToken, length: Int = 1) -> FilterToken {
        next += length
        return token
    }

    private func peek(_ ahead: Int) -> Unicode.Scalar? {
        next + ahead < scalars.count ? scalars[next + ahead] : nil
    }

    private func unexpected(_ found: String, _ expected: String, _ advice: String) -> FilterError {
        .syntax(position: position, found: found, expected: expected, advice: advice)
    }

    /// Letters, digits and underscores, not beginning with a digit; empty if there is none.
    private mutating func word() -> String {
        var word = String.UnicodeScalarView()
        while let scalar = peek(0), Self.isLetter(scalar) || (!word.isEmpty && ("0"..."9").contains(scalar)) {
            word.append(scalar)
            next += 1
        }
        return String(word)
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }

    /// `-12`, `3.5`, `1e6`: what Swift reads as a finite number; a letter may not follow.
    private mutating func number() throws(FilterError) -> Double {
        var text = String.UnicodeScalarView()
        while let scalar = peek(0) {
            let isSign = scalar == "-" || scalar == "+"
            let isExponent = text.last == "e" || text.last == "E"
            guard
                Self.isLetter(scalar) || ("0"..."9").contains(scalar) || scalar == "."
                    || isSign && (text.isEmpty || isExponent)
            else { break }
            text.append(scalar)
            next += 1
        }
        let digits = String(text)
        // Swift would also read “0x1p3” and “-inf”.
        guard digits.unicodeScalars.allSatisfy({ !Self.isLetter($0) || $0 == "e" || $0 == "E" }),
            let number = Double(digits), number.isFinite
        else {
            throw unexpected(
                "“\(digits.prefix(40))”", "a number",
                "Write numbers as 1990, -1 or 7.5; days and times stand in quotes.")
        }
        return number
    }

    /// A text in quotes of either kind; `\"`, `\'`, `\\`, `\n`, `\t` and `\u00e4` as in JSON.
    private mutating func text(until quote: Unicode.Scalar) throws(FilterError) -> String {
        next += 1
        var text = String.UnicodeScalarView()
        while let scalar = peek(0) {
            next += 1
            if scalar == quote { return String(text) }
            guard scalar == "\\" else {
                text.append(scalar)
                continue
            }
            position = next
            guard let escaped = peek(0) else { break }
            next += 1
            switch escaped {
            case "\"", "'", "\\": text.append(escaped)
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "u": text.append(try scalarInHex())
            default:
                throw unexpected(
                    "“\\\(escaped)”", "an escape", "The escapes are \\\" \\' \\\\ \\n \\t and \\u00e4 with four digits."
                )
            }
        }
        throw unexpected("a text without an end", "a closing \(quote)", "Close it, and write \\\(quote) inside of it.")
    }

    /// The four digits after `\u`.
    private mutating func scalarInHex() throws(FilterError) -> Unicode.Scalar {
        let digits = String(String.UnicodeScalarView(scalars[next..<min(next + 4, scalars.count)]))
        guard digits.utf8.count == 4, !digits.hasPrefix("+"), !digits.hasPrefix("-"),
            let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code)
        else {
            throw unexpected(
                "“\\u\(digits)”", "\\u and the four digits of a character",
                "Write characters beyond these as they are: texts are UTF-8.")
        }
        next += 4
        return scalar
    }
}
