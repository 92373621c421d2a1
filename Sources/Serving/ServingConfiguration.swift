/// How to make recommendations. The defaults are those of `marquee serve`.
public struct ServingConfiguration: Sendable {
    /// How much each source counts; nil takes what the model has learned, and of a model that has not the usual weights.
    public var weights: BlendWeights?
    public var unknownItems = UnknownItems.hide
    /// How long an answer waits for content similarity before it goes out without.
    public var contentDeadline: Duration = .milliseconds(500)
    /// How often to look for a newly promoted model.
    public var modelInterval: Duration = .milliseconds(500)
    /// How long an answered list can be asked for again, as far as ``maximumAnswerFileBytes`` reach, or
    /// ``maximumAnswerBytes`` without a file.
    public var answerLifetime: Duration = .seconds(7 * 86_400)
    /// What answered lists may take in memory; of more the oldest are forgotten.
    public var maximumAnswerBytes = 64 << 20
    /// The folder where answered lists are kept over a restart, in a file of their own; nil to keep them in memory only.
    public var answerFolder: String?
    /// What that file may take; of more the oldest are forgotten.
    public var maximumAnswerFileBytes = 1 << 30
    /// Whether to begin with the catalogue alone where no model has been promoted yet; else that is an error.
    public var startsWithoutModel = false
    /// Whether each answered list is written down as impressions, where there is somewhere to publish them.
    public var logsImpressions = false
    /// Up to so many films the content index in this process is built anew before an edit is answered: a fifth of a
    /// second. More take seconds, and are indexed beside, all edits until then together.
    public var filmsIndexedAtOnce = 10_000

    public init() {}
}
