import Domain

/// A word, sign or value in the text of a condition.
enum PredicateToken: Hashable, CustomStringConvertible {
    /// Lower case, and as it was written.
    case word(String, written: String)
    /// A column in backquotes.
    case column(String)
    case number(String)
    case text(String)
    case symbol(String)

    var description: String {
        switch self {
        case .word(_, let written): "'\(written)'"
        case .column(let name): "`\(name)`"
        case .number(let text), .symbol(let text): "'\(text)'"
        case .text(let text): "the text '\(text)'"
        }
    }

    private static let keywords: Set<String> = ["and", "or", "not", "in", "is", "null", "true", "false"]

    /// The column it names, if it can be one.
    var columnName: String? {
        switch self {
        case .word(let word, let written): Self.keywords.contains(word) ? nil : written
        case .column(let name): name
        default: nil
        }
    }

    /// Whether it is a way of writing "not a number".
    var isNaN: Bool {
        switch self {
        case .word(let word, _): word == "nan"
        case .text(let text): text.lowercased() == "nan"
        default: false
        }
    }

    /// The value it stands for in a comparison with a column of `type`; nil if it is none.
    func value(as type: ColumnType) -> Value? {
        switch (self, type) {
        case (.word("true", _), .bool): .bool(true)
        case (.word("false", _), .bool): .bool(false)
        case (.number(let text), .int32), (.number(let text), .int64):
            // A fraction may still be a limit of whole numbers.
            Int64(text).map { .int($0) } ?? Double(text).flatMap { $0.isFinite ? .double($0) : nil }
        case (.number(let text), .float), (.number(let text), .double):
            Double(text).flatMap { $0.isFinite ? .double($0) : nil }
        case (.number(let text), .decimal):
            DecimalNumber(text).map { .decimal($0) } ?? Double(text).flatMap { $0.isFinite ? .double($0) : nil }
        case (.text(let text), .string): .string(text)
        case (.text(let text), .date): CalendarDate(text).map { .date($0) }
        case (.text(let text), .timestamp):
            (Timestamp(text) ?? CalendarDate(text)?.start).map { .timestamp($0) }
        case (.text(let text), .localTimestamp):
            // No zone shifts it: it has none.
            (Timestamp(text + "Z") ?? CalendarDate(text)?.start).map { .localTimestamp($0) }
        case (.text(let text), .binary): Self.bytes(hexadecimal: text).map { .binary($0) }
        default: nil
        }
    }

    private static func bytes(hexadecimal text: String) -> [UInt8]? {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == text.count, digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// - Throws: ``ColumnarError/invalidPredicate(text:reason:)``
    static func tokens(of text: String) throws -> [PredicateToken] {
        // Scalars, not characters: a combining mark after a quote must not hide it.
        let characters = Array(text.unicodeScalars)
        var tokens: [PredicateToken] = []
        var index = 0
        while index < characters.count {
            let character = characters[index]
            switch character {
            case _ where character.properties.isWhitespace: index += 1
            case "'", "\"", "`":
                let content = try quoted(characters, &index, of: text)
                tokens.append(character == "`" ? .column(content) : .text(content))
            case "0"..."9", "-", "+", ".":
                let start = index
                index += 1
                while index < characters.count, isNumeric(characters, index) { index += 1 }
                let number = string(characters[start..<index])
                guard Double(number) != nil else {
                    throw ColumnarError.invalidPredicate(text: text, reason: "'\(number)' is no number")
                }
                tokens.append(.number(number))
            case "<", ">", "=", "!":
                let pair = string(characters[index..<min(index + 2, characters.count)])
                let symbol = ["<=", ">=", "<>", "!=", "=="].contains(pair) ? pair : String(character)
                guard symbol != "!" else {
                    throw ColumnarError.invalidPredicate(text: text, reason: "'!' stands only in '!='")
                }
                tokens.append(.symbol(symbol))
                index += symbol.count
            case "(", ")", ",":
                tokens.append(.symbol(String(character)))
                index += 1
            case _ where character.properties.isAlphabetic || character == "_":
                let start = index
                while index < characters.count, isNamePart(characters[index]) { index += 1 }
                let word = string(characters[start..<index])
                tokens.append(.word(word.lowercased(), written: word))
            default:
                throw ColumnarError.invalidPredicate(text: text, reason: "'\(character)' has no meaning here")
            }
        }
        return tokens
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    private static func isNamePart(_ character: Unicode.Scalar) -> Bool {
        character.properties.isAlphabetic || character.properties.numericType != nil || character == "_"
    }

    /// Digits, a point, an exponent and its sign.
    private static func isNumeric(_ characters: [Unicode.Scalar], _ index: Int) -> Bool {
        switch characters[index] {
        case "0"..."9", ".", "e", "E": true
        case "-", "+": characters[index - 1] == "e" || characters[index - 1] == "E"
        default: false
        }
    }

    private static func quoted(_ characters: [Unicode.Scalar], _ index: inout Int, of text: String) throws -> String {
        let quote = characters[index]
        var content = String.UnicodeScalarView()
        index += 1
        while index < characters.count {
            if characters[index] == quote {
                guard index + 1 < characters.count, characters[index + 1] == quote else {
                    index += 1
                    return String(content)
                }
                index += 1
            }
            content.append(characters[index])
            index += 1
        }
        throw ColumnarError.invalidPredicate(text: text, reason: "a quote \(quote) is not closed")
    }
}
