/// Makes a change of a registry between two notes elsewhere: that it begins, and what became of it. If it throws before it has
/// made the change, nothing has changed.
///
/// - Parameters:
///   - action: `model.promote`, `model.rollback`, `model.unpin` or `model.prune`.
///   - target: the model that is put into service, unpinned, or removed.
///   - reason: as ``ModelRegistry/history()`` has it.
public typealias RegistryAudit =
    @Sendable (_ action: String, _ target: String, _ reason: String, _ change: () throws -> Void) throws -> Void

extension ModelRegistry {
    func audited(_ action: String, _ target: ModelID, _ reason: String, _ change: () throws -> Void) throws {
        guard let audit else { return try change() }
        try audit(action, target.rawValue, reason, change)
    }
}
