import Domain

/// The lowest and the highest value that ratings are given on: `1..10`.
public struct RatingScale: Sendable, Equatable, CustomStringConvertible {
    /// The value of half a star.
    public var lowest: Double
    /// The value of five stars.
    public var highest: Double

    /// What events have: the scale that changes nothing.
    public static let stars = RatingScale(lowest: 0.5, highest: 5)

    private init(lowest: Double, highest: Double) {
        self.lowest = lowest
        self.highest = highest
    }

    /// - Returns: nil if the text is not `LOWEST..HIGHEST` of two numbers in that order.
    public init?(_ text: String) {
        guard let dots = text.firstRange(of: ".."), let lowest = Double(text[..<dots.lowerBound]),
            let highest = Double(text[dots.upperBound...]), lowest.isFinite, highest.isFinite, lowest < highest
        else { return nil }
        self.init(lowest: lowest, highest: highest)
    }

    /// The scale in use on which values between these two are most likely given.
    init(seen: ClosedRange<Double>) {
        let (low, high) = (seen.lowerBound, seen.upperBound)
        let top: Double = [1, 5, 10, 20, 100].first { high <= $0 } ?? high.rounded(.up)
        self.init(lowest: low < 0 ? min(-top, low.rounded(.down)) : low >= 1 && top > 1 ? 1 : 0, highest: top)
    }

    /// Half a star for the lowest value, five for the highest, and evenly between them; nil outside of the scale.
    func stars(_ value: Double) -> Float? {
        guard value >= lowest, value <= highest else { return nil }
        return Float(0.5 + (value - lowest) / (highest - lowest) * 4.5)
    }

    public var description: String { "\(Self.text(lowest))..\(Self.text(highest))" }

    private static func text(_ value: Double) -> String {
        Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}

/// Turns values into stars, and finds out when they were given on another scale: then it is not some lines that are wrong,
/// and what happens to lie between half a star and five does not mean that.
struct ScaleCheck {
    let scale: RatingScale?
    private var total = 0
    private var outside = 0
    private var lowest = Double.infinity
    private var highest = -Double.infinity

    init(_ scale: RatingScale?) { self.scale = scale }

    /// Nil for a value that is not on the scale.
    mutating func stars(_ value: Double) -> Float? {
        if let scale { return scale == .stars ? Self.plain(value) : scale.stars(value) }
        total += 1
        lowest = min(lowest, value)
        highest = max(highest, value)
        guard let stars = Self.plain(value) else {
            outside += 1
            return nil
        }
        return stars
    }

    private static func plain(_ value: Double) -> Float? {
        let stars = Float(value)
        return EventKind.review.accepts(stars) ? stars : nil
    }

    var accepted: String { "\(scale ?? .stars)" }

    /// One line may be wrong, but a tenth of them and more than one is another scale.
    /// - Throws: ``IngestError/foreignScale(path:seen:outside:total:)``
    func check(_ path: String) throws {
        guard scale == nil, outside > 1, outside * 10 > total else { return }
        throw IngestError.foreignScale(path: path, seen: lowest...highest, outside: outside, total: total)
    }
}
