public import Domain
public import Linalg
internal import Operations

/// What films say, field by field: a filter reads one array from end to end, and touches no film.
///
/// A place without a film has its identifier and nothing else.
public struct FilterColumns: Sendable {
    /// Places.
    public let count: Int
    /// Made by the first filter that asks for them: a catalogue may have been edited again before one does.
    private let columns: [OnDemand<FilterColumn, Never>]

    /// O(1): a field costs O(items) when it is first asked for.
    /// - Parameters:
    ///   - ids: by place.
    ///   - movie: the film at a place, if one describes the item.
    public init(ids: [String], movie: @escaping @Sendable (_ place: Int32) -> Movie?) {
        count = ids.count
        columns = FilterField.allCases.map { field in
            OnDemand { FilterColumn(field, ids, movie) }
        }
    }

    /// The places that a filter lets through. O(items) a condition, O(items / 32) for what joins them.
    public func places(_ filter: FilmFilter) -> ItemBitmap { places(filter.bound) }

    private func places(_ filter: BoundFilter) -> ItemBitmap {
        switch filter {
        case .all(let parts):
            var result = places(parts[0])
            for part in parts.dropFirst() { result.formIntersection(places(part)) }
            return result
        case .any(let parts):
            var result = places(parts[0])
            for part in parts.dropFirst() { result.formUnion(places(part)) }
            return result
        case .test(let field, let test): return columns[field.ordinal].get().places(test)
        }
    }
}

extension FilterColumns {
    /// How many of the places have which value of a field, in no order; of whole numbers which ten, by its first. Values that
    /// none has may come with 0; numbers with fractions and instants have none. O(places + values).
    func counts(_ field: FilterField, of places: [Int32]) -> [(String, Int)] {
        switch columns[field.ordinal].get() {
        case .text(let column): column.counts(of: places)
        case .texts(let column): column.counts(of: places)
        case .integer(let column): column.counts(of: places) { "\($0 / 10 * 10)" }
        case .float, .long: []
        }
    }
}

private enum FilterColumn: Sendable {
    case text(TextColumn)
    case texts(TextsColumn)
    case integer(NumberColumn<Int32>)
    case float(NumberColumn<Float>)
    case long(NumberColumn<Int64>)

    init(_ field: FilterField, _ ids: [String], _ movie: (_ place: Int32) -> Movie?) {
        func facts<Fact>(_ fact: (Movie) -> Fact?) -> [Fact?] { ids.indices.map { movie(Int32($0)).flatMap(fact) } }
        self =
            switch field {
            case .id: .text(TextColumn(distinct: ids))
            case .title: .text(TextColumn(distinct: facts { $0.title }))
            case .language: .text(TextColumn(facts { $0.language }))
            case .director: .text(TextColumn(facts { $0.director }))
            case .genres: .texts(TextsColumn(facts { $0.genres }))
            case .keywords: .texts(TextsColumn(facts { $0.keywords }))
            case .year: .integer(NumberColumn(facts { $0.year }))
            case .runtime: .integer(NumberColumn(facts { $0.runtime }))
            case .voteCount: .integer(NumberColumn(facts { $0.voteCount }))
            case .releaseDate: .integer(NumberColumn(facts { $0.releaseDate?.days }))
            case .popularity: .float(NumberColumn(facts { $0.popularity }))
            case .voteAverage: .float(NumberColumn(facts { $0.voteAverage }))
            case .updatedAt: .long(NumberColumn(facts { $0.updatedAt.microseconds }))
            case .availableFrom: .long(NumberColumn(facts { $0.availableFrom?.microseconds }))
            case .availableUntil: .long(NumberColumn(facts { $0.availableUntil?.microseconds }))
            }
    }

