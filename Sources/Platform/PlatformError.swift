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

    public var code: String {
        switch self {
        case .stopping: "stopping"
        case .notReady: "not-ready"
        case .catalogueLost: "catalogue-lost"
        case .cannotWrite: "cannot-write"
        case .stateLost: "state-lost"
        case .cannotAudit: "cannot-audit"
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
        }
    }

    public var category: FaultCategory {
        switch self {
        case .stopping, .notReady, .cannotAudit: .unavailable
        case .catalogueLost, .stateLost: .notFound
        case .cannotWrite: .usage
        }
    }

    public var status: Int? { nil }
    public var parameter: String? { nil }
}
