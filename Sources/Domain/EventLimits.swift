/// What an event must satisfy beyond its form.
public struct EventLimits: Sendable {
    /// Bytes of an identifier.
    public var idLength = 256
    /// Bytes of a review.
    public var textLength = 65_536
    /// Bytes of a whole message.
    public var messageLength = 1 << 20
    /// Events before this did not happen.
    public var earliest = Timestamp(seconds: 315_532_800)  // 1980-01-01
    /// How far a producer's clock may run ahead of ours, in seconds.
    public var clockSkew: Double = 3600

    public init() {}
}
