/// A server that takes mail: where it is, how the connection is protected, and who sends.
public struct MailServer: Sendable, CustomStringConvertible, CustomReflectable {
    /// How the connection is protected.
    public enum Protection: Sendable, Equatable {
        /// TLS from the first byte: `smtps://`, port 465.
        case tls
        /// TLS before anything is said that matters, or no mail at all: `smtp://`, port 587.
        case startTLS
        /// None: for a server on this machine.
        case none
    }

    /// Scheme, host and port: what may be named.
    public let server: String
    let url: String
    public let protection: Protection
    let user: String?
    let password: String?
    let certificateAuthority: String?

    /// - Parameters:
    ///   - url: `smtps://[user@]host[:port]` or `smtp://…`. A path is the name that the server is greeted with; this
    ///     machine's if there is none.
    ///   - user: instead of the one in the address.
    ///   - allowsPlain: whether `smtp://` does without TLS, and sends no password.
    ///   - certificateAuthority: PEM file of authorities to trust instead of the system's.
    /// - Throws: ``MailError/badServer(reason:)``.
    public init(
        _ url: String, user: String? = nil, password: String? = nil, allowsPlain: Bool = false,
        certificateAuthority: String? = nil
    ) throws(MailError) {
        let scheme = url.prefix { $0 != ":" }.lowercased()
        let rest = url.dropFirst(scheme.count)
        guard ["smtp", "smtps"].contains(scheme), rest.hasPrefix("://") else {
            throw .badServer(reason: "the address does not begin with smtps:// or smtp://")
        }
        let authority = rest.dropFirst(3).prefix { !"/?#".contains($0) }
        let path = rest.dropFirst(3 + authority.count)
        let parts = authority.split(separator: "@", omittingEmptySubsequences: false)
        // Of a password that is not encoded any part may look like the host: none of it may be named.
        guard parts.count < 3, !path.contains("@"), parts.count == 1 || !parts[0].contains(":") else {
            throw .badServer(
                reason: "the address holds a password, or a user with an @, / or : that is not percent-encoded")
        }
        guard path.dropFirst().utf8.allSatisfy({ Self.hostBytes.contains($0) }) else {
            throw .badServer(reason: "what the server is to be greeted with, behind the host, is no name")
        }
        let (host, port) = try Self.place(parts[parts.count - 1])
        var named: String?
        if parts.count == 2 {
            named = String(parts[0]).removingPercentEncoding()
            guard named?.isEmpty == false else {
                throw .badServer(reason: "the user in the address is empty, or not percent-encoded as it should be")
            }
        }
        protection = scheme == "smtps" ? .tls : allowsPlain ? .none : .startTLS
        let usual: UInt16 = protection == .tls ? 465 : protection == .startTLS ? 587 : 25
        server = "\(scheme)://\(host.lowercased()):\(port ?? usual)"
        self.url = "\(server)\(path)"
        self.user = user ?? named
        guard self.user?.contains(where: \.isControl) != true, password?.contains(where: \.isControl) != true else {
            throw .badServer(reason: "user or password hold control characters")
        }
        guard password == nil || self.user != nil else { throw .badServer(reason: "there is a password and no user") }
        guard self.user == nil || password != nil else { throw .badServer(reason: "there is a user and no password") }
        guard password == nil || protection != .none else {
            throw .badServer(reason: "a password is only sent over TLS")
        }
        self.password = password
        self.certificateAuthority = certificateAuthority
    }

    /// Host and port of `host`, `host:25` or `[::1]:25`.
    private static func place(_ text: Substring) throws(MailError) -> (host: Substring, port: UInt16?) {
        var host = text.prefix { $0 != ":" }
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw .badServer(reason: "the address names no host") }
            host = text[...end]
        }
        let rest = text[host.endIndex...]
        guard host.utf8.count > (text.hasPrefix("[") ? 2 : 0), host.utf8.allSatisfy({ hostBytes.contains($0) }) else {
            throw .badServer(reason: "the address names no host")
        }
        guard !rest.isEmpty else { return (host, nil) }
        guard rest.first == ":", let port = UInt16(rest.dropFirst()), port > 0 else {
            throw .badServer(reason: "what stands behind the host's colon is no port from 1 to 65535")
        }
        return (host, port)
    }

    private static let hostBytes = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]".utf8)

    public var description: String { server }
    /// Without children, so that `dump` and debuggers do not show the password.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Character {
    fileprivate var isControl: Bool { unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } }
}

extension String {
    /// Nil for what is not encoded right.
    fileprivate func removingPercentEncoding() -> String? {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(code)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
