public import Domain

/// A key to the API, as it is kept: all but its secret.
public struct APIKey: Sendable, Equatable {
    /// Eight characters by which the key is told from others; they stand at the beginning of its secret, too.
    public let id: String
    /// What people call it, such as `dashboard`; unique, also among revoked ones.
    public let name: String
    /// SHA-256 of the secret.
    ///
    /// A fast digest is right here, where a password would need a slow one: a secret of 256 random bits cannot be found by
    /// trying, however fast one tries, and the check is on the way of every request.
    public let hash: SHA256Digest
    /// Names of what its holder may do, in order.
    public let scopes: [String]
    /// Requests a second; nil for no limit.
    public let rate: Double?
    public let createdAt: Timestamp
    /// From then on it is no key any more; nil for never.
    public let expiresAt: Timestamp?
    public let revokedAt: Timestamp?

    /// Whether the key opens anything at `time`.
    public func isValid(at time: Timestamp) -> Bool {
        revokedAt == nil && expiresAt.map { time < $0 } ?? true
    }

    /// What a list calls its state at `time`.
    public func state(at time: Timestamp) -> String {
        revokedAt != nil ? "revoked" : isValid(at: time) ? "valid" : "expired"
    }
}

/// The secret that opens the API: `mq_` and the key's id, `_` and 256 random bits, in Crockford's base 32.
public struct APIKeySecret: Sendable {
    /// What a client sends. Shown once, kept nowhere.
    public let text: String
    /// Of its key.
    public let id: String

    /// A new one, from the system's generator.
    public static func random() -> APIKeySecret {
        var generator = SystemRandomNumberGenerator()
        func characters(_ count: Int) -> String {
            String((0..<count).map { _ in letters[Int(generator.next() & 31)] })
        }
        let id = characters(8)
        // 52 characters of 5 bits are 260 bits.
        return APIKeySecret(text: "\(prefix)\(id)_\(characters(52))", id: id)
    }

    /// What a client sent, or nil if it has not the form of a secret.
    public init?(_ text: String) {
        let bytes = text.utf8
        guard bytes.count == 64, text.hasPrefix(Self.prefix), bytes.dropFirst(11).first == UInt8(ascii: "_") else {
            return nil
        }
        self.text = text
        id = String(decoding: bytes.dropFirst(3).prefix(8), as: UTF8.self)
    }

    private init(text: String, id: String) {
        self.text = text
        self.id = id
    }

    /// Its digest, which is kept.
    public var hash: SHA256Digest { Digest.sha256(text) }

    private static let prefix = "mq_"
    private static let letters = Array("0123456789abcdefghjkmnpqrstvwxyz")
}
