import Foundation
import Operations
import Trainer

/// Who runs this command, as the audit log names them.
enum Operator {
    /// `cli:` and the user of the system.
    static var name: String {
        let user = getpwuid(getuid()).flatMap { String(validatingCString: $0.pointee.pw_name) }
        return "cli:\(user ?? String(getuid()))"
    }
}

extension Invocation {
    /// Whether there is a state to write changes down in: one that was named, or the usual one if it is there. A command that
    /// needs none must not fail for want of one.
    private func hasState() throws -> Bool {
        try !isDefault(Options.stateFolder) || FileManager.default.fileExists(atPath: value(Options.stateFolder))
    }

    /// As ``audited(_:of:_:)`` where there is a state, else the change alone.
    func auditedWhereKept<R: Sendable>(_ action: String, of target: String, _ body: () throws -> R) throws -> R {
        try hasState() ? audited(action, of: target, body) : body()
    }

    /// The registry of `--models`, whose changes get their entries in the audit log of `--state` where there is one.
    func auditedRegistry() throws -> ModelRegistry {
        var registry = try registry()
        guard try hasState() else { return registry }
        let log = AuditLog(StateDatabase(folder: try value(Options.stateFolder)))
        registry.audit = { action, target, reason, change in
            try log.record(by: Operator.name, action, of: target, reason: reason, change)
        }
        return registry
    }

    /// Makes a change between two entries in the audit log of `--state`: that it begins, and what became of it.
    func audited<R: Sendable>(_ action: String, of target: String, _ body: () throws -> R) throws -> R {
        try AuditLog(StateDatabase(folder: value(Options.stateFolder))).record(
            by: Operator.name, action, of: target, reason: optional(Options.reason) ?? "", body)
    }
}
