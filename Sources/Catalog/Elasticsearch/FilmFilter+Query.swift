import Domain
import Store

extension FilmFilter {
    /// Writes the filter as one query object.
    ///
    /// Times are indexed by the millisecond: a condition on one lets through, beside the films that meet it, those of the
    /// same millisecond. All others mean what ``FilterColumns`` means by them.
    func write(to json: inout JSONWriter) { bound.write(to: &json) }
}

extension BoundFilter {
    fileprivate func write(to json: inout JSONWriter) {
        switch self {
        case .all(let parts): Self.bool("filter", parts, &json)
        case .any(let parts): Self.bool("should", parts, &json)
        case .test(let field, let test): FieldQuery(field).write(test, &json)
        }
    }

    private static func bool(_ clause: StaticString, _ parts: [BoundFilter], _ json: inout JSONWriter) {
        json.object {
            $0.name("bool")
            $0.object {
                $0.name(clause)
                $0.array { json in for part in parts { part.write(to: &json) } }
            }
        }
    }
}

/// One condition on one field as a query.
private struct FieldQuery {
    private let field: FilterField
    private let name: String

    init(_ field: FilterField) {
        self.field = field
        name =
            switch field {
            case .id: MovieColumn.itemID
            case .title: "\(MovieColumn.title).keyword"
            default: field.rawValue
            }
    }

    func write(_ test: FilterTest, _ json: inout JSONWriter) {
        switch test {
        case .isThere: exists(&json)
        case .isMissing: not(&json) { exists(&$0) }
        case .compare(.equal, let term): anyOf([term], &json)
        case .isIn(let terms): anyOf(Array(terms), &json)
        case .compare(.notEqual, let term): noneOf([term], &json)
        case .isNotIn(let terms): noneOf(Array(terms), &json)
        case .compare(let comparison, let term):
            switch field.kind {
            case .text, .texts:
                guard let text = term.text else { return nothing(&json) }
                let bound: StaticString =
                    switch comparison {
                    case .less: "lt"
                    case .lessOrEqual: "lte"
                    case .greater: "gt"
                    default: "gte"
                    }
                range(&json) { $0.field(bound, text) }
            case .number, .day, .instant: ordered(term, comparison, &json)
            }
        }
    }

    // MARK: Equality

    private func anyOf(_ terms: [FilterTerm], _ json: inout JSONWriter) {
        guard field.kind == .text || field.kind == .texts else {
            // Values that no film can have, such as half a year, are left out.
            let parts = terms.filter { bounds($0, .equal) != nil || isFloat }
            guard !parts.isEmpty else { return nothing(&json) }
            return json.object {
                $0.name("bool")
                $0.object {
                    $0.name("should")
                    $0.array { json in for term in parts { ordered(term, .equal, &json) } }
                }
            }
        }
        let texts = terms.compactMap(\.text).sorted()
        json.object { $0.field("terms") { $0.field(name, texts) } }
    }

    private func noneOf(_ terms: [FilterTerm], _ json: inout JSONWriter) {
        // Of a time it is not known to the microsecond: whoever asked looks again.
        if field.kind == .instant { return exists(&json) }
        // A list without the value is one; a missing value is neither equal nor unequal.
        if field.kind == .texts { return not(&json) { anyOf(terms, &$0) } }
        json.object {
            $0.name("bool")
            $0.object {
                $0.name("filter")
                $0.array { exists(&$0) }
                $0.name("must_not")
                $0.array { anyOf(terms, &$0) }
            }
        }
    }

    // MARK: Order

    private var isFloat: Bool { field == .popularity || field == .voteAverage }

    private func ordered(_ term: FilterTerm, _ comparison: FilterComparison, _ json: inout JSONWriter) {
        if isFloat {
            guard case .number(let number) = term else { return nothing(&json) }
            return floats(Float(number), comparison, &json)
        }
        guard let (low, high) = bounds(term, comparison) else { return nothing(&json) }
        range(&json) {
            switch field.kind {
            case .day:
                $0.field("gte", CalendarDate(days: Int32(low)).description)
                $0.field("lte", CalendarDate(days: Int32(high)).description)
            case .instant:
                $0.field("gte", Timestamp(microseconds: low).description)
                $0.field("lte", Timestamp(microseconds: high).description)
            default:
                $0.field("gte", Int(low))
                $0.field("lte", Int(high))
            }
        }
    }

    /// The whole numbers that stand so to a value; nil if none does.
    private func bounds(_ term: FilterTerm, _ comparison: FilterComparison) -> (Int64, Int64)? {
        let limits: (low: Int64, high: Int64)
        let value: Double
        switch term {
        case .number(let number): (value, limits) = (number, (Int64(Int32.min), Int64(Int32.max)))
        case .day(let days): (value, limits) = (Double(days), (Self.firstDay, Self.lastDay))
        case .instant(let microseconds):
            limits = (Self.firstDay * 86_400_000_000, (Self.lastDay + 1) * 86_400_000_000 - 1)
            let instant = min(max(microseconds, limits.low), limits.high)
            let (from, to) = (instant - Self.remainder(instant), instant)
            return switch comparison {
            case .less, .lessOrEqual: (limits.low, to)
            case .greater, .greaterOrEqual: (from, limits.high)
            case .equal, .notEqual: (from, to)
            }
        case .text, .identifier: return nil
        }
        var (low, high) = (Double(limits.low), Double(limits.high))
        switch comparison {
        case .less: high = min(high, value.rounded(.up) - 1)
        case .lessOrEqual: high = min(high, value.rounded(.down))
        case .greater: low = max(low, value.rounded(.down) + 1)
        case .greaterOrEqual: low = max(low, value.rounded(.up))
        case .equal, .notEqual:
            guard value == value.rounded() else { return nil }
            (low, high) = (max(low, value), min(high, value))
        }
        return low <= high ? (Int64(low), Int64(high)) : nil
    }

    private func floats(_ value: Float, _ comparison: FilterComparison, _ json: inout JSONWriter) {
        guard value.isFinite else {
            let isAll =
                value > 0
                ? [.less, .lessOrEqual].contains(comparison) : [.greater, .greaterOrEqual].contains(comparison)
            return isAll ? exists(&json) : nothing(&json)
        }
        range(&json) {
            switch comparison {
            case .less: $0.field("lt", value)
            case .lessOrEqual: $0.field("lte", value)
            case .greater: $0.field("gt", value)
            case .greaterOrEqual: $0.field("gte", value)
            case .equal, .notEqual:
                $0.field("gte", value)
                $0.field("lte", value)
            }
        }
    }

    /// The years 1 to 9999, which every server reads and writes alike.
    private static let firstDay: Int64 = -719_162
    private static let lastDay: Int64 = 2_932_896

    /// Microseconds past the millisecond.
    private static func remainder(_ microseconds: Int64) -> Int64 {
        let rest = microseconds % 1000
        return rest < 0 ? rest + 1000 : rest
    }

    // MARK: Queries

    private func exists(_ json: inout JSONWriter) { json.object { $0.field("exists") { $0.field("field", name) } } }

    private func nothing(_ json: inout JSONWriter) { json.object { $0.field("match_none") { _ in } } }

    private func not(_ json: inout JSONWriter, _ query: (inout JSONWriter) -> Void) {
        json.object {
            $0.field("bool") {
                $0.name("must_not")
                $0.array(query)
            }
        }
    }

    private func range(_ json: inout JSONWriter, _ members: (inout JSONWriter) -> Void) {
        json.object { $0.field("range") { $0.field(name, members) } }
    }
}
