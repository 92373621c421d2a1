/// Whether a candidate goes into service, and why.
public struct GateVerdict: Codable, Hashable, Sendable {
    /// What happened to the candidate.
    public enum Outcome: String, Codable, Sendable {
        case promoted
        case kept
    }

    /// When a candidate is promoted.
    public enum Policy: String, Codable, CaseIterable, Sendable {
        /// Promote unless it is shown to be worse than the model in service.
        case ifBetter = "if-better"
        case always
        case never
    }

    public var outcome: Outcome
    public var policy: Policy
    /// One sentence with the numbers.
    public var reason: String
    /// The model in service at the time.
    public var incumbent: ModelID?
    /// Relative difference of NDCG@10, candidate to incumbent, on the users of one split; 0.01 is one percent.
    public var relativeDifference: Interval?
    /// Guardrails that failed.
    public var failures: [String] = []

    private enum CodingKeys: String, CodingKey {
        case outcome, policy, reason, incumbent, failures
        case relativeDifference = "relative_difference"
    }
}
