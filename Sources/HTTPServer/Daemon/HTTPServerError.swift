public import Domain

/// Why a server cannot start.
public enum HTTPServerError: Fault, Equatable {
    /// Another process (or this one) listens there already.
    case portInUse(host: String, port: Int)
    /// The port is below 1024 and this user may not open it.
    case portForbidden(host: String, port: Int)
    case portOutOfRange(Int)
    /// The host is not a name or address of this machine.
    case hostUnknown(String, reason: String)
    case cannotListen(host: String, port: Int, reason: String)
    /// libmicrohttpd refused, usually for want of memory, threads or file descriptors.
    case cannotStart(reason: String)
    case alreadyStarted
    /// A file of TLS cannot be read, or holds something else.
    case badTLSFile(path: String, reason: String)
    /// The key is not the one of the certificate.
    case certificateMismatch(certificate: String, key: String)
    /// `at` says when it begins or has expired.
    case certificateOutOfTime(path: String, at: String)

    public var code: String {
        switch self {
        case .portInUse: "port-in-use"
        case .portForbidden: "port-forbidden"
        case .portOutOfRange: "port-out-of-range"
        case .hostUnknown: "host-unknown"
        case .cannotListen: "cannot-listen"
        case .cannotStart: "server-cannot-start"
        case .alreadyStarted: "server-already-started"
        case .badTLSFile: "bad-tls-file"
        case .certificateMismatch: "certificate-mismatch"
        case .certificateOutOfTime: "certificate-out-of-time"
        }
    }

    public var message: String {
        switch self {
        case .portInUse(let host, let port): "Port \(port) on \(host) is in use."
        case .portForbidden(let host, let port): "Port \(port) on \(host) may not be opened by this user."
        case .portOutOfRange(let port): "There is no port \(port)."
        case .hostUnknown(let host, let reason): "Cannot listen on \(host): \(reason)."
        case .cannotListen(let host, let port, let reason): "Cannot listen on \(host) port \(port): \(reason)."
        case .cannotStart(let reason): "The HTTP server cannot start: \(reason)."
        case .alreadyStarted: "This HTTP server was started before."
        case .badTLSFile(let path, let reason): "Cannot use '\(path)' for TLS: \(reason)."
        case .certificateMismatch(let certificate, let key): "The key '\(key)' is not that of '\(certificate)'."
        case .certificateOutOfTime(let path, let at): "A certificate in '\(path)' \(at)."
        }
    }

    public var advice: String {
        switch self {
        case .portInUse:
            "Stop the program that holds it, or choose another with --port or --metrics-port; 0 is any free one."
        case .portForbidden: "Choose a port above 1023 with --port."
        case .portOutOfRange: "Choose one of 1 to 65535 with --port, or 0 for a free one."
        case .hostUnknown, .cannotListen: "Give an address of this machine, such as 127.0.0.1 or 0.0.0.0."
        case .cannotStart: "Look at the limits on threads, memory and open files (ulimit -a)."
        case .alreadyStarted: ""
        case .badTLSFile:
            "Give a chain of certificates with --tls-cert and its key, without a password, with --tls-key: PEM."
        case .certificateMismatch: "Give the key that the certificate was made for."
        case .certificateOutOfTime: "Renew it, and look at the clock of this machine."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .portOutOfRange, .hostUnknown: .usage
        case .badTLSFile, .certificateMismatch, .certificateOutOfTime: .badData
        case .portInUse, .portForbidden, .cannotListen, .cannotStart: .unavailable
        case .alreadyStarted: .internalError
        }
    }
}
