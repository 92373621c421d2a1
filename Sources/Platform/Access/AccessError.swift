public import Domain
public import HTTPServer

/// Why somebody is not let in.
public enum AccessError: RequestFault, Equatable {
    /// The request has no key.
    case keyMissing
    /// It has more than one, and they differ.
    case severalKeys
    /// The key was never made, or its secret is another one.
    case keyUnknown
    case keyExpired
    case keyRevoked
    /// The key does not have the scope that the route needs.
    case scopeMissing(key: String, scope: String)
    /// The key has used up what it may ask for.
    case tooManyRequests(key: String, seconds: Int64)
    /// Listening for other machines, without a key that one could ask for.
    case keysNeeded(host: String)

    public var code: String {
        switch self {
        case .keyMissing: "key-missing"
        case .severalKeys: "several-keys"
        case .keyUnknown: "key-unknown"
        case .keyExpired: "key-expired"
        case .keyRevoked: "key-revoked"
        case .scopeMissing: "scope-missing"
        case .tooManyRequests: "too-many-requests"
        case .keysNeeded: "keys-needed"
        }
    }

    public var message: String {
        switch self {
        case .keyMissing: "This needs a key."
        case .severalKeys: "The request has several keys."
        case .keyUnknown: "The key is not one of this service."
        case .keyExpired: "The key has expired."
        case .keyRevoked: "The key was revoked."
        case .scopeMissing(let key, let scope): "This needs the scope '\(scope)', which the key '\(key)' does not have."
        case .tooManyRequests(let key, _): "The key '\(key)' has used up its rate."
        case .keysNeeded(let host): "Nothing would be asked of whoever reaches this on \(host): there is no key."
        }
    }

    public var advice: String {
        switch self {
        case .keyMissing, .severalKeys: "Send one as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'."
        case .keyUnknown, .keyExpired, .keyRevoked, .scopeMissing: "Ask the operator for one."
        case .tooManyRequests(_, let seconds): "Wait \(seconds) s."
        case .keysNeeded:
            "Make one with 'marquee keys create NAME --scopes read', listen on 127.0.0.1, or give --insecure-dev."
        }
    }

    public var category: FaultCategory { .usage }

    public var status: Int? {
        switch self {
        case .keyMissing, .severalKeys, .keyUnknown, .keyExpired, .keyRevoked: 401
        case .scopeMissing: 403
        case .tooManyRequests: 429
        case .keysNeeded: nil
        }
    }

    public var parameter: String? { nil }

    /// What RFC 6750, 3 and RFC 9110, 10.2.3 want beside the body.
    var fields: [(name: String, value: String)] {
        let challenge = "Bearer realm=\"marquee\""
        switch self {
        case .keyMissing: return [("WWW-Authenticate", challenge)]
        case .severalKeys: return [("WWW-Authenticate", challenge + ", error=\"invalid_request\"")]
        case .keyUnknown, .keyExpired, .keyRevoked:
            return [("WWW-Authenticate", challenge + ", error=\"invalid_token\"")]
        case .scopeMissing(_, let scope):
            return [("WWW-Authenticate", challenge + ", error=\"insufficient_scope\", scope=\"\(scope)\"")]
        case .tooManyRequests(_, let seconds): return [("Retry-After", "\(seconds)")]
        case .keysNeeded: return []
        }
    }

    func response(requestID: String) -> HTTPResponse {
        var problem = HTTPProblem(self)
        problem.headers += fields
        return problem.response(requestID: requestID)
    }
}
