import Domain

extension Predicate {
    /// A condition from its text, checked against the columns it is to be asked of.
    ///
    ///     or    = and { "or" and }
    ///     and   = unary { "and" unary }
    ///     unary = "not" unary | "(" or ")" | test
    ///     test  = column ( "=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ) value
    ///           | column [ "not" ] "in" "(" value { "," value } ")"
    ///           | column "is" [ "not" ] ( "null" | "nan" )
    ///
    /// A column is a bare word or stands in backquotes. A value is a number, `true`, `false`, or text in single or
    /// double quotes, where a doubled quote stands for one; days, instants and binary (as hexadecimal digits) are
    /// written as text. Words of the language may be in capitals.
    /// - Throws: ``ColumnarError/invalidPredicate(text:reason:)``, or what ``check(_:)`` finds.
    public init(_ text: String, schema: Schema) throws {
        var parser = try PredicateParser(text, schema: schema)
        self = try parser.whole()
        try check(schema)
    }
}

/// Recursive descent over the tokens of a condition.
private struct PredicateParser {
    private let text: String
    private let schema: Schema
    private let tokens: [PredicateToken]
    private var next = 0
    private var depth = 0
    /// Of parentheses and `not`s: what follows them recurses, here and wherever the predicate is evaluated.
    private static let deepest = 100

    init(_ text: String, schema: Schema) throws {
        self.text = text
        self.schema = schema
        tokens = try PredicateToken.tokens(of: text)
    }

    mutating func whole() throws -> Predicate {
        let result = try disjunction()
        guard next == tokens.count else { throw expected("'and', 'or' or the end") }
        return result
    }

    private mutating func disjunction() throws -> Predicate {
        var parts = [try conjunction()]
        while take(word: "or") { parts.append(try conjunction()) }
        return parts.count == 1 ? parts[0] : .or(parts)
    }

    private mutating func conjunction() throws -> Predicate {
        var parts = [try unary()]
        while take(word: "and") { parts.append(try unary()) }
        return parts.count == 1 ? parts[0] : .and(parts)
    }

    private mutating func unary() throws -> Predicate {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw ColumnarError.invalidPredicate(text: text, reason: "it is nested more than \(Self.deepest) deep")
        }
        if take(word: "not") { return .not(try unary()) }
        if take(symbol: "(") {
            let inner = try disjunction()
            guard take(symbol: ")") else { throw expected("')'") }
            return inner
        }
        return try test()
    }

    private mutating func test() throws -> Predicate {
        guard next < tokens.count, let column = tokens[next].columnName else { throw expected("a column") }
        guard let type = schema[column]?.type else {
            throw ColumnarError.noSuchColumn(name: column, available: schema.names)
        }
        next += 1
        if take(word: "is") {
            let negated = take(word: "not")
            let test: Predicate
            if take(word: "nan") {
                test = .isNaN(column: column)
            } else {
                guard take(word: "null") else { throw expected("'null' or 'nan'") }
                test = .isNull(column: column)
            }
            return negated ? .not(test) : test
        }
        let negated = take(word: "not")
        if take(word: "in") {
            guard take(symbol: "(") else { throw expected("'('") }
            var values = [try value(type, column)]
            while take(symbol: ",") { values.append(try value(type, column)) }
            guard take(symbol: ")") else { throw expected("',' or ')'") }
            return negated ? .not(.isIn(column: column, values)) : .isIn(column: column, values)
        }
        guard !negated, next < tokens.count, case .symbol(let symbol) = tokens[next],
            let comparison = Predicate.Comparison(symbol)
        else { throw expected("a comparison, 'in' or 'is'") }
        next += 1
        return .compare(column: column, comparison, try value(type, column))
    }

    private mutating func value(_ type: ColumnType, _ column: String) throws -> Value {
        guard next < tokens.count else { throw expected("a value") }
        let token = tokens[next]
        if case .word("null", _) = token {
            throw ColumnarError.invalidPredicate(
                text: text, reason: "nothing compares with null: write '\(column) is null'")
        }
        if token.isNaN, type == .float || type == .double {
            throw ColumnarError.invalidPredicate(
                text: text, reason: "nothing equals NaN: write '\(column) is nan'")
        }
        guard let value = token.value(as: type) else {
            switch token {
            case .number, .text, .word("true", _), .word("false", _):
                throw ColumnarError.invalidPredicate(
                    text: text, reason: "\(token) is no value of column \(column), which is \(type)")
            case .word(let word, _):
                throw ColumnarError.invalidPredicate(
                    text: text, reason: "'\(word)' is no value: texts stand in quotes")
            default: throw expected("a value")
            }
        }
        next += 1
        return value
    }

    private mutating func take(word: String) -> Bool {
        guard next < tokens.count, case .word(word, _) = tokens[next] else { return false }
        next += 1
        return true
    }

    private mutating func take(symbol: String) -> Bool {
        guard next < tokens.count, tokens[next] == .symbol(symbol) else { return false }
        next += 1
        return true
    }

    private func expected(_ what: String) -> ColumnarError {
        let found = next < tokens.count ? "where \(tokens[next]) stands" : "at its end"
        return .invalidPredicate(text: text, reason: "\(what) is missing \(found)")
    }
}

extension Predicate.Comparison {
    /// - Parameter symbol: as it is written; nil if it is none.
    fileprivate init?(_ symbol: String) {
        switch symbol {
        case "=", "==": self = .equal
        case "!=", "<>": self = .notEqual
        case "<": self = .less
        case "<=": self = .lessOrEqual
        case ">": self = .greater
        case ">=": self = .greaterOrEqual
        default: return nil
        }
    }
}
