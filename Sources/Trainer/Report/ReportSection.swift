/// A part of a report that whoever measured something adds: data, which the page, the Markdown summary and the JSON twin
/// each show in their way.
///
///     report.sections.append(
///         ReportSection(id: "drift", title: "Drift", text: ["The kinds of events have not changed."], tables: [table]))
///
/// Text is plain: whoever shows it escapes it. Numbers that are not finite have no place in it; a missing one is
/// ``ReportCell/missing``.
public struct ReportSection: Codable, Hashable, Sendable {
    /// Lower-case letters and hyphens, unique in the report: the anchor in the page.
    public var id: String
    /// As the heading has it.
    public var title: String
    /// Paragraphs, what was found first.
    public var text: [String]
    public var plots: [ReportPlot]
    public var tables: [ReportTable]

    public init(
        id: String, title: String, text: [String] = [], plots: [ReportPlot] = [], tables: [ReportTable] = []
    ) {
        self.id = id
        self.title = title
        self.text = text
        self.plots = plots
        self.tables = tables
    }
}

/// A table of a report. The first column names the rows.
public struct ReportTable: Codable, Hashable, Sendable {
    /// What it shows, as its caption; unique in its section.
    public var title: String
    public var columns: [String]
    /// Each as long as ``columns``.
    public var rows: [[ReportCell]]

    public init(title: String, columns: [String], rows: [[ReportCell]]) {
        self.title = title
        self.columns = columns
        self.rows = rows
    }
}

/// One cell of a ``ReportTable``. In JSON a string, a number, an object of an interval, or null.
public enum ReportCell: Hashable, Sendable {
    case text(String)
    case count(Int)
    case number(Double)
    /// An estimate with its 95 % interval.
    case interval(Interval)
    /// A relative difference or share with its interval; 0.01 is one percent.
    case percent(Interval)
    /// There is no such figure.
    case missing

    /// An estimate that there may not be.
    public static func interval(_ interval: Interval?) -> ReportCell { interval.map { .interval($0) } ?? .missing }
    /// A relative difference that there may not be.
    public static func percent(_ interval: Interval?) -> ReportCell { interval.map { .percent($0) } ?? .missing }
    /// A number that there may not be; one that is not finite is none.
    public static func number(_ value: Double?) -> ReportCell {
        guard let value, value.isFinite else { return .missing }
        return .number(value)
    }
}

extension ReportCell: Codable {
    private enum Key: String, CodingKey { case value, low, high, unit }

    public init(from decoder: any Decoder) throws {
        if let keyed = try? decoder.container(keyedBy: Key.self) {
            let interval = Interval(
                value: try keyed.decode(Double.self, forKey: .value),
                low: try keyed.decodeIfPresent(Double.self, forKey: .low),
                high: try keyed.decodeIfPresent(Double.self, forKey: .high))
            let isPercent = try keyed.decodeIfPresent(String.self, forKey: .unit) == "percent"
            self = isPercent ? .percent(interval) : .interval(interval)
            return
        }
        let single = try decoder.singleValueContainer()
        if single.decodeNil() {
            self = .missing
        } else if let count = try? single.decode(Int.self) {
            self = .count(count)
        } else if let number = try? single.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try single.decode(String.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        func encode(_ interval: Interval, unit: String?) throws {
            var keyed = encoder.container(keyedBy: Key.self)
            try keyed.encode(interval.value, forKey: .value)
            try keyed.encode(interval.low, forKey: .low)
            try keyed.encode(interval.high, forKey: .high)
            try keyed.encodeIfPresent(unit, forKey: .unit)
        }
        switch self {
        case .interval(let interval): return try encode(interval, unit: nil)
        case .percent(let interval): return try encode(interval, unit: "percent")
        default: break
        }
        var single = encoder.singleValueContainer()
        switch self {
        case .text(let text): try single.encode(text)
        case .count(let count): try single.encode(count)
        case .number(let number): try single.encode(number)
        default: try single.encodeNil()
        }
    }
}
