import Domain

/// A filter that was parsed and checked against the fields, its parameters still open.
indirect enum FilterExpression: Sendable {
    case all([FilterExpression])
    case any([FilterExpression])
    case not(FilterExpression)
    case compare(FilterSubject, FilterComparison, FilterOperand)
    case isIn(FilterSubject, FilterOperands)
    case isMissing(FilterSubject)
}

/// The field of a condition and where it stands.
struct FilterSubject: Sendable {
    var field: FilterField
    /// As it is written.
    var name: String
    var position: Int
}

/// What a field is compared with.
enum FilterOperand: Sendable {
    case term(FilterTerm)
    case parameter(String, position: Int)
}

/// What stands behind `in`.
enum FilterOperands: Sendable {
    case listed([FilterOperand])
    /// `in $name`: the whole list is bound.
    case parameter(String, position: Int)
}

/// A value of the kind that its field holds.
enum FilterTerm: Hashable, Sendable {
    case text(String)
    /// Of an item: it is told apart by its bytes, where other texts are by their characters.
    case identifier(ExactText)
    case number(Double)
    /// Days since 1970.
    case day(Int32)
    /// Microseconds since 1970.
    case instant(Int64)

    /// What stands in quotes; nil of other kinds.
    var text: String? {
        switch self {
        case .text(let text): text
        case .identifier(let id): id.text
        case .number, .day, .instant: nil
        }
    }

    /// Reads a value as the field wants it.
    init(_ value: JSONValue, for subject: FilterSubject) throws(FilterError) {
        let kind = subject.field.kind
        func wrong(_ reason: String) -> FilterError {
            .wrongType(
                field: subject.name, position: subject.position, reason: reason,
                advice: "Compare it with \(kind.example).")
        }
        switch (kind, value) {
        case (.text, .text(let text)) where subject.field == .id: self = .identifier(ExactText(text))
        case (.text, .text(let text)), (.texts, .text(let text)): self = .text(text)
        case (.number, .number(let number)) where number.isFinite: self = .number(number)
        case (.day, .text(let text)):
            guard let day = CalendarDate(text) else { throw wrong("it is a day, and the text is none") }
            self = .day(day.days)
        case (.instant, .text(let text)):
            guard let instant = Timestamp(text) ?? CalendarDate(text).map(\.start) else {
                throw wrong("it is a time, and the text is none")
            }
            self = .instant(instant.microseconds)
        case (.text, _), (.texts, _): throw wrong("it is a text, and the value is none")
        case (.number, _): throw wrong("it is a number, and the value is none")
        case (.day, _): throw wrong("it is a day, and the value is none")
        case (.instant, _): throw wrong("it is a time, and the value is none")
        }
    }
}

/// A filter with its values, and without `not`: that has been carried down to the conditions, where it turns the
/// comparison round. So each condition is true or it is not, and a missing value makes both it and its opposite untrue.
indirect enum BoundFilter: Sendable {
    case all([BoundFilter])
    case any([BoundFilter])
    case test(FilterField, FilterTest)
}

/// One condition on a field.
enum FilterTest: Sendable {
    case compare(FilterComparison, FilterTerm)
    case isIn(Set<FilterTerm>)
    case isNotIn(Set<FilterTerm>)
    case isMissing
    case isThere
}

extension FilterExpression {
    /// Puts the values in, and `not` away.
    func bound(
        to values: [String: JSONValue], negated: Bool = false
    ) throws(FilterError) -> BoundFilter {
        switch self {
        case .all(let parts):
            let parts = try Self.bound(parts, values, negated)
            return negated ? .any(parts) : .all(parts)
        case .any(let parts):
            let parts = try Self.bound(parts, values, negated)
            return negated ? .all(parts) : .any(parts)
        case .not(let part): return try part.bound(to: values, negated: !negated)
        case .compare(let subject, let comparison, let operand):
            let term = try Self.term(operand, of: subject, values)
            return .test(subject.field, .compare(negated ? comparison.negated : comparison, term))
        case .isIn(let subject, let operands):
            let terms = try Self.terms(operands, of: subject, values)
            return .test(subject.field, negated ? .isNotIn(terms) : .isIn(terms))
        case .isMissing(let subject): return .test(subject.field, negated ? .isThere : .isMissing)
        }
    }

    private static func bound(
        _ parts: [FilterExpression], _ values: [String: JSONValue], _ negated: Bool
    ) throws(FilterError) -> [BoundFilter] {
        var bound: [BoundFilter] = []
        for part in parts { bound.append(try part.bound(to: values, negated: negated)) }
        return bound
    }

    private static func term(
        _ operand: FilterOperand, of subject: FilterSubject, _ values: [String: JSONValue]
    ) throws(FilterError) -> FilterTerm {
        switch operand {
        case .term(let term): return term
        case .parameter(let name, let position):
            guard let value = values[name] else { throw .unboundParameter(name: name, position: position) }
            if case .array = value {
                throw .wrongType(
                    field: subject.name, position: subject.position, reason: "$\(name) is a list",
                    advice: "Write `\(subject.name) in $\(name)`.")
            }
            return try FilterTerm(value, for: subject)
        }
    }

    private static func terms(
        _ operands: FilterOperands, of subject: FilterSubject, _ values: [String: JSONValue]
    ) throws(FilterError) -> Set<FilterTerm> {
        var terms = Set<FilterTerm>()
        switch operands {
        case .listed(let operands):
            for operand in operands { terms.insert(try term(operand, of: subject, values)) }
        case .parameter(let name, let position):
            guard let value = values[name] else { throw .unboundParameter(name: name, position: position) }
            guard case .array(let list) = value else {
                throw .wrongType(
                    field: subject.name, position: subject.position, reason: "$\(name) is no list",
                    advice: "Write `\(subject.name) = $\(name)`, or give a list.")
            }
            guard list.count <= FilterParser.maximumValues else {
                throw .tooLarge(what: "values in $\(name)", limit: FilterParser.maximumValues, position: nil)
            }
            for value in list { terms.insert(try FilterTerm(value, for: subject)) }
        }
        return terms
    }
}
