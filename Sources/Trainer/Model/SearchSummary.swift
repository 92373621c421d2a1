/// What a search tried, as manifest and report have it.
public struct SearchSummary: Codable, Hashable, Sendable {
    /// One measurement.
    public struct Trial: Codable, Hashable, Sendable {
        public var rank: Int
        public var strength: Float
        public var alpha0Factor: Float
        public var halfLifeDays: Double?
        /// So many were run when it was measured.
        public var epochs: Int
        /// On the validation window.
        public var ndcg: Double

        private enum CodingKeys: String, CodingKey {
            case rank, strength, epochs, ndcg
            case alpha0Factor = "alpha0_factor"
            case halfLifeDays = "half_life_days"
        }
    }

    /// In the order of measurement; the first is what the rule says.
    public var trials: [Trial]
    /// What is trained with.
    public var chosen: Trial
    /// NDCG at ``Manifest/headlineCutoff``, of so many users, of what was held out how.
    public var users: Int
    public var window: String
    /// Why it ended, in words.
    public var ended: String
    /// The work of all fits, in fits with the settings that the rule says.
    public var fits: Double
    /// Of this machine's clock.
    public var seconds: Double
}