    func places(_ test: FilterTest) -> ItemBitmap {
        switch (self, test) {
        case (.text(let column), .isMissing): column.places(missing: true)
        case (.text(let column), .isThere): column.places(missing: false)
        case (.text(let column), _): column.places(where: test.accepts)
        case (.texts(let column), .isMissing): column.places(missing: true)
        case (.texts(let column), .isThere): column.places(missing: false)
        case (.texts(let column), .isNotIn(let terms)): column.places(none: FilterTest.isIn(terms).accepts)
        case (.texts(let column), .compare(.notEqual, let term)):
            column.places(none: FilterTest.compare(.equal, term).accepts)
        case (.texts(let column), _): column.places(any: test.accepts)
        // Days are compared as days; of a fraction no whole number is equal, and some are more.
        case (.integer(let column), _): column.places(test, as: Double.init, of: \.number)
        // In the column's own precision, so that 7.9 is what is written as 7.9.
        case (.float(let column), _): column.places(test, as: { $0 }, of: { $0.number.map(Float.init) })
        case (.long(let column), _): column.places(test, as: { $0 }, of: \.instant)
        }
    }
}

extension FilterTerm {
    fileprivate var number: Double? {
        switch self {
        case .number(let number): number
        case .day(let days): Double(days)
        case .text, .identifier, .instant: nil
        }
    }
    fileprivate var instant: Int64? { if case .instant(let microseconds) = self { microseconds } else { nil } }
}

extension FilterTest {
    /// Whether a text that is there passes.
    fileprivate func accepts(_ text: String) -> Bool {
        switch self {
        case .compare(let comparison, .text(let other)): comparison.holds(text, other)
        case .compare(let comparison, .identifier(let other)): comparison.holds(ExactText(text), other)
        case .isIn(let terms): Self.has(text, terms)
        case .isNotIn(let terms): !Self.has(text, terms)
        case .isThere: true
        case .compare, .isMissing: false
        }
    }

    /// The terms of a field are of one kind.
    private static func has(_ text: String, _ terms: Set<FilterTerm>) -> Bool {
        terms.contains(.text(text)) || terms.contains(.identifier(ExactText(text)))
    }
}

/// One text or none for each place, by a number for each different text.
private struct TextColumn: Sendable {
    private let values: [String]
    /// By place: where in ``values``, or −1.
    private let numbers: [Int32]

    init(_ texts: [String?]) {
        var table = TextNumbers()
        numbers = texts.map { text in text.map { table.number(of: $0) } ?? -1 }
        values = table.values
    }

    /// The same without looking for texts that are equal: where few are.
    init(distinct texts: [String?]) {
        values = texts.map { $0 ?? "" }
        numbers = texts.indices.map { texts[$0] == nil ? -1 : Int32($0) }
    }

    func counts(of places: [Int32]) -> [(String, Int)] {
        var counts = [Int](repeating: 0, count: values.count)
        for place in places where numbers[Int(place)] >= 0 { counts[Int(numbers[Int(place)])] += 1 }
        return Array(zip(values, counts))
    }

    func places(where accepts: (String) -> Bool) -> ItemBitmap {
        let accepted = values.map(accepts)
        return ItemBitmap(itemCount: numbers.count) { place in
            let number = numbers[place]
            return number >= 0 && accepted[Int(number)]
        }
    }

    func places(missing: Bool) -> ItemBitmap {
        ItemBitmap(itemCount: numbers.count) { (numbers[$0] < 0) == missing }
    }
}

/// Several texts for each place.
private struct TextsColumn: Sendable {
    private let values: [String]
    /// Those of place `p` are `numbers[starts[p]..<starts[p + 1]]`.
    private let starts: [Int32]
    private let numbers: [Int32]
    /// By place: whether anything is known.
    private let isKnown: [Bool]

    init(_ lists: [[String]?]) {
        var table = TextNumbers()
        var starts: [Int32] = [0]
        var numbers: [Int32] = []
        for list in lists {
            for text in list ?? [] { numbers.append(table.number(of: text)) }
            starts.append(Int32(numbers.count))
        }
        (self.starts, self.numbers, values) = (starts, numbers, table.values)
        isKnown = lists.map { $0 != nil }
    }

