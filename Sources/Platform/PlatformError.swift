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

    public var code: String {
        switch self {
        case .stopping: "stopping"
        case .notReady: "not-ready"
        case .catalogueLost: "catalogue-lost"
        case .cannotWrite: "cannot-write"
        }
    }

    public var message: String {
        switch self {
        case .stopping: "The service is stopping."
        case .notReady(let service, let reason): "The service '\(service)' is not ready: \(reason)."
        case .catalogueLost(let store): "The store '\(store)' has no table of films any more."
        case .cannotWrite(let path): "Cannot write '\(path)'."
        }
    }

    public var advice: String {
        switch self {
        case .stopping: "Try again elsewhere or later."
        case .notReady: "It goes on trying; its log has the details."
        case .catalogueLost: "Restore it, or start the service with another --store."
        case .cannotWrite: "Check that its folder exists, and the permissions and free space there."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .stopping, .notReady: .unavailable
        case .catalogueLost: .notFound
        case .cannotWrite: .usage
        }
    }

    public var status: Int? { nil }
    public var parameter: String? { nil }
}
