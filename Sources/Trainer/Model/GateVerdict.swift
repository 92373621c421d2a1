/// Whether a candidate goes into service, and why.
public struct GateVerdict: Codable, Hashable, Sendable {
    /// What happened to the candidate.
    public enum Outcome: String, Codable, Sendable {
        /// It is in service.
        case promoted
        /// Nothing speaks against it, and not enough for it.
        case kept
        /// It was shown to be worse, or breaks a rule.
        case refused
    }

    /// When a candidate is promoted.
    public enum Policy: String, Codable, CaseIterable, Sendable {
        /// Promote what ``Gate`` lets through.
        case ifBetter = "if-better"
        case always
        case never
    }

    /// What the comparison came to, whatever the policy made of it.
    public enum Finding: String, Codable, CaseIterable, Sendable {
        /// Nothing was in service, and it is not below the popularity list.
        case first
        /// Better than the model in service: the interval lies above zero.
        case better
        /// Not worse than the model in service by more than a hundredth.
        case notWorse = "not-worse"
        /// The recipe in service on newer data, not shown to be worse.
        case newerData = "newer-data"
        /// A difference, if there is one, is too small for these users, who are enough to show one of a twentieth.
        case noDifference = "no-difference-shown"
        /// So few users were held out that not even a difference of a twentieth could be shown.
        case tooFewUsers = "too-few-users"
        /// There was nothing to measure on.
        case notEvaluated = "not-evaluated"
        /// A model of this recipe and version of the data was there already; none was made.
        case alreadyPublished = "already-published"
        /// A rollback pins the model in service.
        case pinned
        /// Another model was put into service while it was trained.
        case overtaken
        /// Worse than the model in service: the interval lies below zero.
        case worse
        /// Worse than the popularity list or than item neighbours: the interval lies below zero.
        case belowBaseline = "below-baseline"
        /// A guardrail failed.
        case guardrail
        /// Less than half of the events, users or items of the model in service are left.
        case collapsed
        /// The newest events left the bounds of their own history in a way that a change of tastes does not explain.
        case suspectData = "suspect-data"
    }

    public var outcome: Outcome
    public var policy: Policy
    /// Nil in models of earlier versions.
    public var finding: Finding?
    /// One or two sentences with the numbers.
    public var reason: String
    /// The model in service at the time.
    public var incumbent: ModelID?
    /// What ``relativeDifference`` is of: `ndcg@10`, or `rmse` between two models of stars, where less is better.
    public var metric: String?
    /// Relative difference, candidate to incumbent, on the users of one split; 0.01 is one percent.
    public var relativeDifference: Interval?
    /// The smallest relative difference that the held-out users would show (power 80 %, level 5 %).
    public var detectableDifference: Double?
    /// Held-out users.
    public var users: Int?
    /// Guardrails that failed.
    public var failures: [String] = []

    private enum CodingKeys: String, CodingKey {
        case outcome, policy, finding, reason, incumbent, metric, users, failures
        case relativeDifference = "relative_difference"
        case detectableDifference = "detectable_difference"
    }
}
