/// An estimate with its 95 % interval. `low` and `high` are nil for figures that are no mean over users, and where an end
/// is not finite; in JSON they are `null` then.
public struct Interval: Codable, Hashable, Sendable {
    public var value: Double
    public var low: Double?
    public var high: Double?

    public init(value: Double, low: Double? = nil, high: Double? = nil) {
        self.value = value
        self.low = low.flatMap { $0.isFinite ? $0 : nil }
        self.high = high.flatMap { $0.isFinite ? $0 : nil }
    }

    private enum CodingKeys: String, CodingKey { case value, low, high }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(value, forKey: .value)
        try values.encode(low, forKey: .low)
        try values.encode(high, forKey: .high)
    }
}
