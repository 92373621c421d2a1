import Synchronization

/// Keeps passwords, tokens and keys out of logs and listings.
public enum Secrets {
    private static let values = Mutex<[String]>([])
    private static let words = [
        "password", "passwd", "secret", "token", "apikey", "credential", "privatekey", "keypem",
    ]

    /// Whether a setting or log field of this name holds a secret, such as `kafka.sasl.password` or `api_key`.
    public static func isSecret(name: String) -> Bool {
        let plain = name.lowercased().filter { $0.isLetter }
        return words.contains { plain.contains($0) }
    }

    /// From now on `value` is replaced wherever it would stand in a log line. Values under 4 bytes are not: they would
    /// blot out ordinary text.
    public static func register(_ value: String) {
        guard value.utf8.count >= 4 else { return }
        values.withLock { if !$0.contains(value) { $0.append(value) } }
    }

    /// What stands in place of a secret.
    public static let mask = "******"

    /// `text` with every registered value masked, and the user part of `scheme://user:password@host` too. A plain name
    /// without a password stays where the scheme has users and no tokens: it is no secret, and examples have one.
    public static func masked(_ text: String) -> String {
        var text = text
        for value in values.withLock({ $0 }) where text.contains(value) {
            text.replace(value, with: mask)
        }
        var (shown, rest) = ("", text[...])
        while let scheme = rest.firstRange(of: "://") {
            shown += rest[..<scheme.upperBound]
            let hasUsers = schemesOfUsers.contains { rest[..<scheme.lowerBound].hasSuffix($0) }
            rest = rest[scheme.upperBound...]
            guard let at = endOfUser(in: rest.prefix { !$0.isWhitespace }) else { continue }
            let user = rest[..<at]
            shown += hasUsers && isName(user) ? String(user) : mask
            rest = rest[at...]
        }
        return shown + rest
    }

    /// In others a user without a password may be a token.
    private static let schemesOfUsers = ["postgres", "postgresql", "smtp", "smtps"]

    /// The `@` behind the user part of what stands after `://`; nil if there is no user.
    private static func endOfUser(in address: Substring) -> String.Index? {
        let authority = address.prefix { $0 != "/" }
        if let at = authority.lastIndex(of: "@") { return at }
        // A password with a slash that is not encoded: what follows the colon is no port, and the host comes later.
        guard let colon = authority.firstIndex(of: ":"), authority.first != "[",
            !authority[colon...].dropFirst().allSatisfy(\.isNumber)
        else { return nil }
        return address.lastIndex(of: "@")
    }

    /// Such as people have, and no token.
    private static func isName(_ user: Substring) -> Bool {
        (1...20).contains(user.utf8.count)
            && user.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || "._-".unicodeScalars.contains($0))
            }
    }
}
