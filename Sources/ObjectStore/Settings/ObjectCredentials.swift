internal import Operations

/// What requests are signed with. Never printed: every textual form is masked.
public struct ObjectCredentials: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    let key: String
    let secret: String
    /// Of temporary credentials.
    let token: String?

    /// - Parameters:
    ///   - key: the access key's identifier.
    ///   - token: the session token of temporary credentials.
    public init(key: String, secret: String, token: String? = nil) {
        self.key = key
        self.secret = secret
        self.token = token
        Secrets.register(secret)
        if let token { Secrets.register(token) }
    }

    public var description: String { "***" }
    public var debugDescription: String { description }
    /// Without children, so that `dump` and debuggers do not show the secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
