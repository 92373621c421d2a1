public import Domain

/// One line of `history.jsonl`.
public struct RegistryEntry: Codable, Hashable, Sendable {
    /// What was done with the model: made, put into service, or put back into service after another.
    public enum Action: String, Codable, Sendable {
        case published
        case promoted
        case rolledBack = "rolled-back"
        /// Trainings may promote again after a rollback.
        case unpinned
    }

    public var at: Timestamp
    public var action: Action
    public var model: ModelID
    /// The model in service before, for promotions and rollbacks.
    public var previous: ModelID?
    public var reason: String
}

/// Why trainings do not promote: somebody has rolled back, and what was refused must not come back by itself.
public struct RegistryPin: Codable, Hashable, Sendable {
    public var at: Timestamp
    /// The model that was put back into service.
    public var model: ModelID
    public var reason: String
}
