public import Domain

/// One line of `history.jsonl`.
public struct RegistryEntry: Codable, Hashable, Sendable {
    /// What was done with the model: made, put into service, or put back into service after another.
    public enum Action: String, Codable, Sendable {
        case published
        case promoted
        case rolledBack = "rolled-back"
    }

    public var at: Timestamp
    public var action: Action
    public var model: ModelID
    /// The model in service before, for promotions and rollbacks.
    public var previous: ModelID?
    public var reason: String
}