    func counts(of places: [Int32]) -> [(String, Int)] {
        var counts = [Int](repeating: 0, count: values.count)
        for place in places {
            for entry in Int(starts[Int(place)])..<Int(starts[Int(place) + 1]) { counts[Int(numbers[entry])] += 1 }
        }
        return Array(zip(values, counts))
    }

    func places(any accepts: (String) -> Bool) -> ItemBitmap {
        let accepted = values.map(accepts)
        return ItemBitmap(itemCount: isKnown.count) { has(accepted, at: $0) }
    }

    func places(none accepts: (String) -> Bool) -> ItemBitmap {
        let accepted = values.map(accepts)
        return ItemBitmap(itemCount: isKnown.count) { isKnown[$0] && !has(accepted, at: $0) }
    }

    func places(missing: Bool) -> ItemBitmap {
        ItemBitmap(itemCount: isKnown.count) { (starts[$0] == starts[$0 + 1]) == missing }
    }

    private func has(_ accepted: [Bool], at place: Int) -> Bool {
        for entry in Int(starts[place])..<Int(starts[place + 1]) where accepted[Int(numbers[entry])] { return true }
        return false
    }
}

/// Gives different texts numbers from 0.
private struct TextNumbers {
    private(set) var values: [String] = []
    private var numbers: [String: Int32] = [:]

    mutating func number(of text: String) -> Int32 {
        if let number = numbers[text] { return number }
        let number = Int32(values.count)
        values.append(text)
        numbers[text] = number
        return number
    }
}

/// One number or none for each place.
private struct NumberColumn<Element: Numeric & Comparable & Sendable>: Sendable {
    private let values: [Element]
    private let isThere: [Bool]

    init(_ values: [Element?]) {
        self.values = values.map { $0 ?? 0 }
        isThere = values.map { $0 != nil }
    }

    func counts(of places: [Int32], by value: (Element) -> String) -> [(String, Int)] {
        var counts: [String: Int] = [:]
        for place in places where isThere[Int(place)] { counts[value(values[Int(place)]), default: 0] += 1 }
        return counts.map { ($0.key, $0.value) }
    }

    func places<Compared: Comparable & Hashable>(
        _ test: FilterTest, as compared: (Element) -> Compared, of term: (FilterTerm) -> Compared?
    ) -> ItemBitmap {
        switch test {
        case .isMissing: return ItemBitmap(itemCount: values.count) { !isThere[$0] }
        case .isThere: return ItemBitmap(itemCount: values.count) { isThere[$0] }
        case .isIn(let terms):
            let terms = Set(terms.compactMap(term))
            return ItemBitmap(itemCount: values.count) { isThere[$0] && terms.contains(compared(values[$0])) }
        case .isNotIn(let terms):
            let terms = Set(terms.compactMap(term))
            return ItemBitmap(itemCount: values.count) { isThere[$0] && !terms.contains(compared(values[$0])) }
        case .compare(let comparison, let other):
            guard let other = term(other) else { return ItemBitmap(itemCount: values.count) }
            return ItemBitmap(itemCount: values.count) {
                isThere[$0] && comparison.holds(compared(values[$0]), other)
            }
        }
    }
}

extension ItemBitmap {
    /// The places for which `contains` holds, 32 to a word.
    fileprivate init(itemCount: Int, where contains: (Int) -> Bool) {
        var words: [UInt32] = []
        words.reserveCapacity((itemCount + 31) / 32)
        for first in stride(from: 0, to: itemCount, by: 32) {
            var word: UInt32 = 0
            for place in first..<min(first + 32, itemCount) where contains(place) { word |= 1 << UInt32(place - first) }
            words.append(word)
        }
        self.init(itemCount: itemCount, words: words)
    }
}
