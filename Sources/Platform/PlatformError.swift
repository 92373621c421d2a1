public import Domain
public import HTTPServer

/// Why a service of this process cannot do what it is for.
public enum PlatformError: RequestFault, Equatable {
    /// The process is about to end.
    case stopping
    /// A service of the process says that it cannot work just now, and why.
    case notReady(service: String, reason: String)
    /// The table of films was there and is no more.
    case catalogueLost(store: String)
    /// A file that a service has to leave behind.
    case cannotWrite(path: String)
    /// The file of keys was there and is no more, or has none.
    case stateLost(path: String)
    /// A change cannot be written down in the audit log, so it is not made.
    case cannotAudit
    /// The catalogue that comes with the program is not where it should be.
    case noCatalogue(tried: String)
    /// A variable of the environment that cannot be understood. Its value may be secret.
    case badVariable(name: String, allowed: String)

    public var code: String {
        switch self {
        case .stopping: "stopping"
        case .notReady: "not-ready"
        case .catalogueLost: "catalogue-lost"
        case .cannotWrite: "cannot-write"
        case .stateLost: "state-lost"
        case .cannotAudit: "cannot-audit"
        case .noCatalogue: "no-catalogue"
        case .badVariable: "bad-variable"
        }
    }

    public var message: String {
        switch self {
        case .stopping: "The service is stopping."
        case .notReady(let service, let reason): "The service '\(service)' is not ready: \(reason)."
        case .catalogueLost(let store): "The store '\(store)' has no table of films any more."
        case .cannotWrite(let path): "Cannot write '\(path)'."
        case .stateLost(let path): "'\(path)' has no keys any more."
        case .cannotAudit: "The change was not made: it cannot be recorded."
        case .noCatalogue(let tried): "The demo catalogue \(tried) is neither here nor beside the program."
        case .badVariable(let name, let allowed): "The variable \(name) must be \(allowed)."
        }
    }

    public var advice: String {
        switch self {
        case .stopping: "Try again elsewhere or later."
        case .notReady: "It goes on trying; its log has the details."
        case .catalogueLost: "Restore it, or start the service with another --store."
        case .cannotWrite: "Check that its folder exists, and the permissions and free space there."
        case .stateLost: "Restore it, or start the server anew."
        case .cannotAudit: "Try again; its operator's log says why."
        case .noCatalogue: "Run this in the folder of the repository, or name a catalogue with --catalog FILE."
        case .badVariable: "Correct it, or take it out of the environment."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .stopping, .notReady, .cannotAudit: .unavailable
        case .catalogueLost, .stateLost, .noCatalogue: .notFound
        case .cannotWrite, .badVariable: .usage
        }
    }

    public var status: Int? { nil }
    public var parameter: String? { nil }
}
