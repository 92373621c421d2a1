public import Domain

/// Rows of a table that break the rules of events: left out of training, counted by rule, the first of them named.
public struct BadRows: Hashable, Sendable {
    /// The most rows that are named.
    public static let mostNamed = 10

    /// Rows by the first rule that each breaks.
    public private(set) var counts: [EventRule: Int] = [:]
    /// The rows looked at, good ones too.
    public internal(set) var rowsRead = 0
    /// The first ones' `event_id`, in the order of the table's files; where they have none, the row's number in it.
    public internal(set) var names: [String] = []
    /// The first ones' numbers among all rows read.
    private(set) var places: [Int] = []

    /// How many there are.
    public var count: Int { counts.values.reduce(0, +) }
    /// Of all rows read, `0…1`.
    public var share: Double { rowsRead == 0 ? 0 : Double(count) / Double(rowsRead) }
    /// For manifests: by the raw value of the rule.
    public var byReason: [String: Int] {
        Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) })
    }

    /// - Parameter place: the row's number among all rows read.
    mutating func note(_ rule: EventRule, at place: Int) {
        counts[rule, default: 0] += 1
        if places.count < Self.mostNamed { places.append(place) }
    }

    /// Such as `2 value-out-of-range, 1 empty-id: e1, e7, e9`. Control characters of names are escaped.
    public var text: String {
        let reasons = counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
            .map { "\($0.value) \($0.key.rawValue)" }.joined(separator: ", ")
        guard !names.isEmpty else { return reasons }
        let rest = count > names.count ? " and \(count - names.count) more" : ""
        return "\(reasons): \(names.map { JSONText.escaped($0) }.joined(separator: ", "))\(rest)"
    }
}
