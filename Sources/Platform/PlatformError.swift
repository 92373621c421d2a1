public import Domain
public import HTTPServer

/// Why a service of this process cannot do what it is for.
public enum PlatformError: RequestFault, Equatable {
    /// The process is about to end.
    case stopping
    /// A service of the process says that it cannot work just now, and why.
    case notReady(service: String, reason: String)
    /// A file that a service has to leave behind.
    case cannotWrite(path: String)

    public var code: String {
        switch self {
        case .stopping: "stopping"
        case .notReady: "not-ready"
        case .cannotWrite: "cannot-write"
        }
    }

    public var message: String {
        switch self {
        case .stopping: "The service is stopping."
        case .notReady(let service, let reason): "The service '\(service)' is not ready: \(reason)."
        case .cannotWrite(let path): "Cannot write '\(path)'."
        }
    }

    public var advice: String {
        switch self {
        case .stopping: "Try again elsewhere or later."
        case .notReady: "It goes on trying; its log has the details."
        case .cannotWrite: "Check that its folder exists, and the permissions and free space there."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .stopping, .notReady: .unavailable
        case .cannotWrite: .usage
        }
    }

    public var status: Int? { nil }
    public var parameter: String? { nil }
}
