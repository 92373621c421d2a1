public import Domain

/// What can be wrong with where something is to be delivered.
public enum DeliveryError: Fault, Equatable {
    case badEndpoint(reason: String)
    case unreadableSecrets(path: String, reason: String)
    /// A secret so short that it can be found by trying.
    case weakSecret(path: String, line: Int)
    case noSecret(path: String)

    public var code: String {
        switch self {
        case .badEndpoint: "bad-webhook"
        case .unreadableSecrets: "unreadable-file"
        case .weakSecret: "weak-webhook-secret"
        case .noSecret: "no-webhook-secret"
        }
    }

    public var message: String {
        switch self {
        case .badEndpoint(let reason): "Nothing can be sent to this webhook: \(reason)."
        case .unreadableSecrets(let path, let reason): "Cannot read '\(path)': \(reason)."
        case .weakSecret(let path, let line):
            "The secret in line \(line) of '\(path)' is shorter than \(WebhookSecret.fewestBytes) bytes."
        case .noSecret(let path): "'\(path)' holds no secret."
        }
    }

    public var advice: String {
        switch self {
        case .badEndpoint: "Give an address such as https://example.org/hook."
        case .unreadableSecrets: "Check the path and the permissions."
        case .weakSecret, .noSecret:
            "Make one with 'openssl rand -hex 32'; a file holds one a line, the newest first."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .badEndpoint: .usage
        case .unreadableSecrets: .notFound
        case .weakSecret, .noSecret: .badData
        }
    }
}
