/// What incoming data should be like: one figure, and the least or the most that it may be.
///
///     reject_share<=0.01    events>=1000    review_share<=0.6
public struct Expectation: Sendable, Hashable, CustomStringConvertible {
    /// A figure of ``IncomingData``.
    public var figure: IncomingData.Figure
    /// Whether the bound is the most it may be; else it is the least.
    public var isMaximum: Bool
    public var bound: Double

    /// A bound of a figure.
    public init(_ figure: IncomingData.Figure, isMaximum: Bool, bound: Double) {
        self.figure = figure
        self.isMaximum = isMaximum
        self.bound = bound
    }

    /// Reads `figure<=number` or `figure>=number`; nil if it is neither.
    public init?(_ text: String) {
        for (sign, isMaximum) in [("<=", true), (">=", false)] {
            guard let range = text.firstRange(of: sign) else { continue }
            func part(_ text: Substring) -> String { text.filter { $0 != " " } }
            guard let figure = IncomingData.Figure(rawValue: part(text[..<range.lowerBound])),
                let bound = Double(part(text[range.upperBound...])), bound.isFinite
            else { return nil }
            self.init(figure, isMaximum: isMaximum, bound: bound)
            return
        }
        return nil
    }

    /// As it is read, such as `reject_share<=0.01`.
    public var description: String {
        let number = bound == bound.rounded() && abs(bound) < 1e15 ? "\(Int64(bound))" : "\(bound)"
        return "\(figure.rawValue)\(isMaximum ? "<=" : ">=")\(number)"
    }

    /// Whether a value is as expected. What cannot be told is: of no events there is no share.
    public func holds(for value: Double?) -> Bool {
        guard let value else { return true }
        return isMaximum ? value <= bound : value >= bound
    }
}
