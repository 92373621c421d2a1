import Domain

/// Reads a filter's text; see docs/filters.md for the grammar. Recursive descent, bounded in length and depth.
struct FilterParser {
    /// Longest text, in bytes.
    static let maximumBytes = 8192
    /// Deepest nesting of parentheses and `not`.
    static let maximumDepth = 32
    /// Values of one list.
    static let maximumValues = 1000

    /// What parsing comes to.
    struct Parsed: Sendable {
        let expression: FilterExpression
        /// Names of the parameters it has.
        let parameters: Set<String>

        /// - Throws: for a parameter without a value or with one that its field does not hold, and for a value without a
        ///   parameter.
        func bound(to values: [String: JSONValue]) throws(FilterError) -> BoundFilter {
            if let unused = values.keys.filter({ !parameters.contains($0) }).min() {
                throw .unusedParameter(name: unused)
            }
            return try expression.bound(to: values)
        }
    }

    private var lexer: FilterLexer
    private var token = FilterToken.end
    private var position = 1
    private var parameters = Set<String>()

    static func parse(_ text: String) throws(FilterError) -> Parsed {
        guard text.utf8.count <= maximumBytes else {
            throw .tooLarge(what: "bytes", limit: maximumBytes, position: nil)
        }
        var parser = FilterParser(lexer: FilterLexer(text))
        try parser.advance()
        let expression = try parser.disjunction(depth: 0)
        guard parser.token == .end else {
            throw parser.unexpected("`and`, `or` or the end", "Join conditions with `and` or `or`.")
        }
        return Parsed(expression: expression, parameters: parser.parameters)
    }

    private init(lexer: FilterLexer) { self.lexer = lexer }

    private mutating func advance() throws(FilterError) {
        token = try lexer.token()
        position = lexer.position
    }

    private func unexpected(_ expected: String, _ advice: String) -> FilterError {
        .syntax(position: position, found: token.description, expected: expected, advice: advice)
    }

    /// Whether the word stands here; it is then behind us.
    private mutating func take(_ word: String) throws(FilterError) -> Bool {
        guard isWord(word) else { return false }
        try advance()
        return true
    }

    private func isWord(_ word: String) -> Bool {
        guard case .word(let here) = token else { return false }
        return here.lowercased() == word
    }

    private mutating func disjunction(depth: Int) throws(FilterError) -> FilterExpression {
        var parts = [try conjunction(depth: depth)]
        while try take("or") { parts.append(try conjunction(depth: depth)) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func conjunction(depth: Int) throws(FilterError) -> FilterExpression {
        var parts = [try negation(depth: depth)]
        while try take("and") { parts.append(try negation(depth: depth)) }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func negation(depth: Int) throws(FilterError) -> FilterExpression {
        guard depth <= Self.maximumDepth else {
            throw .tooLarge(what: "levels of parentheses and `not`", limit: Self.maximumDepth, position: position)
        }
        if try take("not") { return .not(try negation(depth: depth + 1)) }
        guard token == .open else { return try condition() }
        try advance()
        let inner = try disjunction(depth: depth + 1)
        guard token == .close else { throw unexpected("“)”", "Close the parenthesis.") }
        try advance()
        return inner
    }

    private static let reserved: Set<String> = ["and", "or", "not", "in", "is", "null"]

    private mutating func condition() throws(FilterError) -> FilterExpression {
        guard case .word(let name) = token, !Self.reserved.contains(name.lowercased()) else {
            throw unexpected("a condition", "Write conditions such as year >= 1990.")
        }
        guard let field = FilterField(name: name) else { throw .unknownField(name: name, position: position) }
        let subject = FilterSubject(field: field, name: name, position: position)
        try advance()
        if case .comparison(let comparison) = token {
            try advance()
            return try compare(subject, comparison)
        }
        if try take("is") {
            let negated = try take("not")
            guard try take("null") else { throw unexpected("`null`", "Write `\(name) is null`.") }
            return negated ? .not(.isMissing(subject)) : .isMissing(subject)
        }
        if try take("not") {
            guard try take("in") else { throw unexpected("`in`", "Write `\(name) not in (…)`.") }
            return .not(.isIn(subject, try operands(of: subject)))
        }
        if try take("in") { return .isIn(subject, try operands(of: subject)) }
        throw unexpected("a comparison", "A field is followed by = != < <= > >= in, `is null` or `is not null`.")
    }

    private mutating func compare(
        _ subject: FilterSubject, _ comparison: FilterComparison
    ) throws(FilterError) -> FilterExpression {
        let operand = try operand(of: subject)
        if subject.field.kind == .texts, comparison != .equal, comparison != .notEqual {
            throw .wrongType(
                field: subject.name, position: subject.position, reason: "a list has no order",
                advice: "Use =, != or in: they ask whether the value is one of the list.")
        }
        return .compare(subject, comparison, operand)
    }

    private mutating func operand(of subject: FilterSubject) throws(FilterError) -> FilterOperand {
        let value: JSONValue
        switch token {
        case .text(let text): value = .text(text)
        case .number(let number): value = .number(number)
        case .parameter(let name):
            let operand = FilterOperand.parameter(name, position: position)
            parameters.insert(name)
            try advance()
            return operand
        case .word("null"): throw unexpected("a value", "Write `\(subject.name) is null`.")
        case .open: throw unexpected("a value", "Write `\(subject.name) in (…)` for several values.")
        default: throw unexpected("a value", "Compare \(subject.name) with \(subject.field.kind.example).")
        }
        let term = try FilterTerm(value, for: subject)
        try advance()
        return .term(term)
    }

    private mutating func operands(of subject: FilterSubject) throws(FilterError) -> FilterOperands {
        if case .parameter(let name) = token {
            let operands = FilterOperands.parameter(name, position: position)
            parameters.insert(name)
            try advance()
            return operands
        }
        guard token == .open else { throw unexpected("“(”", "Write `\(subject.name) in (…)`, or `in $name`.") }
        try advance()
        var operands: [FilterOperand] = []
        repeat {
            if !operands.isEmpty { try advance() }
            guard operands.count < Self.maximumValues else {
                throw .tooLarge(what: "values in a list", limit: Self.maximumValues, position: position)
            }
            operands.append(try operand(of: subject))
        } while token == .comma
        guard token == .close else {
            throw unexpected("a comma or “)”", "Separate values by commas and close the list.")
        }
        try advance()
        return .listed(operands)
    }
}
