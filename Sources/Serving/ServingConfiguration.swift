/// How to make recommendations. The defaults are those of `marquee serve`.
public struct ServingConfiguration: Sendable {
    public var weights = BlendWeights()
    public var unknownItems = UnknownItems.hide
    /// How long an answer waits for content similarity before it goes out without.
    public var contentDeadline: Duration = .milliseconds(500)
    /// How often to look for a newly promoted model.
    public var modelInterval: Duration = .milliseconds(500)

    public init() {}
}
