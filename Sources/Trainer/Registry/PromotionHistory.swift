/// Which models were in service one after another, as a stack: a promotion pushes, a rollback pops.
struct PromotionHistory {
    private var stack: [ModelID] = []

    init(_ entries: [RegistryEntry]) {
        for entry in entries {
            switch entry.action {
            case .published, .unpinned: break
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
