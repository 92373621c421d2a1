/// An estimate with its 95 % interval. `low` and `high` are nil for figures that are no mean over users.
public struct Interval: Codable, Hashable, Sendable {
    public var value: Double
    public var low: Double?
    public var high: Double?

    public init(value: Double, low: Double? = nil, high: Double? = nil) {
        self.value = value
        self.low = low
        self.high = high
    }
}
