/// An error that a person will read: what is wrong, and what to do about it.
///
/// Each room has its own error enum; conforming to `Fault` lets the command line, the REST API and the logs show it
/// without knowing the room. Errors that do not conform are bugs and are shown as internal errors.
public protocol Fault: Error, CustomStringConvertible {
    /// A short, stable name such as `table-not-found`. Bounded vocabulary: safe as a metric label and in problem+json.
    var code: String { get }
    /// One sentence: what is wrong, with the names and numbers that matter.
    var message: String { get }
    /// One sentence: what the reader can do about it. Empty if there is nothing.
    var advice: String { get }
    /// What kind of failure it is: exit code and HTTP status follow from it, and whether trying again makes sense.
    var category: FaultCategory { get }
}

extension Fault {
    public var description: String { advice.isEmpty ? message : "\(message) \(advice)" }
}

/// What kind of failure a ``Fault`` is. The command line turns it into an exit code, REST into a status.
public enum FaultCategory: Sendable {
    /// The caller asked for something that does not exist or does not make sense. Exit 64, HTTP 400.
    case usage
    /// What was asked for is not there. Exit 65, HTTP 404.
    case notFound
    /// Input that was read is malformed or inconsistent. Exit 65, HTTP 400 (from a request) or 500 (from our files).
    case badData
    /// A service, port or resource is not available now; trying again may help. Exit 69, HTTP 503.
    case unavailable
    /// A bug, or a broken invariant. Exit 70, HTTP 500.
    case internalError
    /// The user stopped it. Exit 130.
    case interrupted

    /// Exit status after BSD's `sysexits.h`.
    public var exitCode: Int32 {
        switch self {
        case .usage: 64
        case .notFound, .badData: 65
        case .unavailable: 69
        case .internalError: 70
        case .interrupted: 130
        }
    }
}
