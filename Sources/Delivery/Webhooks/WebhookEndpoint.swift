internal import Domain
internal import Foundation
internal import HTTPClient
internal import Operations

/// Where webhooks go, and what they are signed with.
public struct WebhookEndpoint: Sendable {
    /// The whole address. Its path may be secret, as it is with many chat services.
    public let url: String
    /// Scheme, host and port: what may be named.
    public let server: String
    /// Whether its host is an address of this network or machine, written out.
    private let isPrivate: Bool
    let secrets: [WebhookSecret]
    let allowsPrivateTargets: Bool

    /// - Parameters:
    ///   - secrets: each signs, so that a receiver may know any one of them while they rotate.
    ///   - allowsPrivateTargets: whether it may be in this network or on this machine, and behind the proxy of the
    ///     environment.
    /// - Throws: ``DeliveryError/badEndpoint(reason:)``.
    public init(
        url: String, secrets: [WebhookSecret], allowsPrivateTargets: Bool = false
    ) throws(DeliveryError) {
        let scheme = url.prefix { $0 != ":" }.lowercased()
        let rest = url.dropFirst(scheme.count)
        let authority = rest.dropFirst(3).prefix { !"/?#".contains($0) }
        guard ["http", "https"].contains(scheme), rest.hasPrefix("://"), !authority.isEmpty else {
            throw .badEndpoint(reason: "its address does not begin with https:// or http:// and a host")
        }
        guard !authority.contains("@") else {
            throw .badEndpoint(reason: "its address holds credentials; the signature says who sends")
        }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .badEndpoint(reason: "its address holds characters that must be percent-encoded")
        }
        guard !secrets.isEmpty else { throw .badEndpoint(reason: "it has no secret to sign with") }
        self.url = url
        server = "\(scheme)://\(authority.lowercased())"
        isPrivate = PublicAddress.isPrivate(literal: authority.prefixMatch(of: /\[[^\]]*\]|[^:]*/)?.output ?? "")
        self.secrets = secrets
        self.allowsPrivateTargets = allowsPrivateTargets
        // Long paths are secret more often than not; short ones would blot out ordinary text.
        let path = String(rest.dropFirst(3 + authority.count))
        if path.utf8.count >= 16 { Secrets.register(path) }
    }

    /// For what was set by hand: that nothing will ever be sent is said at once, and not by the first message.
    /// - Throws: ``DeliveryError/badEndpoint(reason:)`` for an address that is not public where those are not allowed.
    public func checkIsAllowed() throws(DeliveryError) {
        guard allowsPrivateTargets || !isPrivate else {
            throw .badEndpoint(
                reason: "\(server) is in this network or on this machine; --webhook-allow-private allows it")
        }
    }
}

/// A key that sender and receiver share. Never printed.
public struct WebhookSecret: Sendable, CustomStringConvertible, CustomReflectable {
    let key: [UInt8]
    /// A key of fewer bytes is refused.
    public static let fewestBytes = 16

    /// - Parameter text: taken as it is, in UTF-8.
    init(_ text: String) {
        key = Array(text.utf8)
        Secrets.register(text)
    }

    /// Reads a file of secrets: one a line, the newest first; blank lines and what begins with `#` are skipped.
    /// - Throws: ``DeliveryError``.
    public static func read(fromFile path: String) throws(DeliveryError) -> [WebhookSecret] {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw .unreadableSecrets(path: path, reason: "it is not there, may not be read, or is no text")
        }
        var secrets: [WebhookSecret] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let secret = line.trimmingCharacters(in: .whitespacesAndNewlines)
            if secret.isEmpty || secret.hasPrefix("#") { continue }
            guard secret.utf8.count >= fewestBytes else {
                throw .weakSecret(path: path, line: number + 1, fewestBytes: fewestBytes)
            }
            secrets.append(WebhookSecret(secret))
        }
        guard !secrets.isEmpty else { throw .noSecret(path: path) }
        return secrets
    }

    public var description: String { Secrets.mask }
    /// Without children, so that `dump` and debuggers do not show the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
