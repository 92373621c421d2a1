/// How to make recommendations. The defaults are those of `marquee serve`.
public struct ServingConfiguration: Sendable {
    public var weights = BlendWeights()
    public var unknownItems = UnknownItems.hide
    /// How long an answer waits for content similarity before it goes out without.
    public var contentDeadline: Duration = .milliseconds(500)
    /// How often to look for a newly promoted model.
    public var modelInterval: Duration = .milliseconds(500)
    /// How long an answered list can be asked for again, as far as ``maximumAnswerBytes`` reach.
    public var answerLifetime: Duration = .seconds(7 * 86_400)
    /// What answered lists may take in memory; of more the oldest are forgotten.
    public var maximumAnswerBytes = 64 << 20

    public init() {}
}
