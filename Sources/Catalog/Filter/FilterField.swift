/// A fact of a film that a filter can ask for, under the names of the `movies` table.
enum FilterField: String, CaseIterable, Sendable {
    case id
    case title, year, genres, language, runtime, director, keywords, popularity
    case releaseDate = "release_date"
    case voteAverage = "vote_average"
    case voteCount = "vote_count"
    case availableFrom = "available_from"
    case availableUntil = "available_until"
    case updatedAt = "updated_at"

    /// What a field holds, and so what it can be compared with.
    enum Kind: Sendable {
        case text
        /// Several texts; a comparison asks whether one of them is such.
        case texts
        case number
        case day
        case instant
    }

    /// The field of that name, or the name's singular where it is a list.
    init?(name: String) {
        switch name {
        case "genre": self = .genres
        case "keyword": self = .keywords
        default:
            guard let field = Self(rawValue: name) else { return nil }
            self = field
        }
    }

    var kind: Kind {
        switch self {
        case .id, .title, .language, .director: .text
        case .genres, .keywords: .texts
        case .year, .runtime, .popularity, .voteAverage, .voteCount: .number
        case .releaseDate: .day
        case .availableFrom, .availableUntil, .updatedAt: .instant
        }
    }

    /// Its place among the columns.
    var ordinal: Int { Self.ordinals[self]! }
    private static let ordinals = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
}

extension FilterField.Kind {
    /// What to compare such a field with, for advice.
    var example: String {
        switch self {
        case .text, .texts: "a text in quotes, such as \"Drama\""
        case .number: "a number without quotes, such as 1990"
        case .day: "a day in quotes, such as \"1999-03-31\""
        case .instant: "a time in quotes, such as \"2026-11-20T12:00:00Z\", or a day"
        }
    }
}

/// How a field stands to a value.
enum FilterComparison: String, Sendable {
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="

    @inline(__always)
    func holds<T: Comparable>(_ a: T, _ b: T) -> Bool {
        switch self {
        case .equal: a == b
        case .notEqual: a != b
        case .less: a < b
        case .lessOrEqual: a <= b
        case .greater: a > b
        case .greaterOrEqual: a >= b
        }
    }

    /// Which holds for two values if and only if this one does not.
    var negated: FilterComparison {
        switch self {
        case .equal: .notEqual
        case .notEqual: .equal
        case .less: .greaterOrEqual
        case .lessOrEqual: .greater
        case .greater: .lessOrEqual
        case .greaterOrEqual: .less
        }
    }
}
