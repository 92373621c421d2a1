/// A plot of a report as data: the page draws it, the JSON twin holds its numbers.
public struct ReportPlot: Codable, Hashable, Sendable {
    /// How the series are drawn.
    public enum Kind: String, Codable, Sendable {
        /// Markers joined by lines, over a numeric axis.
        case lines
        /// Markers alone.
        case points
        /// Groups of bars, by ``ReportPlot/groups``.
        case bars
        /// A row for each of ``ReportPlot/groups``, its value and interval beside zero.
        case intervals
    }

    /// What the numbers of an axis are.
    public enum Unit: String, Codable, Sendable {
        case number
        /// 0.01 is shown as 1 %.
        case percent
        /// Seconds since 1970, shown as a day.
        case time
    }

    /// One value, with its interval if it has one.
    public struct Point: Codable, Hashable, Sendable {
        /// Not looked at where there are groups: points then stand in their order.
        public var x: Double
        public var y: Double
        public var low: Double?
        public var high: Double?
        /// What is special about it, such as `promoted`: it is drawn with a ring, which the legend explains.
        public var mark: String?

        /// A value with its ends, if it has any.
        public init(_ x: Double, _ y: Double, low: Double? = nil, high: Double? = nil, mark: String? = nil) {
            self.x = x
            self.y = y
            self.low = low
            self.high = high
            self.mark = mark
        }

        /// An estimate at `x`.
        public init(_ x: Double, _ interval: Interval, mark: String? = nil) {
            self.init(x, interval.value, low: interval.low, high: interval.high, mark: mark)
        }
    }

    /// The values of one thing. The first series of a plot is what the report is about.
    public struct Series: Codable, Hashable, Sendable {
        public var name: String
        public var points: [Point]

        public init(name: String, points: [Point]) {
            self.name = name
            self.points = points
        }
    }

    public var kind: Kind
    /// What it shows; unique in its section.
    public var title: String
    /// What lies along the axes; empty says nothing.
    public var x: String
    public var y: String
    public var xUnit: Unit
    public var yUnit: Unit
    /// Names of the groups or rows, of ``Kind/bars`` and ``Kind/intervals``.
    public var groups: [String]
    public var series: [Series]

    private enum CodingKeys: String, CodingKey {
        case kind, title, x, y, groups, series
        case xUnit = "x_unit"
        case yUnit = "y_unit"
    }

    /// - Parameters:
    ///   - groups: names of what the points of each series stand for in their order; only of bars and intervals.
    ///   - series: what the report is about first.
    public init(
        _ kind: Kind, title: String, x: String = "", y: String = "", xUnit: Unit = .number, yUnit: Unit = .number,
        groups: [String] = [], series: [Series]
    ) {
        self.kind = kind
        self.title = title
        self.x = x
        self.y = y
        self.xUnit = xUnit
        self.yUnit = yUnit
        self.groups = groups
        self.series = series
    }
}
