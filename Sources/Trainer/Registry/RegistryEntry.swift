public import Domain

/// One line of `history.jsonl`.
public struct RegistryEntry: Codable, Hashable, Sendable {
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

/// Which models were in service one after another, as a stack: a promotion pushes, a rollback pops.
struct PromotionHistory {
    private var stack: [ModelID] = []

    init(_ entries: [RegistryEntry]) {
        for entry in entries {
            switch entry.action {
            case .published: break
            case .promoted:
                if stack.last != entry.model { stack.append(entry.model) }
            case .rolledBack:
                if let position = stack.lastIndex(of: entry.model) {
                    stack.removeSubrange((position + 1)...)
                } else {
                    stack = [entry.model]
                }
            }
        }
    }

    /// The models in service before `present`, oldest first.
    func earlier(than present: ModelID?) -> [ModelID] {
        guard let present, let position = stack.lastIndex(of: present) else { return stack }
        return Array(stack[..<position]).filter { $0 != present }
    }
}
